import CareModel
import EventLog
import Foundation
import GRDB

/// What the one writer keeps in memory. It says what the writer's connection sees; whatever a failed job touched is dropped.
struct WriterState: Sendable {
    private var records: [Int64: ChartRecord] = [:]
    private var uses: [Int64: Int] = [:]
    /// Charts that this node has written to since they are here.
    private var workedOn: Set<Int64> = []
    /// Events of the records that are here, counted along: adding them up for each event cost more than the event.
    private(set) var held = 0
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

    /// Takes a record out, so that changing it does not copy it; it comes back with ``put(_:_:)``.
    mutating func take(_ chart: Int64) -> ChartRecord? {
        guard let record = records.removeValue(forKey: chart) else { return nil }
        held -= record.graph.nodes.count
        if !workedOn.contains(chart) { passing -= record.graph.nodes.count }
        return record
    }

    /// The chart is one that this node writes to.
    mutating func workOn(_ chart: Int64) {
        guard workedOn.insert(chart).inserted, let record = records[chart] else { return }
        passing -= record.graph.nodes.count
    }

    func peek(_ chart: Int64) -> ChartRecord? { records[chart] }

    /// Nil where the record is not here.
    func isLocal(_ chart: Int64) -> Bool? { records[chart]?.isLocal }

    mutating func put(_ chart: Int64, _ record: ChartRecord) {
        _ = take(chart)
        clock += 1
        uses[chart] = clock
        records[chart] = record
        held += record.graph.nodes.count
        if !workedOn.contains(chart) { passing += record.graph.nodes.count }
        while passing > room.passing, let oldest = oldest(where: { $0 != chart && !workedOn.contains($0) }) {
            forget(oldest)
        }
        while held > room.events, let oldest = oldest(where: { $0 != chart }) { forget(oldest) }
    }

    private func oldest(where isCandidate: (Int64) -> Bool) -> Int64? {
        records.keys.filter(isCandidate).min { uses[$0, default: 0] < uses[$1, default: 0] }
    }

    private mutating func forget(_ chart: Int64) {
        _ = take(chart)
        uses[chart] = nil
        workedOn.remove(chart)
    }

    mutating func drop(_ charts: some Sequence<Int64>) {
        for chart in charts { forget(chart) }
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
