import CareModel
public import EventLog
import Foundation
import GRDB

/// Projections can always be thrown away: here they are derived anew.
extension LogStore {
    /// A chart whose stored projections are not what its events say.
    public struct RebuildDifference: Sendable {
        /// The chart.
        public var chart: ChartID
        /// The projection.
        public var projection: String
    }

    /// Derives every projection anew from the rows, compares, and stores what differed.
    public func rebuild(_ progress: @Sendable (Int, Int) -> Void = { _, _ in }) async throws
        -> [RebuildDifference]
    {
        let charts = try await pool.read { db in
            let counts = try ChartGroups.events(db)
            return try Row.fetchAll(db, sql: "SELECT id, hash FROM chart ORDER BY id").compactMap { row in
                ChartID(bytes: row["hash"] as Data).map {
                    (id: row["id"] as Int64, chart: $0, events: counts[row["id"]] ?? 0)
                }
            }
        }
        // What memory holds of them is not believed either.
        try await write(weight: 0) { transaction in charts.forEach { transaction.drop($0.id) } }
        let groups = ChartGroups.of(charts, events: \.events, held: LogVerifier.eventsHeld, width: LogVerifier.width).map {
            $0.map { (id: $0.id, chart: $0.chart) }
        }
        return try await withThrowingTaskGroup(
            of: (index: Int, differing: [(id: Int64, chart: ChartID)]).self
        ) { tasks in
            var found = [[RebuildDifference]](repeating: [], count: groups.count)
            var (next, done) = (0, 0)
            func begin() {
                guard next < groups.count else { return }
                let (index, charts) = (next, groups[next])
                next += 1
                tasks.addTask { (index, try await self.differing(charts)) }
            }
            // Read side by side, on all cores: the writer is asked only for what differs.
            for _ in 0..<LogVerifier.width { begin() }
            for try await (index, differing) in tasks {
                begin()
                if !differing.isEmpty {
                    found[index] = try await write { transaction in
                        try differing.flatMap { try transaction.rebuild($0.id, $0.chart) }
                    }
                }
                done += groups[index].count
                progress(done, charts.count)
            }
            return found.flatMap { $0 }
        }
    }

    /// Those of the charts whose stored projections are not what their rows say.
    private func differing(_ charts: [(id: Int64, chart: ChartID)]) async throws -> [(
        id: Int64, chart: ChartID
    )] {
        let loader = RecordLoader(sealer: configuration.sealer)
        return try await pool.read { db in
            let differs = try loader.load(charts.map(\.id), db) { chart, record in
                try !Transaction.differences(chart, Fold(record), db).isEmpty
            }
            return zip(charts, differs).filter(\.1).map(\.0)
        }
    }
}

extension Transaction {
    func rebuild(_ id: Int64, _ chart: ChartID) throws -> [LogStore.RebuildDifference] {
        drop(id)
        let names = try Self.differences(id, Fold(try record(id)), db)
        if !names.isEmpty { try project(id) }
        return names.map { LogStore.RebuildDifference(chart: chart, projection: $0) }
    }

    /// The projections of a chart that are stored otherwise than they are derived.
    static func differences(_ chart: Int64, _ fold: Fold, _ db: Database) throws -> [String] {
        var names: [String] = []
        for type in kept {
            let stored = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT digest FROM projection WHERE chart = ? AND name = ?"),
                arguments: [chart, type.name])
            if stored != Data(EventHash(of: Projections.bytes(type.init(fold))).bytes) { names.append(type.name) }
        }
        return names
    }
}
