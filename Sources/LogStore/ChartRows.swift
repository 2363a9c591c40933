import CareModel
import EventLog
import Foundation
import GRDB

/// The rows of some charts in the order of their arrival, in one pass. Charts that grew side by side share their pages: read one after
/// another, each page would be read once for every chart.
struct ChartRows {
    private let statement: RawStatement
    private var last: Int64 = 0

    /// - Parameter withHeads: reads signed heads too, as `head`.
    init(of charts: [Int64], withHeads: Bool, _ db: Database) throws {
        // The index gives the ids; LIMIT keeps SQLite from leaving out the order of what is joined.
        statement = try RawStatement(
            """
            WITH picked (id, chart) AS MATERIALIZED (
                SELECT id, chart FROM event WHERE chart IN (\(charts.map(String.init).joined(separator: ","))) ORDER BY id LIMIT -1)
            SELECT picked.chart, picked.id, event.chart, event.hash, event.envelope, event.verdict, body.event, body.sealed\
            \(withHeads ? ", head.event, head.at, head.signature, event.batch" : "")
            FROM picked CROSS JOIN event ON event.id = picked.id LEFT JOIN body ON body.event = picked.id\
            \(withHeads ? " LEFT JOIN head ON head.event = picked.id" : "")
            """, db)
    }

    /// Steps to the next row; false after the last one.
    mutating func next() throws -> Bool {
        guard try statement.next() else { return false }
        guard place > last else { throw LogStoreError(.damaged, "rows do not come in the order of their arrival") }
        last = place
        return true
    }

    /// The chart by whose index the row was found.
    var chart: Int64 { statement.number(0) ?? 0 }
    /// The arrival number.
    var place: Int64 { statement.number(1) ?? 0 }
    /// False where the row says that it is of another chart than the index has it.
    var isOfItsChart: Bool { statement.number(2) == chart }
    var hash: EventHash? { statement.hash(3) }
    var envelope: [UInt8]? { statement.bytes(4) }

    /// Nil where what stands there is no verdict.
    var verdict: Verdict? {
        if statement.isNull(5) { return .permitted }
        return statement.text(5).flatMap { try? JSONDecoder().decode(Verdict.self, from: Data($0.utf8)) }
    }

    var hasBody: Bool { !statement.isNull(6) }
    /// The sealed body; valid until the next step.
    var sealed: UnsafeBufferPointer<UInt8>? { statement.blob(7) }
    var hasHead: Bool { !statement.isNull(8) }
    /// The commit that stored it; 0 for none.
    var commit: Int64 { statement.number(11) ?? 0 }

    /// The head of the event of this row.
    func head(_ event: Envelope, _ hash: EventHash) -> SignedHead? {
        guard let at = statement.number(9), let signature = statement.bytes(10) else { return nil }
        return SignedHead(
            chart: event.chart, dot: event.dot, hash: hash, at: Timestamp(milliseconds: Int(at)), signature: signature)
    }
}

/// Charts that are read together, so many that what is held of them stays within a bound.
struct ChartGroups {
    /// Charts at most: their numbers stand in the statement.
    private static let charts = 1000

    /// Neighbours in their order, each group with at most so many events unless a single chart has more.
    static func of<Chart>(_ charts: [Chart], events: (Chart) -> Int, atMost limit: Int) -> [[Chart]] {
        var groups: [[Chart]] = []
        var held = 0
        for chart in charts {
            let count = events(chart)
            if let last = groups.last, held + count <= limit, last.count < Self.charts {
                groups[groups.count - 1].append(chart)
                held += count
            } else {
                groups.append([chart])
                held = count
            }
        }
        return groups
    }

    /// How many events each chart has.
    static func events(_ db: Database) throws -> [Int64: Int] {
        let rows = try RawStatement("SELECT chart, count(*) FROM event GROUP BY chart", db)
        var counts: [Int64: Int] = [:]
        while try rows.next() {
            if let chart = rows.number(0), let count = rows.number(1) { counts[chart] = Int(count) }
        }
        return counts
    }
}
