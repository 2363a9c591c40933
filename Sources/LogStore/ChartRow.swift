import EventLog
import GRDB

/// What the row of a chart is to say once a commit is done.
struct ChartRow {
    private let chart: Int64
    private let tail: SegmentChain.Tail
    private let heads: ChartHeads
    /// The numbers that stand for the origins of its tips.
    private let origins: [Int64]

    /// - Parameters:
    ///   - heads: of the chart, with all events of the commit.
    ///   - number: of an origin.
    init(
        _ chart: Int64, _ heads: ChartHeads, tail: SegmentChain.Tail, _ number: (Origin) throws -> Int64
    ) rethrows {
        (self.chart, self.heads, self.tail) = (chart, heads, tail)
        origins = try heads.tips.map { try number($0.origin) }
    }

    /// Writes such rows. Prepared by the writer, used by one thread at a time.
    struct Statement: @unchecked Sendable {
        private let update: RawStatement

        init(_ db: Database) throws {
            update = try RawStatement(
                cached: "UPDATE chart SET \(SegmentChain.Tail.columns), digest = ?4, tips = ?5 WHERE id = ?6", db)
        }

        func write(_ row: ChartRow) throws {
            try row.tail.bind(to: update)
            try update.bind(row.heads.digest, at: 4)
            try update.bind(TipList.bytes(of: row.heads.tips, row.origins), at: 5)
            try update.bind(row.chart, at: 6)
            try update.run()
        }
    }
}
