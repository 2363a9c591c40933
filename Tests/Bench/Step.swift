import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import TestSupport

/// One thing that is measured, in a process of its own, so that its memory and its processor time are its own.
enum Step: String, CaseIterable {
    /// One event a commit, one writer after another.
    case one
    /// 64 writers at the same time, on one chart.
    case groupOnOne = "group-1"
    /// 64 writers at the same time, each on a chart of its own.
    case groupOnMany = "group-64"
    /// A thousand events a commit, over all charts in turn.
    case thousand
    /// Every byte of the log read and checked.
    case verify
    /// Every projection derived anew.
    case rebuild
    /// The largest chart read, and seen as the author of its last event did.
    case replay
    /// The events of the log into a file of lines. Not measured.
    case export

    static let writers = 64
    static let eventsPerChart = 500

    func run(in folder: String, events: Int) async throws -> Measured {
        switch self {
        case .one: try await appending(in: folder, charts: 16) { bench, log in try await bench.one(log, events) }
        case .groupOnOne: try await appending(in: folder, charts: 1) { bench, log in try await bench.group(log, events) }
        case .groupOnMany:
            try await appending(in: folder, charts: Self.writers) { bench, log in try await bench.group(log, events) }
        case .thousand:
            try await appending(in: folder, charts: max(1, events / Self.eventsPerChart)) { bench, log in
                try await bench.thousand(log, events)
            }
        case .verify: try await verify(folder)
        case .rebuild: try await rebuild(folder)
        case .replay: try await replay(folder)
        case .export: try await export(folder)
        }
    }

    private func appending(
        in folder: String, charts: Int, _ body: (Workload, LogStore) async throws -> Measured
    ) async throws -> Measured {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = try LogStore(configuration(folder))
        let workload = try await Workload(log, charts: charts)
        var measured = try await body(workload, log)
        measured.synchronous = try log.synchronousSetting()
        guard measured.synchronous == 2 else { throw BenchError("synchronous is \(measured.synchronous ?? -1), not 2 (FULL)") }
        return measured
    }

    private func verify(_ folder: String) async throws -> Measured {
        try await Measured.taking { watch in
            let report = try await watch.time {
                try await LogVerifier.closed(configuration(folder)) { await $0.verify(isQuick: true) }
            }
            guard report.count == 0 else {
                throw BenchError("the check of \(folder) found \(report.count) things that are wrong")
            }
            return report.events
        }
    }

    private func rebuild(_ folder: String) async throws -> Measured {
        let log = try LogStore(configuration(folder))
        let events = try await log.charts().reduce(0) { $0 + $1.events }
        return try await Measured.taking { watch in
            let differences = try await watch.time { try await log.rebuild() }
            guard differences.isEmpty else { throw BenchError("\(differences.count) projections were not what the events say") }
            return events
        }
    }

    private func replay(_ folder: String) async throws -> Measured {
        let log = try LogStore(configuration(folder))
        guard let largest = try await log.charts().max(by: { $0.events < $1.events }) else { throw BenchError("no chart") }
        return try await Measured.taking { watch in
            let replay = try await watch.time {
                guard let record = try await log.record(of: largest.chart), let last = record.graph.nodes.last else {
                    throw BenchError("the chart is not there")
                }
                let seen = try record.selection(seenBy: last.hash)
                return Replay(record, seen, question: "as seen by the last author", arrivals: [], node: log.node)
            }
            guard replay.record.timeline.entries.count == largest.events - 1, replay.later == 0 else {
                throw BenchError("the replay is not whole")
            }
            return largest.events
        }
    }

    private func export(_ folder: String) async throws -> Measured {
        let log = try LogStore(configuration(folder))
        var lines = Data()
        let rows = try await log.rows(from: 0)
        for (event, _) in rows {
            guard let body = event.bodyLine else { throw BenchError("a body is absent") }
            lines.append(contentsOf: event.line + [0x0A] + body.line + [0x0A])
        }
        try lines.write(to: URL(filePath: folder + "/lines"))
        return Measured(events: rows.count, seconds: 1, cpu: 0, peakKiB: 0)
    }
}

/// Why a measurement does not count.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One key for all that is sealed and signed here: nothing in it is anybody's.
func configuration(_ folder: String) -> LogStore.Configuration {
    LogStore.Configuration(
        path: folder + "/log.sqlite", key: Writer.key(from: Array(1...32)),
        sealer: Sealer(key: SymmetricKey(data: Array(1...32))),
        clock: { Timestamp(milliseconds: Int(Date().timeIntervalSince1970 * 1000)) }, random: { UInt64.random(in: .min ... .max) }
    )
}
