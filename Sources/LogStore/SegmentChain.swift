import EventLog
import Foundation
import GRDB

/// The segments of a chart. Each names the one before it, and the chart's row the last: to write one down there is no index to be written all
/// over, and what came last is found first.
enum SegmentChain {
    /// Where a chart ends.
    struct Tail {
        /// Its last segment; 0 for none.
        var last: Int64
        /// What its row does not say yet: events that were stored since, and the first segment where there was none.
        var unsaidEvents = 0
        var first: Int64?

        /// What of a chart's row it says, by the first three values of a statement.
        static let columns = "last = ?1, events = events + ?2, first = coalesce(?3, first)"

        func bind(to update: RawStatement) throws {
            try update.bind(last, at: 1)
            try update.bind(Int64(unsaidEvents), at: 2)
            try update.bind(optional: first, at: 3)
        }
    }

    /// The number that stands for a chart in rows; nil for one that is not here.
    static func number(of chart: ChartID, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT id FROM chart WHERE hash = ?"), arguments: [Data(chart.bytes)])
    }

    /// The last segment of a chart.
    static func last(of chart: Int64, _ db: Database) throws -> Int64 {
        let row = try RawStatement(cached: "SELECT last FROM chart WHERE id = ?", db)
        try row.bind(chart, at: 1)
        defer { row.reset() }
        guard try row.next() else { throw LogStoreError(.notFound, "no such chart") }
        guard let last = row.number(0) else { throw damaged(chart) }
        return last
    }

    /// Goes from the last segment of a chart to the first, until the body says that it is enough.
    ///
    /// - Parameter columns: what the body is given after the segment's id, which is its first column.
    static func walk(
        _ chart: Int64, _ columns: String, _ db: Database, _ body: (Int64, RawStatement) throws -> Bool
    ) throws {
        // A segment of another chart is never taken for one of this: a link that was altered must not show one patient's events with another's.
        let row = try RawStatement(cached: "SELECT before, \(columns) FROM segment WHERE id = ?1 AND chart = ?2", db)
        var id = try last(of: chart, db)
        while id != 0 {
            try row.bind(id, at: 1)
            try row.bind(chart, at: 2)
            defer { row.reset() }
            // Each lies before the one that names it: so this ends.
            guard try row.next(), let before = row.number(0), (0..<max(id, 1)).contains(before) else { throw damaged(chart) }
            guard try body(id, row) else { return }
            id = before
        }
    }

    /// The segments of a chart in the order of arrival.
    static func segments(of chart: Int64, _ db: Database) throws -> [Int64] {
        var found: [Int64] = []
        try walk(chart, "source", db) { id, _ in
            found.append(id)
            return true
        }
        return found.reversed()
    }

    /// The segments of a chart in the order of arrival, of those that arrived after a number.
    ///
    /// - Parameters:
    ///   - source: the row of a peer; what came from it is left out.
    ///   - most: looks at no more than so many.
    /// - Returns: nil where there are more.
    static func segments(
        of chart: Int64, after arrival: Int64, upTo end: Int64, notFrom source: Int64?, most: Int, _ db: Database
    ) throws -> [Int64]? {
        var found: [Int64] = []
        var left = most
        try walk(chart, "source", db) { id, row in
            left -= 1
            if id > arrival, id <= end, source == nil || row.number(1) != source { found.append(id) }
            return id > arrival && left >= 0
        }
        return left < 0 ? nil : found.reversed()
    }

    private static func damaged(_ chart: Int64) -> LogStoreError {
        LogStoreError(.damaged, "the segments of chart number \(chart) do not hang together; run: duolog audit verify")
    }
}

/// Where an event stands: its segment, and its place in there.
struct EventPlace {
    /// The row of the segment, which place in it, and how many events it has.
    let segment: Int64
    let index: Int
    let count: Int

    /// The arrival number.
    var arrival: Int64 { segment - Int64(count - 1 - index) }

    /// Looks an event up by its place in its sequence, from the end of the chart; nil where the chart does not have it there.
    static func find(_ event: EventHash, _ dot: Dot, in chart: Int64, _ db: Database) throws -> EventPlace? {
        guard let origin = try Origins.number(of: dot.origin, db) else { return nil }
        var place: EventPlace?
        try SegmentChain.walk(chart, "origin, seq, count, names", db) { id, row in
            guard row.number(1) == origin, let first = row.number(2), (1...Int64(Limits.sequence)).contains(first),
                let count = row.number(3), (1...Int64(Segment.mostEvents)).contains(count)
            else { return true }
            // A number that names two events is in two segments: the one behind may have the other.
            guard first <= dot.seq, count > Int64(dot.seq) - first, let names = row.names(4) else { return true }
            let index = dot.seq - Int(first)
            guard index < names.count, names[index] == event else { return true }
            place = EventPlace(segment: id, index: index, count: names.count)
            return false
        }
        return place
    }
}
