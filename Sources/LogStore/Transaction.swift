import CareModel
import EventLog
import Foundation
import GRDB

/// One commit under way: all that is written, it writes. Lives on the writer's thread only.
final class Transaction {
    let db: Database
    let store: LogStore
    /// The node's key as the transaction began: what it writes and what it signs go together, also while the key is replaced.
    let key: NodeKey
    private(set) var state: WriterState
    private(set) var change: LogStore.Change?
    /// Charts that the present job has changed in memory.
    private var touched: Set<Int64> = []
    /// What the present job has stored; counts once the job is done.
    private var jobEvents: [StoredEvent] = []
    private var jobChange: LogStore.Change?
    /// Whether a held chart may be free now: a root was completed, or it was decided anew whom a chart is shared with.
    private var mayRelease = false
    private var newEvents: [Int64: [StoredEvent]] = [:]
    private var arrived: [ArrivalChain.Entry] = []
    /// True when the only job failed: nothing is to be committed.
    private(set) var isUndone = false
    private var insertEvent: RawStatement?
    private var insertBody: RawStatement?

    struct StoredEvent {
        let id: Int64
        let chart: Int64
        let event: Event
        let source: NodeID?
        let changesFold: Bool

        var isOwn: Bool { source == nil }
    }

    init(db: Database, store: LogStore, state: WriterState) {
        self.db = db
        self.store = store
        key = store.key
        self.state = state
    }

    /// Events that it stores: this node's, and others'.
    var stored: (own: Int, others: Int) {
        let own = arrived.count { $0.source == nil }
        return (own, arrived.count - own)
    }

    /// Runs a job; where it fails, only its own work is undone. One that is alone needs no savepoint for that: the whole transaction is
    /// undone, as ``isUndone`` says.
    func attempt(_ job: CommitQueue.Job, isAlone: Bool) throws -> (any Error)? {
        touched = []
        jobEvents = []
        jobChange = nil
        let counters = state.counters
        do {
            if !isAlone { try run("SAVEPOINT job") }
            try job.run(self)
            if !isAlone { try run("RELEASE job") }
        } catch let error as DatabaseError where error.isDiskFailure {
            throw error
        } catch {
            if isAlone {
                isUndone = true
            } else {
                try run("ROLLBACK TO job")
                try run("RELEASE job")
            }
            state.counters = counters
            state.drop(touched)
            return error
        }
        for stored in jobEvents {
            newEvents[stored.chart, default: []].append(stored)
            arrived.append(ArrivalChain.Entry(event: stored.event.hash, source: stored.source))
        }
        mergeChange()
        return nil
    }

    private func run(_ sql: String) throws { try RawStatement(cached: sql, db).run() }

    private func mergeChange() {
        guard let jobChange else { return }
        change = LogStore.Change(
            charts: jobChange.charts.union(change?.charts ?? []),
            statements: jobChange.statements || change?.statements ?? false,
            erased: (change?.erased ?? []) + jobChange.erased,
            beganNewLife: jobChange.beganNewLife || change?.beganNewLife ?? false, arrival: jobChange.arrival)
        self.jobChange = nil
    }

    /// What belongs to the end of every commit: heads, digests, projections, the arrival log.
    func close() throws {
        for (chart, events) in newEvents.sorted(by: { $0.key < $1.key }) { try closeChart(chart, events) }
        if mayRelease { try releaseSynced() }
        mergeChange()
        guard !arrived.isEmpty else { return }
        state.counters.lastBatch += 1
        let at = store.configuration.clock()
        state.counters.chain = ArrivalChain.link(
            after: state.counters.chain, number: state.counters.lastBatch, at: at, arrived)
        try db.cachedStatement(sql: "INSERT INTO batch (id, at, last, chain, form) VALUES (?, ?, ?, ?, ?)").execute(arguments: [
            state.counters.lastBatch, at.milliseconds, state.counters.lastEvent, Data(state.counters.chain),
            ArrivalChain.Form.sources.rawValue,
        ])
    }

