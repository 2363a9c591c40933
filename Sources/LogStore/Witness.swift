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
            let confirmed = try ConfirmedEnds(db, where: "receiver <> ?", [node.description])
            let origins = try Origins.all(db)
            let charts = try Row.fetchCursor(db, sql: "SELECT id, hash, tips FROM chart WHERE NOT local ORDER BY id")
            var found: [Witness] = []
            while let row = try charts.next() {
                guard let id = row.number("id"), let chart = row.hash("hash") else { continue }
                let own = try TipList.tips(row, origins).filter { $0.origin.node == node }
                guard !own.isEmpty else { continue }
                found.append(
                    Witness(
                        chart: chart, written: own.reduce(0) { $0 + $1.seq },
                        open: own.reduce(0) { $0 + max(0, $1.seq - confirmed.seq(of: $1.origin, in: id)) },
                        at: own.compactMap { confirmed.at(of: $0.origin, in: id) }.max().map { Timestamp(milliseconds: Int($0)) })
                )
            }
            return found.sorted { left, right in
                left.open != right.open
                    ? left.open > right.open : (left.at?.milliseconds ?? .min) < (right.at?.milliseconds ?? .min)
            }
        }
    }
}
