import CareModel
import EventLog
import Foundation
import GRDB

/// A row of an event, with what stands beside it. Anything may stand there: what is nil could not be read.
struct ChartRow {
    /// The arrival number.
    let place: Int64
    /// False where the row says that it is of another chart than the index has it.
    let isOfItsChart: Bool
    let hash: EventHash?
    /// Nil where what stands there is no verdict.
    let verdict: Verdict?
    let hasBody: Bool
    let hasHead: Bool
    /// The commit that stored it; 0 for none.
    let commit: Int64
    fileprivate let lines: (envelope: Range<Int>?, sealed: Range<Int>?)
    fileprivate let signed: (at: Int64?, signature: Range<Int>?)
    /// What the ranges are of: one piece of memory for all rows that were read together.
    fileprivate var bytes: [UInt8] = []

    var envelope: [UInt8]? { lines.envelope.map { [UInt8](bytes[$0]) } }
    var sealed: ArraySlice<UInt8>? { lines.sealed.map { bytes[$0] } }

    /// The head of the event of this row, which stands there.
    func head(_ event: (chart: ChartID, dot: Dot), _ hash: EventHash) -> SignedHead? {
        guard let at = signed.at, let signature = signed.signature else { return nil }
        return SignedHead(
            chart: event.chart, dot: event.dot, hash: hash, at: Timestamp(milliseconds: Int(at)),
            signature: [UInt8](bytes[signature]))
    }
}

/// The rows of some charts, one chart after another. Charts that grew side by side share their pages, so several are read in one pass; what
/// follows from them is then worked out chart by chart, where all that it touches is still at hand.
struct ChartRows {
    /// How many events the index has of each of the charts.
    let counts: [Int64: Int]
    private let withHeads: Bool
    private let byIndex: Bool
    private let db: Database
    /// Where in ``read`` the rows of a chart are.
    private var index: [Int64: Int] = [:]
    private var read: [[ChartRow]] = []
    private var bytes: [UInt8] = []
    /// What the lines of an event nearly always stay below.
    private static let bytesOfEvent = 768

    /// - Parameters:
    ///   - withHeads: reads signed heads too.
    ///   - byIndex: looks each row up, also where the charts are so much of the log that all of it is read in less time.
    init(of charts: [Int64], withHeads: Bool, byIndex: Bool = false, _ db: Database) throws {
        counts = try Self.counts(of: charts, db)
        self.withHeads = withHeads
        self.byIndex = byIndex
        self.db = db
        // A single one may be of any length: its rows are read as they are asked for.
        guard charts.count > 1 else { return }
        for (place, chart) in charts.enumerated() {
            index[chart] = place
            read.append([])
            read[place].reserveCapacity(counts[chart] ?? 0)
        }
        bytes.reserveCapacity(counts.values.reduce(0, +) * Self.bytesOfEvent)
        var rows = try cursor(charts)
        while try rows.next() {
            if let place = index[rows.chart] { read[place].append(rows.row(into: &bytes)) }
        }
    }

    /// Hands over the rows of a chart in the order of their arrival. They are read once.
    mutating func take(_ chart: Int64, _ body: (ChartRow) throws -> Void) throws {
        if let place = index[chart] {
            let rows = read[place]
            read[place] = []
            for var row in rows {
                row.bytes = bytes
                try body(row)
            }
        } else {
            var rows = try cursor([chart])
            while try rows.next() {
                guard rows.chart == chart else { continue }
                var bytes: [UInt8] = []
                var row = rows.row(into: &bytes)
                row.bytes = bytes
                try body(row)
            }
        }
    }

    private func cursor(_ charts: [Int64]) throws -> ChartRowCursor {
        let end = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM event")) ?? 0
        let isMost = Int64(counts.values.reduce(0, +)) * ChartRowCursor.dearerByIndex >= end
        return try ChartRowCursor(charts, withHeads: withHeads, passingOver: isMost && !byIndex, db)
    }