    private func closeChart(_ chart: Int64, _ events: [StoredEvent]) throws {
        if let last = events.last(where: \.isOwn) {
            let head = try SignedHead(
                signing: last.event, at: store.configuration.clock(), with: key)
            try insert(head, of: last.id)
        }
        let graph = try record(chart).graph
        try updateTips(chart, events, in: graph)
        let forked = graph.forkedOrigins
        if !forked.isEmpty || events.contains(where: \.changesFold) { try project(chart) }
        try db.cachedStatement(sql: "UPDATE chart SET digest = ?, folded = ? WHERE id = ?")
            .execute(arguments: [Data(graph.heads.digest.bytes), state.counters.lastEvent, chart])
        for origin in forked {
            try db.execute(
                sql: "INSERT OR IGNORE INTO fork (chart, origin) VALUES (?, ?)", arguments: [chart, origin.description])
        }
    }

    /// Takes the state out; nothing may be written through this transaction afterwards.
    func finish() -> WriterState { state }

    // MARK: Charts and origins

    func chartID(_ chart: ChartID) throws -> Int64? {
        if let id = state.chartIDs[chart] { return id }
        let id = try Int64.fetchOne(db, sql: "SELECT id FROM chart WHERE hash = ?", arguments: [Data(chart.bytes)])
        if let id { state.chartIDs[chart] = id }
        return id
    }

