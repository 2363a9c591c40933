/// How long to wait before the next attempt: from 0.2 s, doubled with each failure, up to 30 s.
struct Backoff: Hashable, Sendable {
    private static let first = 200
    private static let longest = 30_000
    private var failures = 0

    /// Milliseconds to wait after one more failure. `random` is from 0 to 1: up to a quarter is left out, so that nodes that lost
    /// each other at the same moment do not keep step.
    mutating func next(random: Double) -> Int {
        let whole = min(Self.longest, Self.first << min(failures, 8))
        failures += 1
        return whole - Int(Double(whole) / 4 * min(max(random, 0), 1))
    }

    /// After a success the first failure waits shortly again.
    mutating func reset() { failures = 0 }
}
