public import EventLog
import Foundation
import GRDB

/// What a peer has not confirmed: known also while it is away.
extension LogStore {
    /// Events of charts that a peer may have on `day`, of which no receipt of the peer tells.
    public func unconfirmed(by peer: NodeID, on day: CalendarDay) async throws -> (events: Int, charts: Int) {
        try await pool.read { db in
            let confirmed = try ConfirmedEnds(db, where: "receiver = ?", [peer.description])
            let charts = try Row.fetchCursor(
                db,
                sql: """
                    SELECT chart.id, tips FROM share JOIN chart ON chart.id = share.chart
                    WHERE share.node = ? AND (until IS NULL OR until >= ?)
                    """, arguments: [peer.description, day.number])
            let origins = try Origins.all(db)
            var (events, open) = (0, 0)
            while let row = try charts.next() {
                let missing = try TipList.tips(row, origins).reduce(0) { sum, tip in
                    tip.origin.node == peer ? sum : sum + max(0, tip.seq - confirmed.seq(of: tip.origin, in: row["id"]))
                }
                events += missing
                if missing > 0 { open += 1 }
            }
            return (events, open)
        }
    }

    /// The receipt of a peer that came last.
    public func lastReceipt(of peer: NodeID) async throws -> Receipt? {
        try await pool.read { db in
            let row = try RawStatement(
                """
                SELECT \(Receipt.columns) FROM receipt JOIN chart ON chart.id = receipt.chart
                WHERE receiver = ? ORDER BY number DESC LIMIT 1
                """, db)
            try row.bind(peer.description, at: 1)
            return try row.next() ? Receipt(row) : nil
        }
    }
}

/// How far receipts tell of the sequences of charts.
struct ConfirmedEnds {
    private struct Place: Hashable {
        let chart: Int64
        let origin: Origin
    }

    private var ends: [Place: (seq: Int, at: Int64)] = [:]

    /// - Parameter condition: which receipts count.
    init(_ db: Database, where condition: String, _ arguments: StatementArguments) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT chart, origin, max(seq) AS seq, max(at) AS at FROM receipt WHERE \(condition) GROUP BY chart, origin",
            arguments: arguments)
        while let row = try rows.next() {
            guard let chart = row.number("chart"), let origin = row.text("origin").flatMap({ Origin($0) }),
                let seq = row.number("seq"), let at = row.number("at")
            else { continue }
            ends[Place(chart: chart, origin: origin)] = (Int(seq), at)
        }
    }

    /// The last event that was confirmed; 0 for none.
    func seq(of origin: Origin, in chart: Int64) -> Int { ends[Place(chart: chart, origin: origin)]?.seq ?? 0 }

    /// When the last confirmation was signed, by the clock of its signer.
    func at(of origin: Origin, in chart: Int64) -> Int64? { ends[Place(chart: chart, origin: origin)]?.at }
}
