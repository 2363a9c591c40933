import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import TestSupport

@testable import DuologNode

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
    /// The same, one chart after another.
    case verifyAlone = "verify-1"
    /// Every projection derived anew.
    case rebuild
    /// The largest chart read, and seen as the author of its last event did.
    case replay
    /// The events of the log into a file of lines. Not measured.
    case export
    /// Four nodes or more, of which the first shares a history with the others. Not measured.
    case shared
    /// Everything that a node received looked at once more: bytes, chains, signatures, projections, disputes. Not measured.
    case received

    static let writers = 64
    static let eventsPerChart = 500

    /// Who has the history, and who is to have it.
    static func practices(_ count: Int = 4) -> [String] { "abcdefgh".prefix(count).map { String($0) } }

    /// - Parameters:
    ///   - charts: nil for as many as there are of ``eventsPerChart`` events.
    ///   - nodes: that share a history, the first included.
    func run(in folder: String, events: Int, charts: Int? = nil, nodes: Int? = nil) async throws -> Measured {
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
        case .verifyAlone: try await verify(folder, width: 1)
        case .rebuild: try await rebuild(folder)
        case .replay: try await replay(folder)
        case .export: try await export(folder)
        case .shared: try await share(folder, events, charts: charts ?? max(2, events / Self.eventsPerChart), nodes ?? 4)
        case .received: try await received(folder, disputed: charts ?? 0)
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

    private func verify(_ folder: String, width: Int? = nil) async throws -> Measured {
        try await Measured.taking { watch in
            let report = try await watch.time {
                try await LogVerifier.closed(configuration(folder)) { verifier in
                    var verifier = verifier
                    verifier.width = width ?? verifier.width
                    return await verifier.verify(isQuick: true)
                }
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

    private func share(_ folder: String, _ events: Int, charts: Int, _ nodes: Int) async throws -> Measured {
        let keys = try Self.practices(nodes).map { name in
            let place = "\(folder)/\(name)"
            return try StateFolder(path: place).create(storeKeyFile: place + "/store.key", fictional: true)
        }
        let log = try LogStore(configuration(folder + "/a"))
        let workload = try await Workload(log, charts: charts, sharedWith: Array(keys.dropFirst()))
        try await workload.history(log, events)
        let written = try await log.charts().reduce(0) { $0 + $1.events }
        return Measured(events: written, seconds: 1, cpu: 0, peakKiB: 0)
    }

    private func received(_ folder: String, disputed: Int) async throws -> Measured {
        let report = try await LogVerifier.closed(configuration(folder)) { await $0.verify(isQuick: false) }
        guard report.count == 0 else { throw BenchError("what \(folder) received has \(report.count) things that are wrong") }
        let log = try LogStore(configuration(folder))
        let charts = try await log.charts()
        for entry in charts.prefix(disputed) {
            let disputes = try await log.stored(ConflictsView.self, of: entry.chart)?.disputes.count
            guard disputes == Workload.disputes else { throw BenchError("\(disputes ?? 0) disputes were found in a chart") }
        }
        return Measured(events: charts.reduce(0) { $0 + $1.events }, seconds: 1, cpu: 0, peakKiB: 0)
    }
}

/// Why a measurement does not count.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The log of a node's folder; of any other, one with a key that is nobody's.
func configuration(_ folder: String) throws -> LogStore.Configuration {
    let isNode = FileManager.default.fileExists(atPath: folder + "/node.key")
    return LogStore.Configuration(
        path: folder + "/log.sqlite",
        key: isNode ? try StateFolder(path: folder).nodeKey() : Writer.key(from: Array(1...32)),
        sealer: isNode ? try StateFolder.sealer(folder + "/store.key") : Sealer(key: SymmetricKey(data: Array(1...32))),
        clock: { Timestamp(milliseconds: Int(Date().timeIntervalSince1970 * 1000)) }, random: { UInt64.random(in: .min ... .max) }
    )
}
