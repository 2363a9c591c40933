import CareModel
import DequeModule
import EventLog
import Foundation
import GRDB

/// What the one writer keeps in memory. It says what the writer's connection sees; whatever a failed job touched is dropped.
struct WriterState: Sendable {
    /// A chart in memory. An object, since a record that is moved in and out of a table, or copied to be asked something, costs as much as its
    /// event. Whoever has the state has it too, and nobody else: it is never handed on.
    private final class Held: @unchecked Sendable {
        var record: ChartRecord
        /// True once this node has written to it since it is here.
        var isWorkedOn = false
        /// The number of its last use: the higher, the later.
        var use = 0
        /// Events that it counts for.
        var weight = 0

        init(_ record: ChartRecord) { self.record = record }

        /// Events that count against the room there is. A journal is always here and takes none of it: nearly every commit writes to it,
        /// however long it has become.
        var size: Int { record.isLocal ? 0 : record.graph.nodes.count }
    }

    private struct Use {
        let chart: Int64
        let number: Int

        func isLast(_ charts: [Int64: Held]) -> Bool { charts[chart]?.use == number }
    }

    private var charts: [Int64: Held] = [:]
    /// Events of the charts that are here, counted along: adding them up for each event cost more than the event.
    private(set) var held = 0
    /// Of these, events of charts that this node has not written to.
    private(set) var passing = 0
    private var clock = 0
    /// Charts in the order of their uses; of each the last counts. Of all, and of those that this node has not written to.
    private var uses: Deque<Use> = []
    private var passingUses: Deque<Use> = []
    private let room: LogStore.Cache
    var chartIDs: [ChartID: Int64] = [:]
    var originIDs: [Origin: Int64] = [:]
    var peerIDs: [NodeID: Int64] = [:]
    /// The last segment of each chart.
    var tails: [Int64: Int64] = [:]
    var counters = Counters()

    /// What is counted on with every event; put back where a job fails.
    struct Counters: Sendable {
        var lastEvent: Int64 = 0
        var lastBatch: Int64 = 0
        /// Receipts and notices are numbered together, so that one mark covers both.
        var lastStatement: Int64 = 0
        var chain: [UInt8] = []
        var epoch: UInt64 = 0
        var instance: UInt64 = 0
    }

    private mutating func remove(_ chart: Int64) {
        if let removed = charts.removeValue(forKey: chart) { discount(removed) }
    }

    private mutating func discount(_ chart: Held) {
        held -= chart.weight
        if !chart.isWorkedOn { passing -= chart.weight }
    }

    private mutating func count(_ chart: Held) {
        chart.weight = chart.size
        held += chart.weight
        if !chart.isWorkedOn { passing += chart.weight }
    }

    func peek(_ chart: Int64) -> ChartRecord? { charts[chart]?.record }

    /// Whether somebody's sequence goes two ways in it. Nil where the chart is not here.
    func isForked(_ chart: Int64) -> Bool? { charts[chart]?.record.graph.isForked }

    /// Nil where the chart is not here.
    func heads(of chart: Int64) -> ChartHeads? { charts[chart]?.record.graph.heads }

    /// Nil where the chart is not here.
    func isLocal(_ chart: Int64) -> Bool? { charts[chart]?.record.isLocal }

    mutating func put(_ chart: Int64, _ record: ChartRecord) {
        remove(chart)
        let new = Held(record)
        charts[chart] = new
        count(new)
        use(new, chart)
    }

    /// Changes a chart that is here, in its place; nil where it is not.
    ///
    /// - Parameter isWriting: true where this node writes to it.
    mutating func change<Value>(
        _ chart: Int64, isWriting: Bool, _ body: (inout ChartRecord) throws -> Value
    ) rethrows -> Value? {
        guard let changed = charts[chart] else { return nil }
        defer {
            discount(changed)
            if isWriting { changed.isWorkedOn = true }
            count(changed)
            use(changed, chart)
        }
        return try body(&changed.record)
    }

    /// Notes that a chart was used last, and forgets others where there is too much. A journal takes no room, and is never forgotten.
    private mutating func use(_ used: Held, _ chart: Int64) {
        guard !used.record.isLocal else { return }
        clock += 1
        used.use = clock
        let use = Use(chart: chart, number: clock)
        Self.note(use, in: &uses, charts)
        if !used.isWorkedOn { Self.note(use, in: &passingUses, charts) }
        while passing > room.passing, let oldest = Self.oldest(of: &passingUses, charts, but: chart, isPassing: true) {
            remove(oldest)
        }
        while held > room.events, let oldest = Self.oldest(of: &uses, charts, but: chart, isPassing: false) { remove(oldest) }
    }

    private static func note(_ use: Use, in uses: inout Deque<Use>, _ charts: [Int64: Held]) {
        // Who goes on with one chart uses it once.
        if uses.last?.chart == use.chart { uses.removeLast() }
        if uses.count > 2 * charts.count + 1024 { uses.removeAll { !$0.isLast(charts) } }
        uses.append(use)
    }

    /// The chart that was used longest ago; nil where there is no other to forget.
    private static func oldest(
        of uses: inout Deque<Use>, _ charts: [Int64: Held], but kept: Int64, isPassing: Bool
    ) -> Int64? {
        while let use = uses.first {
            if use.isLast(charts), !isPassing || charts[use.chart]?.isWorkedOn == false {
                return use.chart == kept ? nil : use.chart
            }
            uses.removeFirst()
        }
        return nil
    }

    mutating func drop(_ dropped: some Sequence<Int64>) {
        for chart in dropped { remove(chart) }
        // A rolled back job may have made these ids.
        chartIDs = [:]
        originIDs = [:]
        peerIDs = [:]
        tails = [:]
    }

    init(room: LogStore.Cache) { self.room = room }

    init(reading db: Database, room: LogStore.Cache) throws {
        self.init(room: room)
        counters.lastEvent = try Int64.fetchOne(db, sql: "SELECT max(id) FROM segment") ?? 0
        counters.lastStatement =
            try Int64.fetchOne(
                db, sql: "SELECT max(number) FROM (SELECT number FROM receipt UNION ALL SELECT number FROM notice)") ?? 0
        if let row = try Row.fetchOne(db, sql: "SELECT batch, chain FROM segment ORDER BY id DESC LIMIT 1") {
            guard let batch = row.number("batch"), let chain = row.bytes("chain") else {
                throw LogStoreError(
                    .damaged,
                    "the end of the arrival log cannot be read; see what is wrong: duolog audit verify; then restore a backup")
            }
            counters.lastBatch = batch
            counters.chain = chain
        }
        counters.epoch = try Self.epoch(db)
        counters.instance = UInt64(bitPattern: try Self.meta("instance", db) ?? 0)
    }

    /// The epoch that the node writes in.
    static func epoch(_ db: Database) throws -> UInt64 { UInt64(bitPattern: try meta("epoch", db) ?? 0) }

    private static func meta(_ name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE name = ?", arguments: [name])
    }
}
