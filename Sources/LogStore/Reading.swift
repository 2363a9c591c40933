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
                SELECT chart.id, hash, events, envelopes AS genesis FROM chart LEFT JOIN segment ON segment.id = chart.first
                WHERE \(condition) ORDER BY chart.id
                """, arguments: arguments
        ).compactMap { row in
            ChartID(bytes: row["hash"] as Data).map { chart in
                let genesis = row.bytes("genesis").flatMap { EnvelopeText.place(of: $0) }
                return ChartEntry(
                    number: row["id"], chart: chart, events: ChartGroups.count(row.number("events")),
                    founder: genesis?.dot.origin.node)
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
            let rows = try RawStatement(
                cached: """
                    SELECT \(SegmentRow.columns), peer.node FROM segment LEFT JOIN peer ON peer.id = segment.source
                    WHERE segment.id > ? ORDER BY segment.id
                    """, db)
            try rows.bind(Int64(arrival), at: 1)
            defer { rows.reset() }
            var found: [(Event, NodeID?)] = []
            while try rows.next() {
                let (segment, source) = (SegmentRow(rows), rows.text(SegmentRow.width).flatMap { NodeID($0) })
                var place = segment.first
                try loader.events(of: segment) { event in
                    if place > Int64(arrival) { found.append((event, source)) }
                    place += 1
                }
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
            return try LineDecoder.decode(type, from: [UInt8](bytes))
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
        let wanted = Set(events)
        return try await pool.read { db in
            var heads: [EventHash: SignedHead] = [:]
            guard let id = try SegmentChain.number(of: chart, db) else { return [] }
            try SegmentChain.walk(id, "signed, signature, names, origin, seq, count", db) { id, row in
                guard let at = row.number(1), let signature = row.bytes(2) else { return true }
                guard case let name?? = row.names(3)?.last, wanted.contains(name) else { return true }
                guard let origin = try row.number(4).flatMap({ try Origins.origin($0, db) }), let first = row.number(5),
                    let count = row.number(6), (1...Int64(Limits.sequence)).contains(first),
                    (1...Int64(Segment.mostEvents)).contains(count)
                else { throw LogStoreError(.damaged, "arrival \(id): the row cannot be read; run: duolog audit verify") }
                heads[name] = SignedHead(
                    chart: chart, dot: Dot(origin: origin, seq: Int(first + count) - 1), hash: name,
                    at: Timestamp(milliseconds: Int(at)), signature: signature)
                return heads.count < wanted.count
            }
            return events.compactMap { heads[$0] }
        }
    }
}
