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
    /// Of the process at the other end of a connection.
    var senderCpu: Double?
    /// Of the process at the other end of a connection.
    var senderPeakKiB: Int?
    /// Bytes that came over a connection, with all that TLS adds.
    var wireBytes: Int?

    var rate: Double { Double(events) / seconds }
    var ratePerCore: Double { Double(events) / max(cpu, 0.001) }

    /// Measures what `body` has the watch time, and answers how many events it dealt with. What it makes ready before is not measured.
    static func taking(_ body: (inout Watch) async throws -> Int) async rethrows -> Measured {
        var watch = Watch()
        let events = try await body(&watch)
        let hasLatencies = watch.latencies.totalCount > 0
        return Measured(
            events: events, seconds: watch.seconds, cpu: watch.cpu, peakKiB: peakMemory(),
            median: hasLatencies ? watch.latencies.valueAtPercentile(50) : nil,
            percentile99: hasLatencies ? watch.latencies.valueAtPercentile(99) : nil)
    }
}

/// Adds up what is timed.
struct Watch {
    /// How long single commits took, in microseconds.
    var latencies = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
    private(set) var seconds = 0.0
    private(set) var cpu = 0.0

    /// Times what `body` does.
    mutating func time<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        // The processor's clock is a call to the kernel, as long as some of what is timed.
        let used = clock()
        let began = ContinuousClock.now
        let value = try await body()
        seconds += (ContinuousClock.now - began) / .seconds(1)
        cpu += Double(clock() - used) / Double(CLOCKS_PER_SEC)
        return value
    }

    /// Times a commit, which counts as one of the latencies.
    mutating func commit<Value>(_ body: () async throws -> Value) async rethrows {
        let before = seconds
        _ = try await time(body)
        latencies.record(UInt64((seconds - before) * 1e6))
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
