public import EventLog
import Foundation
import GRDB

/// What a peer has not confirmed: known also while it is away.
extension LogStore {
    /// Events of charts that a peer may have on `day`, of which no receipt of the peer tells.
    public func unconfirmed(by peer: NodeID, on day: CalendarDay) async throws -> (events: Int, charts: Int) {
        try await pool.read { db in
            let rows = try Int.fetchAll(
                db,
                sql: """
                    SELECT sum(max(0, tip.seq - coalesce(confirmed.seq, 0))) FROM tip
                    JOIN share ON share.chart = tip.chart AND share.node = ?1 AND (until IS NULL OR until >= ?2)
                    JOIN origin ON origin.id = tip.origin
                    LEFT JOIN (SELECT chart, origin, max(seq) AS seq FROM receipt WHERE receiver = ?1 GROUP BY chart, origin) AS confirmed
                        ON confirmed.chart = tip.chart AND confirmed.origin = origin.text
                    WHERE substr(origin.text, 1, 16) <> ?1 GROUP BY tip.chart
                    """, arguments: [peer.description, day.number])
            return (rows.reduce(0, +), rows.count { $0 > 0 })
        }
    }

    /// The receipt of a peer that came last.
    public func lastReceipt(of peer: NodeID) async throws -> Receipt? {
        try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT receipt.*, chart.hash AS name FROM receipt JOIN chart ON chart.id = receipt.chart
                    WHERE receiver = ? ORDER BY number DESC LIMIT 1
                    """, arguments: [peer.description]
            ).flatMap { Receipt($0) }
        }
    }
}
