/// Counts of the last ten seconds, a second each: how fast something goes now, not on average since the beginning.
public struct RateWindow: Hashable, Sendable {
    /// Seconds that it looks back.
    public static let seconds = 10
    private var bins = Array(repeating: 0, count: seconds)
    private var last: Int?
    private var first: Int?

    /// Nothing counted yet.
    public init() {}

    /// Counts `count` more at a moment of a clock that never goes back, in milliseconds.
    public mutating func add(_ count: Int, at milliseconds: Int) {
        let second = milliseconds / 1000
        clear(upTo: second)
        bins[second % Self.seconds] += count
        first = first ?? second
    }

    /// How many a second, over as much of the window as has passed since the first.
    public func perSecond(at milliseconds: Int) -> Double {
        guard let first else { return 0 }
        var window = self
        let second = milliseconds / 1000
        window.clear(upTo: second)
        return Double(window.bins.reduce(0, +)) / Double(min(Self.seconds, max(1, second - first + 1)))
    }

    private mutating func clear(upTo second: Int) {
        let from = max((last ?? second) + 1, second - Self.seconds + 1)
        if from <= second { for passed in from...second { bins[passed % Self.seconds] = 0 } }
        last = max(last ?? second, second)
    }
}
