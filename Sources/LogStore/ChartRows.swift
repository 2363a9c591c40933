import CareModel
import EventLog
import Foundation
import GRDB

/// The segments of some charts, one chart after another. Charts that grew side by side share their pages, so several are read in one pass; what
/// follows from them is then worked out chart by chart, where all that it touches is still at hand.
struct ChartRows {
    /// How many events each of the charts has, by its row.
    let counts: [Int64: Int]
    private let byChain: Bool
    private let db: Database
    /// Where in ``read`` the rows of a chart are.
    private var index: [Int64: Int] = [:]
    private var read: [[SegmentRow]] = []
    private var bytes: [UInt8] = []
    /// What the lines of an event nearly always stay below.
    private static let bytesOfEvent = 768
    /// Room is made for so many events at most: the row may say anything.
    private static let most = 1 << 17

    /// - Parameter byChain: looks each segment up by the one behind it, also where the charts are so much of the log that all of it is read in less time.
    init(of charts: [Int64], byChain: Bool = false, _ db: Database) throws {
        counts = try Self.counts(of: charts, db)
        self.byChain = byChain
        self.db = db
        // A single one may be of any length: its rows are read as they are asked for.
        guard charts.count > 1 else { return }
        for (place, chart) in charts.enumerated() {
            index[chart] = place
            read.append([])
        }
        bytes.reserveCapacity(min(counts.values.reduce(0, +), Self.most) * Self.bytesOfEvent)
        var rows = try cursor(charts)
        defer { rows.statement.reset() }
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
            defer { rows.statement.reset() }
            while try rows.next() {
                if rows.chart == chart { try body(SegmentRow(rows.statement)) }
            }
        }
    }

    private func cursor(_ charts: [Int64]) throws -> ChartRowCursor {
        let end = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM segment")) ?? 0
        let isMost = Int64(counts.values.reduce(0, +)) * ChartRowCursor.dearerByChain >= end
        return try ChartRowCursor(charts, passingOver: isMost && !byChain, db)
    }

    private static func counts(of charts: [Int64], _ db: Database) throws -> [Int64: Int] {
        let rows = try RawStatement(cached: "SELECT events FROM chart WHERE id = ?", db)
        var counts: [Int64: Int] = [:]
        for chart in charts {
            try rows.bind(chart, at: 1)
            if try rows.next() { counts[chart] = ChartGroups.count(rows.number(0)) }
            rows.reset()
        }
        return counts
    }
}

/// The segments of some charts in the order of their arrival.
private struct ChartRowCursor {
    /// A row that is passed over costs a quarter of one that is looked up by itself.
    static let dearerByChain: Int64 = 4

    let statement: RawStatement
    /// What is to be looked up, the last first; nil where all of the log is passed over.
    private var waiting: [(id: Int64, chart: Int64)]?
    private var last: Int64 = 0
    /// The chart of the row; of one that was looked up, the one whose chain it is in.
    private(set) var chart: Int64 = 0

    /// - Parameter passingOver: reads the whole log, and passes over what is not of these charts.
    init(_ charts: [Int64], passingOver: Bool, _ db: Database) throws {
        guard !passingOver else {
            // Charts that are read together are neighbours.
            statement = try RawStatement(
                """
                SELECT \(SegmentRow.columns) FROM segment
                WHERE chart BETWEEN \(charts.min() ?? 0) AND \(charts.max() ?? 0) ORDER BY id
                """, db)
            return
        }
        statement = try RawStatement(cached: "SELECT \(SegmentRow.columns) FROM segment WHERE id = ?", db)
        waiting = try charts.flatMap { chart in try SegmentChain.segments(of: chart, db).map { ($0, chart) } }
            .sorted { $0.id > $1.id }
    }

    /// Steps to the next row; false after the last one.
    mutating func next() throws -> Bool {
        if waiting != nil {
            statement.reset()
            guard let (id, chart) = waiting?.popLast() else { return false }
            try statement.bind(id, at: 1)
            guard try statement.next() else {
                throw LogStoreError(.damaged, "arrival \(id) is missing; run: duolog audit verify")
            }
            self.chart = chart
            return true
        }
        guard try statement.next() else { return false }
        let place = statement.number(0) ?? 0
        guard place > last else { throw LogStoreError(.damaged, "rows do not come in the order of their arrival") }
        last = place
        chart = statement.number(2) ?? 0
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

    /// How many events each chart has, by its row.
    static func events(_ db: Database) throws -> [Int64: Int] {
        let rows = try RawStatement("SELECT id, events FROM chart", db)
        var counts: [Int64: Int] = [:]
        while try rows.next() {
            if let chart = rows.number(0) { counts[chart] = count(rows.number(1)) }
        }
        return counts
    }

    /// What can be a number of events; 0 for anything else.
    static func count(_ number: Int64?) -> Int {
        number.flatMap { Int(exactly: $0) }.flatMap { (0...Limits.sequence).contains($0) ? $0 : nil } ?? 0
    }
}
