import CareModel
import EventLog
import Foundation
import GRDB

/// The segments of some charts, one chart after another. Charts that grew side by side share their pages, so several are read in one pass; what
/// follows from them is then worked out chart by chart, where all that it touches is still at hand.
struct ChartRows {
    /// How many events the index has of each of the charts.
    let counts: [Int64: Int]
    private let byIndex: Bool
    private let db: Database
    /// Where in ``read`` the rows of a chart are.
    private var index: [Int64: Int] = [:]
    private var read: [[SegmentRow]] = []
    private var bytes: [UInt8] = []
    /// What the lines of an event nearly always stay below.
    private static let bytesOfEvent = 768
    /// Room is made for so many events at most: the index may say anything.
    private static let most = 1 << 17

    /// - Parameter byIndex: looks each row up, also where the charts are so much of the log that all of it is read in less time.
    init(of charts: [Int64], byIndex: Bool = false, _ db: Database) throws {
        counts = try Self.counts(of: charts, db)
        self.byIndex = byIndex
        self.db = db
        // A single one may be of any length: its rows are read as they are asked for.
        guard charts.count > 1 else { return }
        for (place, chart) in charts.enumerated() {
            index[chart] = place
            read.append([])
        }
        bytes.reserveCapacity(min(counts.values.reduce(0, +), Self.most) * Self.bytesOfEvent)
        var rows = try cursor(charts)
        while try rows.next() {
            if let place = index[rows.chart] { read[place].append(SegmentRow(rows.statement, into: &bytes)) }
        }
    }

    /// How many events of a chart room is worth being made for.
    func expected(_ chart: Int64) -> Int { min(counts[chart] ?? 0, Self.most) }

    /// Hands over the segments of a chart in the order of their arrival. They are read once.
    mutating func take(_ chart: Int64, _ body: (SegmentRow) throws -> Void) throws {
        if let place = index[chart] {
            let rows = read[place]
            read[place] = []
            for row in rows { try body(row.with(bytes)) }
        } else {
            var rows = try cursor([chart])
            while try rows.next() {
                if rows.chart == chart { try body(SegmentRow(rows.statement)) }
            }
        }
    }

    private func cursor(_ charts: [Int64]) throws -> ChartRowCursor {
        let end = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM segment")) ?? 0
        let isMost = Int64(counts.values.reduce(0, +)) * ChartRowCursor.dearerByIndex >= end
        return try ChartRowCursor(charts, passingOver: isMost && !byIndex, db)
    }

    private static func counts(of charts: [Int64], _ db: Database) throws -> [Int64: Int] {
        let rows = try RawStatement(cached: "SELECT total(count) FROM segment WHERE chart = ?", db)
        var counts: [Int64: Int] = [:]
        for chart in charts {
            try rows.bind(chart, at: 1)
            if try rows.next() { counts[chart] = rows.total(0) }
            rows.reset()
        }
        return counts
    }
}

/// The segments of some charts in the order of their arrival.
private struct ChartRowCursor {
    /// A row that is passed over costs a quarter of one that is looked up by itself.
    static let dearerByIndex: Int64 = 4

    let statement: RawStatement
    private var last: Int64 = 0
    /// The chart of the row; of one that was looked up, the one that the index has it in.
    private(set) var chart: Int64 = 0

    /// - Parameter passingOver: reads the whole log, and passes over what is not of these charts.
    init(_ charts: [Int64], passingOver: Bool, _ db: Database) throws {
        // Charts that are read together are neighbours. LIMIT keeps SQLite from leaving out the order of what is joined.
        statement = try RawStatement(
            passingOver
                ? """
                SELECT \(SegmentRow.columns), segment.chart FROM segment NOT INDEXED
                WHERE segment.chart BETWEEN \(charts.min() ?? 0) AND \(charts.max() ?? 0) ORDER BY segment.id
                """
                : """
                SELECT \(SegmentRow.columns), picked.chart FROM
                (SELECT id, chart FROM segment WHERE chart IN (\(charts.map(String.init).joined(separator: ","))) ORDER BY id LIMIT -1)
                AS picked CROSS JOIN segment ON segment.id = picked.id
                """, db)
    }

    /// Steps to the next row; false after the last one.
    mutating func next() throws -> Bool {
        guard try statement.next() else { return false }
        let place = statement.number(0) ?? 0
        guard place > last else { throw LogStoreError(.damaged, "rows do not come in the order of their arrival") }
        last = place
        chart = statement.number(14) ?? 0
        return true
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
        let rows = try RawStatement("SELECT chart, total(count) FROM segment GROUP BY chart", db)
        var counts: [Int64: Int] = [:]
        while try rows.next() {
            if let chart = rows.number(0) { counts[chart] = rows.total(1) }
        }
        return counts
    }
}
