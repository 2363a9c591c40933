public import EventLog
import Foundation
import GRDB

/// The arrival log: what this node stored, when, and whom it came from.
extension LogStore {
    /// When an event was stored here, and from whom it came.
    public struct Arrival: Hashable, Sendable {
        /// The commit that stored it.
        public var commit: Int
        /// When, by this node's clock.
        public var at: Timestamp
        /// The peer that it came from; nil for this node's own.
        public var source: NodeID?
    }

    /// The arrivals of a chart's events, in their order.
    public func arrivals(of chart: ChartID) async throws -> [Arrival] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT event.batch, batch.at, peer.node FROM event JOIN chart ON chart.id = event.chart
                    LEFT JOIN batch ON batch.id = event.batch LEFT JOIN peer ON peer.id = event.source
                    WHERE chart.hash = ? ORDER BY event.id
                    """, arguments: [Data(chart.bytes)]
            ).map { row in
                guard let commit = row.number("batch"), let at = row.number("at") else {
                    throw LogStoreError(.damaged, "the arrival log cannot be read; run: duolog audit verify")
                }
                return Arrival(
                    commit: Int(commit), at: Timestamp(milliseconds: Int(at)), source: row.text("node").flatMap { NodeID($0) })
            }
        }
    }

    /// The charts that hold an event whose name begins with these letters, with the whole names.
    public func find(_ prefix: String, limit: Int = 3) async throws -> [(chart: ChartID, event: EventHash)] {
        // Letters carry six bits each: the whole bytes among them are looked up, the rest is compared.
        let whole = String(prefix.prefix(prefix.count / 4 * 4))
        guard whole.count >= 8, let low = Base64URL.decode(whole.utf8) else { return [] }
        return try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT event.hash AS event, chart.hash AS chart FROM chart
                    CROSS JOIN event ON event.chart = chart.id AND substr(event.hash, 1, 8) BETWEEN substr(?1, 1, 8) AND substr(?2, 1, 8)
                    WHERE event.hash BETWEEN ?1 AND ?2 AND NOT local ORDER BY event.hash
                    """, arguments: [Data(low), Data(low + Array(repeating: 0xFF, count: EventHash.byteCount - low.count))]
            ).compactMap { row in
                guard let event = row.hash("event"), let chart = row.hash("chart") else { return nil }
                return (chart, event)
            }.filter { "\($0.event)".hasPrefix(prefix) }.prefix(limit).map { $0 }
        }
    }
}
