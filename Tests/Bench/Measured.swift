import Foundation
import Histogram

/// What a step cost, as its process says.
struct Measured: Codable {
    /// Events that it wrote or read.
    var events: Int
    /// Wall time.
    var seconds: Double
    /// Time of all processors together, in seconds.
    var cpu: Double
    /// The most memory that the process held, in KiB.
    var peakKiB: Int
    /// `PRAGMA synchronous` as read back from the connection that wrote: 2 is FULL. Nil where nothing was written.
    var synchronous: Int?
    /// How long one commit took from its call to its answer, in microseconds.
    var median: UInt64?
    /// The same, of one in a hundred the fastest.
    var percentile99: UInt64?

    var rate: Double { Double(events) / seconds }
    var ratePerCore: Double { Double(events) / max(cpu, 0.001) }

    /// Measures what `body` does, which answers how many events it dealt with.
    static func taking(_ body: (inout Histogram<UInt64>) async throws -> Int) async rethrows -> Measured {
        var latencies = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        let (began, used) = (ContinuousClock.now, clock())
        let events = try await body(&latencies)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let hasLatencies = latencies.totalCount > 0
        return Measured(
            events: events, seconds: seconds, cpu: Double(clock() - used) / Double(CLOCKS_PER_SEC), peakKiB: peakMemory(),
            median: hasLatencies ? latencies.valueAtPercentile(50) : nil,
            percentile99: hasLatencies ? latencies.valueAtPercentile(99) : nil)
    }
}

/// The most memory that this process has held, in KiB.
func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
}

/// Microseconds since `start`.
func microseconds(since start: ContinuousClock.Instant) -> UInt64 { UInt64((ContinuousClock.now - start) / .microseconds(1)) }
