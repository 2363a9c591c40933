public import CareModel
public import EventLog
import Foundation
import GRDB
import Glibc

/// What a check of the whole log found.
public struct VerificationReport: Codable, Hashable, Sendable {
    /// True when projections were not derived anew, and the database's own structure was not looked at.
    public var isQuick: Bool
    /// When it began.
    public var began: Timestamp
    /// When it ended.
    public var ended: Timestamp
    /// Each chart.
    public var charts: [ChartFindings]
    /// What is not of one chart: the arrival log, the database.
    public var log: [Finding]
    /// Commits in the arrival log.
    public var commits: Int

    /// Findings in all.
    public var count: Int { log.count + charts.reduce(0) { $0 + $1.count } }
    /// Events that were read.
    public var events: Int { charts.reduce(0) { $0 + $1.events } }
    /// Bytes of their lines.
    public var bytes: Int { charts.reduce(0) { $0 + $1.bytes } }
}

/// Re-reads a log: every byte of every row that it claims anything of. It believes nothing that was stored beside the lines, uses
/// nothing that the writer keeps in memory, and holds a few charts at a time.
public struct LogVerifier: Sendable {
    /// Groups of charts that are read at once, where nothing else is said.
    static let width = min(4, Cores.count)
    /// Events that are held at once, unless a single chart has more: each takes 0.9 KiB. The fewer, the more often the log is read.
    static let eventsHeld = 65_536

    let reader: any DatabaseReader
    let sealer: Sealer
    let token: EpochToken
    let node: NodeID
    let clock: @Sendable () -> Timestamp
    /// Groups of charts that are checked at once.
    public var width = Self.width
    /// Waited after each chart, to leave the disk to others; nil for none.
    public var pause: (@Sendable (ChartFindings) async -> Void)?

    /// Checks everything.
    ///
    /// - Parameters:
    ///   - isQuick: leaves out the rebuild of projections and SQLite's own check.
    ///   - progress: told how many events of how many were read.
    public func verify(isQuick: Bool, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) async -> VerificationReport
    {
        var report = VerificationReport(
            isQuick: isQuick, began: clock(), ended: clock(), charts: [], log: [], commits: 0)
        do {
            let (charts, counts) = try await reader.read { db in
                let rows = try Row.fetchCursor(db, sql: "SELECT id, hash FROM chart ORDER BY id")
                var known: [(Int64, ChartID)] = []
                while let row = try rows.next() {
                    guard let id = row.number("id"), let hash = row.hash("hash") else {
                        throw LogStoreError(.damaged, "a chart without an id")
                    }
                    known.append((id, hash))
                }
                return (known, try ChartGroups.events(db))
            }
            let total = counts.values.reduce(0, +)
            // Where others are to have the disk meanwhile, a pause comes after each chart.
            let groups = ChartGroups.of(
                charts, events: { counts[$0.0] ?? 0 }, held: pause == nil ? Self.eventsHeld : 0, width: width)
            let arrivalLog = ArrivalVerifier(reader: reader, token: token)
            let arrival: ArrivalVerifier.Outcome
            if pause == nil, width > 1 {
                async let checked = arrivalLog.verify()
                report.charts = await verify(groups, isQuick: isQuick) { progress($0, total) }
                arrival = try await checked
            } else {
                report.charts = await verify(groups, isQuick: isQuick) { progress($0, total) }
                arrival = try await arrivalLog.verify()
            }
            report.commits = arrival.commits
            report.log = arrival.findings
            if !isQuick { report.log += try await checkDatabase() }
        } catch {
            report.log.append(Finding(.database, "the database cannot be read: \(error)"))
        }
        report.ended = clock()
        return report
    }

    private func verify(
        _ groups: [[(Int64, ChartID)]], isQuick: Bool, progress: @escaping @Sendable (Int) -> Void
    ) async -> [ChartFindings] {
        var found = groups.map { $0.map { ChartFindings(chart: $0.1) } }
        var events = 0
        await withTaskGroup(of: (Int, [ChartFindings]).self) { tasks in
            var next = 0
            func begin() {
                guard next < groups.count, !Task.isCancelled else { return }
                let (index, charts) = (next, groups[next])
                next += 1
                tasks.addTask {
                    let findings = await verify(charts, isQuick: isQuick)
                    for chart in findings { await pause?(chart) }
                    return (index, findings)
                }
            }
            for _ in 0..<(pause == nil ? width : 1) { begin() }
            for await (index, findings) in tasks {
                found[index] = findings
                events += findings.reduce(0) { $0 + $1.events }
                progress(events)
                begin()
            }
        }
        return found.flatMap { $0 }
    }

    private func verify(_ charts: [(Int64, ChartID)], isQuick: Bool) async -> [ChartFindings] {
        do {
            return try await reader.read { db in
                try ChartRowsVerifier.verify(
                    charts.map { (id: $0.0, chart: $0.1) }, node: node, sealer: sealer, db, isQuick: isQuick,
                    byChain: pause != nil)
            }
        } catch {
            guard charts.count == 1, let chart = charts.first?.1 else {
                // One that cannot be read does not keep the others from being checked.
                var findings: [ChartFindings] = []
                for chart in charts { findings += await verify([chart], isQuick: isQuick) }
                return findings
            }
            var findings = ChartFindings(chart: chart)
            findings.add(Finding(.database, "the rows of this chart cannot be read: \(error)", chart: chart))
            return [findings]
        }
    }

    private func checkDatabase() async throws -> [Finding] {
        try await reader.read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
                .map { Finding(.database, "SQLite's own check: \($0)") }
        }
    }
}

extension LogStore {
    /// Checks this log while it is open.
    public var verifier: LogVerifier {
        LogVerifier(
            reader: pool, sealer: configuration.sealer, token: token, node: node, clock: configuration.clock, pause: nil)
    }
}

extension LogVerifier {
    /// Opens a log that no daemon has open, for reading only, and keeps daemons away from it meanwhile.
    ///
    /// - Throws: ``LogStoreError`` when a daemon has it open, or when it is no log.
    public static func closed<Value>(
        _ configuration: LogStore.Configuration, _ body: (LogVerifier) async throws -> Value
    ) async throws -> Value {
        let lock = try ProcessLock(path: configuration.path + ".lock")
        defer { withExtendedLifetime(lock) {} }
        var settings = GRDB.Configuration()
        settings.readonly = true
        settings.maximumReaderCount = width
        let copy = configuration.path + ".check"
        defer { for end in ["", "-wal", "-shm"] { unlink(copy + end) } }
        let pool: DatabasePool
        do {
            let given = try DatabasePool(path: configuration.path, configuration: settings)
            pool = try await Schema.isPresent(given) ? given : migrated(given, to: copy)
        } catch {
            throw LogStoreError(.io, "cannot open \(configuration.path): \(error)")
        }
        return try await body(
            LogVerifier(
                reader: pool, sealer: configuration.sealer, token: EpochToken(beside: configuration.path),
                node: configuration.key.node, clock: configuration.clock, pause: nil))
    }

    /// A log that an earlier version wrote (a backup of it) is checked as it will be once it is migrated; it stays as it is.
    private static func migrated(_ log: DatabasePool, to path: String) async throws -> DatabasePool {
        let copy = try DatabaseQueue(path: path)
        try log.backup(to: copy)
        try Schema.migrate(copy)
        try copy.close()
        return try DatabasePool(path: path)
    }
}
