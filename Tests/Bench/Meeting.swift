import Foundation
import Histogram

/// Two or more nodes that share what one of them has, each in a process of its own.
struct Meeting {
    let folder: String
    /// The one that has the history.
    let first: Child
    /// Events that it shares.
    let events: Int

    /// Starts the node that has the history in `folder`.
    init(_ folder: String, events: Int) throws {
        self.folder = folder
        self.events = events
        first = try Child(folder + "/a")
    }

    /// Starts another one, which has nothing.
    func join(_ name: String) throws -> Child {
        let child = try Child("\(folder)/\(name)")
        try first.ask(.pair, child.key)
        return child
    }

    /// Lets a node fetch everything: from the moment it dials until all is stored, checked and derived from.
    func catchUp(_ other: Child) throws -> Measured {
        Bench.restDisk()
        let (before, senderBefore) = (try other.ask(.usage), try first.ask(.usage))
        let began = try other.ask(.pair, first.key, first.address).began ?? 0
        let end = try other.ask(.settle, first.key)
        let sender = try first.ask(.usage)
        return Measured(
            events: events, seconds: Double((end.ended ?? 0) - began) / 1e9, cpu: (end.cpu ?? 0) - (before.cpu ?? 0),
            peakKiB: end.peakKiB ?? 0, synchronous: other.start.synchronous,
            senderCpu: (sender.cpu ?? 0) - (senderBefore.cpu ?? 0), senderPeakKiB: sender.peakKiB,
            wireBytes: (end.received ?? 0) - (before.received ?? 0))
    }

    /// How long events take from the moment somebody records them here until they can be read there, how long they take to be durable here, and
    /// how long the floor takes for one commit in between.
    struct Live {
        var arrival = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        var commit = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

        var floor = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

        /// Microseconds, at the median.
        var medians: (arrival: UInt64, commit: UInt64) { (arrival.valueAtPercentile(50), commit.valueAtPercentile(50)) }

        /// One event until it arrived, at the median of all.
        var measured: Measured { Self.one(arrival) }
        /// The same until it was durable where it was written.
        var ownCommit: Measured { Self.one(commit) }
        /// One commit of the floor's.
        var floorCommit: Measured { Self.one(floor) }

        private static func one(_ histogram: Histogram<UInt64>) -> Measured {
            let median = histogram.valueAtPercentile(50)
            return Measured(
                events: 1, seconds: Double(max(1, median)) / 1e6, cpu: 0, peakKiB: 0, synchronous: 2, median: median,
                percentile99: histogram.valueAtPercentile(99))
        }
    }

    /// Between two events, and before each commit of the floor's: whoever records something has not recorded anything a moment ago. All sides wake
    /// up for it, and whatever the last one has brought about is done.
    private static let pause = 0.002

    /// Writes events one after another, and waits for each until the last of the others can read it.
    ///
    /// - Parameters:
    ///   - command: ``NodeProcess/Command/record`` or ``NodeProcess/Command/late``.
    ///   - floor: asked for a commit in front of each event.
    ///   - load: asked to fetch everything meanwhile; events that were written after that was done are not counted.
    func live(
        _ others: [Child], _ count: Int, _ command: NodeProcess.Command = .record, floor: Child? = nil, beside load: Child? = nil
    ) throws -> Live {
        try first.tell(command, "0")
        let last = try first.ask(.recorded)
        guard let chart = last.chart, var seq = last.seq else { throw BenchError("nothing was written") }
        for other in others { try other.ask(.await, chart, "\(seq)", first.key) }
        if let load {
            try load.ask(.pair, first.key, first.address)
            try load.tell(.settle, first.key)
        }
        var taken: [(began: UInt64, durable: UInt64, readable: UInt64, floor: UInt64)] = []
        for _ in 0..<count {
            seq += 1
            // Long before it is written: what is measured is not how somebody begins to listen.
            for other in others { try other.tell(.await, chart, "\(seq)", first.key) }
            Thread.sleep(forTimeInterval: Self.pause)
            let commit = try floor?.askCommit()
            if floor != nil { Thread.sleep(forTimeInterval: Self.pause) }
            try first.tell(command, "0")
            let read = try others.compactMap { try $0.answer().ended }
            let written = try first.ask(.recorded)
            guard let began = written.began, let durable = written.ended, let readable = read.max() else { continue }
            taken.append((began, durable, readable, (commit?.ended ?? 0) - (commit?.began ?? 0)))
        }
        let end = try load?.answer().ended ?? .max
        var live = Live()
        for sample in taken where sample.began < end {
            live.arrival.record((sample.readable - sample.began) / 1000)
            live.commit.record((sample.durable - sample.began) / 1000)
            live.floor.record(sample.floor / 1000)
        }
        guard live.arrival.totalCount > 0 else { throw BenchError("nothing was written while the other one was fetching") }
        return live
    }

    /// Bytes that both sides need to find that there is nothing new.
    func reconnect(_ other: Child) throws -> Int {
        // A root that changed without events for the other side is told within a second: only then does each have the other one's.
        Thread.sleep(forTimeInterval: 1.5)
        try other.ask(.reconnect)
        let end = try other.ask(.step, first.key)
        return (end.sent ?? 0) + (end.received ?? 0)
    }
}
