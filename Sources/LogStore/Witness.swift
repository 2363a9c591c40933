public import EventLog
import Foundation
import GRDB

/// Receipts of others for what this node wrote: an end that somebody has signed for cannot be cut off unnoticed.
extension LogStore {
    /// How far others have confirmed what this node wrote in a chart.
    public struct Witness: Hashable, Sendable {
        /// The chart.
        public var chart: ChartID
        /// Events that this node wrote there.
        public var written: Int
        /// Of these, those that no other node has confirmed.
        public var open: Int
        /// When the last confirmation was signed, by the clock of its signer; nil for never.
        public var at: Timestamp?
    }

    /// The charts in which this node wrote, those with the most unconfirmed events first.
    public func witness() async throws -> [Witness] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT chart.hash, sum(tip.seq) AS written, sum(max(0, tip.seq - coalesce(other.seq, 0))) AS open,
                        max(other.at) AS at
                    FROM tip JOIN chart ON chart.id = tip.chart AND NOT chart.local JOIN origin ON origin.id = tip.origin
                    LEFT JOIN (SELECT chart, origin, max(seq) AS seq, max(at) AS at FROM receipt WHERE receiver <> ?1
                        GROUP BY chart, origin) AS other ON other.chart = tip.chart AND other.origin = origin.text
                    WHERE substr(origin.text, 1, 16) = ?1 GROUP BY tip.chart ORDER BY open DESC, at, chart.id
                    """, arguments: [node.description]
            ).compactMap { row in
                guard let chart = row.hash("hash"), let written = row.number("written"), let open = row.number("open") else {
                    return nil
                }
                return Witness(
                    chart: chart, written: Int(written), open: Int(open),
                    at: row.number("at").map { Timestamp(milliseconds: Int($0)) })
            }
        }
    }
}