    private static func counts(of charts: [Int64], _ db: Database) throws -> [Int64: Int] {
        let rows = try RawStatement(cached: "SELECT count(*) FROM event WHERE chart = ?", db)
        var counts: [Int64: Int] = [:]
        for chart in charts {
            try rows.bind(chart, at: 1)
            if try rows.next() { counts[chart] = rows.number(0).map { Int($0) } }
            rows.reset()
        }
        return counts
    }
}

/// The rows of some charts in the order of their arrival.
private struct ChartRowCursor {
    /// A row that is passed over costs a quarter of one that is looked up by itself.
    static let dearerByIndex: Int64 = 4

    private let statement: RawStatement
    private let withHeads: Bool
    private var last: Int64 = 0

    /// - Parameter passingOver: reads the whole log, and passes over what is not of these charts.
    init(_ charts: [Int64], withHeads: Bool, passingOver: Bool, _ db: Database) throws {
        self.withHeads = withHeads
        let columns = """
            event.chart, event.hash, event.envelope, event.verdict, body.event, body.sealed\
            \(withHeads ? ", event.batch, head.event, head.at, head.signature" : "")
            """
        let beside = """
            LEFT JOIN body ON body.event = event.id\(withHeads ? " LEFT JOIN head ON head.event = event.id" : "")
            """
        // Charts that are read together are neighbours. LIMIT keeps SQLite from leaving out the order of what is joined.
        statement = try RawStatement(
            passingOver
                ? """
                SELECT event.chart, event.id, \(columns) FROM event NOT INDEXED \(beside)
                WHERE event.chart BETWEEN \(charts.min() ?? 0) AND \(charts.max() ?? 0) ORDER BY event.id
                """
                : """
                SELECT picked.chart, picked.id, \(columns)
                FROM (SELECT id, chart FROM event WHERE chart IN (\(charts.map(String.init).joined(separator: ","))) ORDER BY id LIMIT -1)
                AS picked CROSS JOIN event ON event.id = picked.id \(beside)
                """, db)
    }

    /// Steps to the next row; false after the last one.
    mutating func next() throws -> Bool {
        guard try statement.next() else { return false }
        let place = statement.number(1) ?? 0
        guard place > last else { throw LogStoreError(.damaged, "rows do not come in the order of their arrival") }
        last = place
        return true
    }

    /// The chart that the row was found as one of.
    var chart: Int64 { statement.number(0) ?? 0 }

    /// The row as it stands there; what it says is appended to `bytes`.
    func row(into bytes: inout [UInt8]) -> ChartRow {
        let hasHead = withHeads && !statement.isNull(9)
        return ChartRow(
            place: last, isOfItsChart: statement.number(2) == chart, hash: statement.hash(3), verdict: verdict,
            hasBody: !statement.isNull(6), hasHead: hasHead, commit: withHeads ? statement.number(8) ?? 0 : 0,
            lines: (statement.append(4, to: &bytes), statement.append(7, to: &bytes)),
            signed: hasHead ? (statement.number(10), statement.append(11, to: &bytes)) : (nil, nil))
    }

    private var verdict: Verdict? {
        if statement.isNull(5) { return .permitted }
        return statement.text(5).flatMap { try? JSONDecoder().decode(Verdict.self, from: Data($0.utf8)) }
    }
}

/// Charts that are read together, so many that what is held of them stays within a bound.
struct ChartGroups {
    /// Charts at most: their numbers stand in the statement.
    private static let charts = 1000

    /// Neighbours in their order, in groups of about the same size, so that `width` of them at once have the same to do until the end.
    ///
    /// - Parameter held: the most events of the groups that are read at once, unless a single chart has more; 0 for one chart after another.
    static func of<Chart>(_ charts: [Chart], events: (Chart) -> Int, held most: Int, width: Int) -> [[Chart]] {
        let all = charts.reduce(0) { $0 + events($1) }
        let groups = most == 0 ? 0 : (all + most - 1) / most * width
        return of(charts, events: events, atMost: groups == 0 ? 0 : (all + groups - 1) / groups)
    }

    private static func of<Chart>(_ charts: [Chart], events: (Chart) -> Int, atMost limit: Int) -> [[Chart]] {
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