    func createChart(_ chart: ChartID, isLocal: Bool) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO chart (hash, local) VALUES (?, ?)", arguments: [Data(chart.bytes), isLocal])
        let id = db.lastInsertedRowID
        state.put(id, ChartRecord(chart: chart, isLocal: isLocal))
        touched.insert(id)
        return id
    }

    func originID(_ origin: Origin) throws -> Int64 {
        if let id = state.originIDs[origin] { return id }
        try db.execute(sql: "INSERT OR IGNORE INTO origin (text) VALUES (?)", arguments: [origin.description])
        guard
            let id = try Int64.fetchOne(
                db, sql: "SELECT id FROM origin WHERE text = ?", arguments: [origin.description])
        else { throw LogStoreError(.io, "an origin was not stored") }
        state.originIDs[origin] = id
        return id
    }

    /// The record of a chart as this transaction sees it.
    func record(_ chart: Int64) throws -> ChartRecord {
        if let record = state.peek(chart) { return record }
        let record = try RecordLoader(sealer: store.configuration.sealer).load(chart, db)
        state.put(chart, record)
        return record
    }

    private func isLocal(_ chart: Int64) throws -> Bool { try state.isLocal(chart) ?? record(chart).isLocal }

    /// Forgets what memory holds of a chart, and its row where this transaction made it.
    func forget(_ chart: Int64, isNew: Bool) throws {
        state.drop([chart])
        if isNew { try db.execute(sql: "DELETE FROM chart WHERE id = ?", arguments: [chart]) }
    }

    func nextStatement() -> Int64 {
        state.counters.lastStatement += 1
        return state.counters.lastStatement
    }

    func drop(_ chart: Int64) { state.drop([chart]) }

    func cache(_ node: NodeID, _ id: Int64) { state.peerIDs[node] = id }

    /// Changes the record of a chart without copying it.
    func withRecord<Value>(_ chart: Int64, _ body: (inout ChartRecord) throws -> Value) throws -> Value {
        touched.insert(chart)
        _ = try record(chart)
        guard var record = state.take(chart) else { throw LogStoreError(.io, "a chart vanished from memory") }
        defer { state.put(chart, record) }
        return try body(&record)
    }

    // MARK: Rows

    /// Stores an admitted event. `source` is the peer that it came from, nil for our own.
    func insert(_ event: Event, verdict: Verdict, chart: Int64, source: (row: Int64, node: NodeID)?) throws {
        state.counters.lastEvent += 1
        let verdictText = verdict.isPermitted ? nil : try Self.text(of: verdict)
        let statement = try insertEvent ?? RawStatement(cached: Self.eventInsert, db)
        insertEvent = statement
        try statement.bind(state.counters.lastEvent, at: 1)
        try statement.bind(chart, at: 2)
        try statement.bind(event.hash, at: 3)
        try statement.bind(event.line, at: 4)
        try statement.bind(verdictText, at: 5)
        try statement.bind(source?.row ?? 0, at: 6)
        try statement.bind(state.counters.lastBatch + 1, at: 7)
        try statement.run()
        if let body = event.bodyLine {
            let statement = try insertBody ?? RawStatement(cached: "INSERT INTO body (event, sealed) VALUES (?, ?)", db)
            insertBody = statement
            try statement.bind(state.counters.lastEvent, at: 1)
            try statement.bind(try store.configuration.sealer.seal(body.line, as: event.hash.bytes), at: 2)
            try statement.run()
        }
        let kind = Catalogue.kind(event.envelope.kind)
        jobEvents.append(
            StoredEvent(
                id: state.counters.lastEvent, chart: chart, event: event, source: source?.node,
                changesFold: kind.map { $0.rule != .keepAll || !event.envelope.refs.isEmpty } ?? true
                    || Catalogue.standing.contains(event.envelope.kind)))
        // A journal grows with whatever happens, and concerns no peer.
        if try !isLocal(chart) { note { $0.charts.insert(event.envelope.chart) } }
    }

    private static let eventInsert =
        "INSERT INTO event (id, chart, hash, envelope, verdict, source, batch) VALUES (?, ?, ?, ?, ?, ?, ?)"

    func insert(_ head: SignedHead, of event: Int64) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO head (event, at, signature) VALUES (?, ?, ?)")
            .execute(arguments: [event, head.at.milliseconds, Data(head.signature)])
    }

    func noteRelease() { mayRelease = true }

    func note(_ body: (inout LogStore.Change) -> Void) {
        var change = jobChange ?? LogStore.Change(arrival: 0)
        body(&change)
        change.arrival = Int(state.counters.lastEvent)
        jobChange = change
    }

    func changeCounters(_ body: (inout WriterState.Counters) throws -> Void) rethrows { try body(&state.counters) }

    /// The tips that these events replace go, and those of them that nothing follows come: of a run in one chain only its end is written.
    private func updateTips(_ chart: Int64, _ events: [StoredEvent], in graph: ChartGraph) throws {
        let new = Set(events.map(\.event.hash))
        for envelope in events.lazy.map(\.event.envelope) {
            guard let prev = envelope.prev, !new.contains(prev) else { continue }
            try db.cachedStatement(sql: "DELETE FROM tip WHERE chart = ? AND origin = ? AND hash = ?")
                .execute(arguments: [chart, try originID(envelope.origin), Data(prev.bytes)])
        }
        for origin in Set(events.map(\.event.envelope.origin)).sorted() {
            for tip in graph.tips(of: origin).map({ graph.nodes[$0] }) where new.contains(tip.hash) {
                try db.cachedStatement(sql: "INSERT INTO tip (chart, origin, hash, seq) VALUES (?, ?, ?, ?)")
                    .execute(arguments: [chart, try originID(origin), Data(tip.hash.bytes), tip.envelope.seq])
            }
        }
    }

    private static func text(of verdict: Verdict) throws -> String {
        String(decoding: try JSONEncoder().encode(verdict), as: UTF8.self)
    }
}

extension DatabaseError {
    /// The disk or the file failed: nothing can be relied on, unlike a constraint that a job ran into.
    var isDiskFailure: Bool {
        [.SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CORRUPT, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_NOTADB, .SQLITE_PROTOCOL]
            .contains(resultCode.primaryResultCode)
    }
}
