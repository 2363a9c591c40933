public import CareModel
public import EventLog
import Foundation
import GRDB

/// What people read.
extension LogStore {
    /// A chart as it is listed.
    public struct ChartEntry: Sendable {
        /// Charts that came here earlier have a lesser one.
        public var number: Int
        /// Its id.
        public var chart: ChartID
        /// Events that are here.
        public var events: Int
        /// The node that opened it.
        public var founder: NodeID?
    }

    /// The charts that are here, without journals.
    public func charts() async throws -> [ChartEntry] {
        try await pool.read { try Self.entries($0, where: "NOT local", []) }
    }

    /// A chart that is here and no journal.
    public func entry(of chart: ChartID) async throws -> ChartEntry? {
        try await pool.read { try Self.entries($0, where: "NOT local AND hash = ?", [Data(chart.bytes)]).first }
    }

    private static func entries(_ db: Database, where condition: String, _ arguments: StatementArguments) throws -> [ChartEntry] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT id, hash, (SELECT count(*) FROM event WHERE chart = chart.id) AS events,
                    (SELECT envelope FROM event WHERE id = (SELECT min(id) FROM event WHERE chart = chart.id)) AS genesis
                FROM chart WHERE \(condition) ORDER BY id
                """, arguments: arguments
        ).compactMap { row in
            ChartID(bytes: row["hash"] as Data).map { chart in
                let genesis = (row["genesis"] as Data?).flatMap { try? Envelope(line: [UInt8]($0)) }
                return ChartEntry(number: row["id"], chart: chart, events: row["events"], founder: genesis?.origin.node)
            }
        }
    }

    /// The local chart (journal, notebook) of this log, where it has one.
    public func localChart() async throws -> ChartID? {
        try await pool.read { db in
            try Data.fetchOne(db, sql: "SELECT hash FROM chart WHERE local ORDER BY id").flatMap { ChartID(bytes: $0) }
        }
    }

    /// All that is here of a chart, as of the last commit; nil when it is not here.
    public func record(of chart: ChartID) async throws -> ChartRecord? {
        try await write(weight: 0) { transaction in
            guard let id = try transaction.chartID(chart) else { return nil }
            return try transaction.record(id)
        }
    }

    /// Events in the order of their arrival, after `arrival`, with the peer that each came from (nil for this node's own).
    public func rows(from arrival: Int) async throws -> [(event: Event, source: NodeID?)] {
        let loader = RecordLoader(sealer: configuration.sealer)
        return try await pool.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT event.id, event.hash, envelope, sealed, peer.node FROM event
                    LEFT JOIN body ON body.event = event.id LEFT JOIN peer ON peer.id = event.source
                    WHERE event.id > ? ORDER BY event.id
                    """, arguments: [arrival])
            var found: [(Event, NodeID?)] = []
            while let row = try rows.next() {
                found.append((try loader.event(row), (row["node"] as String?).flatMap { NodeID($0) }))
            }
            return found
        }
    }

    /// A projection as it was stored with the last commit that changed it; nil when the chart is not here.
    public func stored<View: Projection>(_ type: View.Type, of chart: ChartID) async throws -> View? {
        let sealer = configuration.sealer
        return try await pool.read { db in
            guard
                let sealed = try Data.fetchOne(
                    db,
                    sql: """
                        SELECT sealed FROM projection JOIN chart ON chart.id = projection.chart WHERE hash = ? AND name = ?
                        """, arguments: [Data(chart.bytes), type.name])
            else { return nil }
            let bytes = try sealer.open(sealed, as: ProjectionLabel.bytes(chart, type.name))
            return try JSONDecoder().decode(type, from: Data(bytes))
        }
    }

    /// Charts in which a number names two events.
    public func forkedCharts() async throws -> [ChartID] {
        try await pool.read { db in
            try Data.fetchAll(
                db, sql: "SELECT hash FROM chart WHERE id IN (SELECT chart FROM fork) ORDER BY id"
            ).compactMap { ChartID(bytes: $0) }
        }
    }

    /// The signed heads of these events of a chart, as they are kept.
    public func signedHeads(of chart: ChartID, among events: [EventHash]) async throws -> [SignedHead] {
        let loader = RecordLoader(sealer: configuration.sealer)
        return try await pool.read { db in
            try events.compactMap { hash in
                guard
                    let row = try Row.fetchOne(
                        db.cachedStatement(
                            sql: """
                                SELECT event.id, event.hash, envelope, NULL AS sealed, head.at, head.signature
                                FROM chart JOIN event ON event.chart = chart.id AND \(EventName.isThat("?2"))
                                JOIN head ON head.event = event.id WHERE chart.hash = ?1
                                """), arguments: [Data(chart.bytes), Data(hash.bytes)])
                else { return nil }
                let event = try loader.event(row)
                return SignedHead(
                    chart: chart, dot: event.envelope.dot, hash: hash, at: Timestamp(milliseconds: row["at"]),
                    signature: [UInt8](row["signature"] as Data))
            }
        }
    }
}
