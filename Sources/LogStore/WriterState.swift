import CareModel
import EventLog
import Foundation
import GRDB

/// What the one writer keeps in memory. It says what the writer's connection sees; whatever a failed job touched is dropped.
struct WriterState: Sendable {
    /// A chart in memory.
    struct Held: Sendable {
        var record: ChartRecord
        /// True once this node has written to it since it is here.
        var isWorkedOn = false
        /// The higher, the later it was used.
        fileprivate var use = 0

        init(_ record: ChartRecord) { self.record = record }

        /// Events that count against the room there is. A journal is always here and takes none of it: nearly every commit writes to it,
        /// however long it has become.
        fileprivate var weight: Int { record.isLocal ? 0 : record.graph.nodes.count }
    }

    private var charts: [Int64: Held] = [:]
    /// Events of the charts that are here, counted along: adding them up for each event cost more than the event.
    private(set) var held = 0
    /// Of these, events of charts that this node has not written to.
    private(set) var passing = 0
    private var clock = 0
    private let room: LogStore.Cache
    var chartIDs: [ChartID: Int64] = [:]
    var originIDs: [Origin: Int64] = [:]
    var peerIDs: [NodeID: Int64] = [:]
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

    /// Takes a chart out, so that changing it does not copy it; it comes back with ``put(_:_:)``.
    mutating func take(_ chart: Int64) -> Held? {
        guard let taken = charts.removeValue(forKey: chart) else { return nil }
        held -= taken.weight
        if !taken.isWorkedOn { passing -= taken.weight }
        return taken
    }

    func peek(_ chart: Int64) -> ChartRecord? { charts[chart]?.record }

    /// Nil where the chart is not here.
    func isLocal(_ chart: Int64) -> Bool? { charts[chart]?.record.isLocal }

    mutating func put(_ chart: Int64, _ new: Held) {
        _ = take(chart)
        clock += 1
        charts[chart] = new
        charts[chart]?.use = clock
        held += new.weight
        if !new.isWorkedOn { passing += new.weight }
        while passing > room.passing, forgetOldest(but: chart, ofPassing: true) {}
        while held > room.events, forgetOldest(but: chart, ofPassing: false) {}
    }

    /// False where there is none to forget.
    private mutating func forgetOldest(but kept: Int64, ofPassing isOfPassing: Bool) -> Bool {
        let candidates = charts.lazy.filter { key, held in
            key != kept && !held.record.isLocal && !(isOfPassing && held.isWorkedOn)
        }
        guard let oldest = candidates.min(by: { $0.value.use < $1.value.use })?.key else { return false }
        _ = take(oldest)
        return true
    }

    mutating func drop(_ dropped: some Sequence<Int64>) {
        for chart in dropped { _ = take(chart) }
        // A rolled back job may have made these ids.
        chartIDs = [:]
        originIDs = [:]
        peerIDs = [:]
    }

    init(room: LogStore.Cache) { self.room = room }

    init(reading db: Database, room: LogStore.Cache) throws {
        self.init(room: room)
        counters.lastEvent = try Int64.fetchOne(db, sql: "SELECT max(id) FROM event") ?? 0
        counters.lastStatement =
            try Int64.fetchOne(
                db, sql: "SELECT max(number) FROM (SELECT number FROM receipt UNION ALL SELECT number FROM notice)") ?? 0
        if let row = try Row.fetchOne(db, sql: "SELECT id, chain FROM batch ORDER BY id DESC LIMIT 1") {
            counters.lastBatch = row[0]
            counters.chain = [UInt8](row[1] as Data)
        }
        counters.epoch = UInt64(bitPattern: try Self.meta("epoch", db) ?? 0)
        counters.instance = UInt64(bitPattern: try Self.meta("instance", db) ?? 0)
    }

    private static func meta(_ name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE name = ?", arguments: [name])
    }
}
