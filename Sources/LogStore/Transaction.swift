import CareModel
import EventLog
import Foundation
import GRDB

/// One commit under way: all that is written, it writes. Lives on the writer's thread only.
final class Transaction {
    private let connection: Database
    /// The connection, once all events are stored that were inserted through this transaction; throws where one could not be.
    var db: Database {
        get throws {
            try rows.finish()
            if changesBefore == nil { changesBefore = connection.totalChangesCount }
            return connection
        }
    }
    /// Rows that had been changed when the present job first asked for the connection; nil where it has not.
    private var changesBefore: Int?
    private let isolation: Isolation
    private let countersBefore: WriterState.Counters
    let store: LogStore
    /// The node's key as the transaction began: what it writes and what it signs go together, also while the key is replaced.
    let key: NodeKey
    private(set) var state: WriterState
    private(set) var change: LogStore.Change?
    /// Charts that the present job has changed in memory, and those that earlier ones have.
    private var touched: Set<Int64> = []
    private var touchedBefore: Set<Int64> = []
    /// What the present job has stored; counts once the job is done.
    private var jobEvents: [StoredEvent] = []
    private var jobChange: LogStore.Change?
    /// Whether a held chart may be free now: a root was completed, or it was decided anew whom a chart is shared with.
    private var mayRelease = false
    private var newEvents: [Int64: [StoredEvent]] = [:]
    private var arrived: [ArrivalChain.Entry] = []
    /// Disclosures that it wrote down before anything of them is sent.
    var accounted: [DisclosureRecorded] = []
    /// True when the only job failed: nothing is to be committed.
    private(set) var isUndone = false
    private let rows: EventInserter

    struct StoredEvent {
        let row: EventRow
        /// The peer that it came from, nil for our own.
        let source: NodeID?
        let changesFold: Bool

        var isOwn: Bool { source == nil }
    }

    /// How what one job does is kept apart from what the others do.
    enum Isolation {
        /// There is one job. Where it fails, nothing is committed.
        case alone
        /// There are several, and none is expected to fail after it wrote something: a savepoint for each costs half as much as its event.
        case together
        /// There are several, and one of them did.
        case apart
    }

    /// A job of several failed after it had written something, or an event could not be stored, nobody knows whose: all jobs are to be
    /// carried out again, each with a savepoint.
    struct MustRunApart: Error {}

    init(db: Database, rows: EventInserter, store: LogStore, state: WriterState, isolation: Isolation) {
        self.isolation = isolation
        countersBefore = state.counters
        connection = db
        self.rows = rows
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
    ///
    /// - Throws: ``MustRunApart`` where the transaction cannot go on without the job's work being undone.
    func attempt(_ job: CommitQueue.Job) throws -> (any Error)? {
        touchedBefore.formUnion(touched)
        touched = []
        changesBefore = nil
        let counters = state.counters
        do {
            if isolation == .apart { try run("SAVEPOINT job") }
            try job.run(self)
            // `run` waits for the job's own events: their failure is its own.
            if isolation == .apart { try run("RELEASE job") }
        } catch let error as DatabaseError where error.isDiskFailure {
            rows.abandon()
            throw error
        } catch {
            switch isolation {
            case .alone:
                rows.abandon()
                isUndone = true
            case .together:
                let wrote = !jobEvents.isEmpty || changesBefore.map { $0 != connection.totalChangesCount } ?? false
                if wrote || rows.hasFailed {
                    rows.abandon()
                    throw MustRunApart()
                }
            case .apart:
                rows.abandon()
                try run("ROLLBACK TO job")
                try run("RELEASE job")
            }
            (jobEvents, jobChange) = ([], nil)
            state.counters = counters
            state.drop(touched)
            return error
        }
        takeJob()
        return nil
    }

    /// What a job has stored counts; the next one begins with nothing.
    private func takeJob() {
        for stored in jobEvents {
            newEvents[stored.row.chart, default: []].append(stored)
            arrived.append(
                ArrivalChain.Entry(
                    event: stored.row.event.hash, source: stored.source, head: stored.row.head.map { ArrivalChain.Entry.Head($0) }
                ))
        }
        jobEvents = []
        guard let jobChange else { return }
        change?.add(jobChange)
        if change == nil { change = jobChange }
        self.jobChange = nil
    }

    private func run(_ sql: String) throws { try RawStatement(cached: sql, db).run() }

    /// What belongs to the end of every commit: digests, projections, disclosures, heads, the arrival log.
    func close() throws {
        let charts = newEvents.sorted { $0.key < $1.key }
        // While the last events are still being stored.
        let folds = try charts.map { chart, events in try fold(chart, after: events) }
        if isolation != .apart {
            do {
                try rows.finish()
            } catch let error as DatabaseError where error.isDiskFailure {
                throw error
            } catch {
                rows.abandon()
                throw MustRunApart()
            }
        }
        for ((chart, events), fold) in zip(charts, folds) { try closeChart(chart, events, fold) }
        try accountAhead(charts.map(\.value))
        for (chart, events) in Dictionary(grouping: jobEvents, by: \.row.chart) {
            try closeChart(chart, events, fold(chart, after: events))
        }
        if mayRelease { try releaseSynced() }
        takeJob()
        try signHeads(newEvents.keys.sorted().flatMap { Self.witnesses(newEvents[$0] ?? []) })
        guard !arrived.isEmpty else { return }
        state.counters.lastBatch += 1
        let at = store.configuration.clock()
        state.counters.chain = ArrivalChain.link(
            after: state.counters.chain, number: state.counters.lastBatch, at: at, arrived)
        let insert = try RawStatement(cached: "INSERT INTO batch (id, at, last, chain, form) VALUES (?, ?, ?, ?, ?)", db)
        try insert.bind(state.counters.lastBatch, at: 1)
        try insert.bind(Int64(at.milliseconds), at: 2)
        try insert.bind(state.counters.lastEvent, at: 3)
        try insert.bind(state.counters.chain, at: 4)
        try insert.bind(Int64(ArrivalChain.Form.heads.rawValue), at: 5)
        try insert.run()
    }

    /// The events of this node that get a head: the last of a commit, and one in so many before it.
    private static func witnesses(_ events: [StoredEvent]) -> [StoredEvent] {
        let own = events.filter(\.isOwn)
        return own.indices.filter { $0 == own.count - 1 || ($0 + 1).isMultiple(of: Limits.eventsPerSignedHead) }.map { own[$0] }
    }

    private func signHeads(_ witnesses: [StoredEvent]) throws {
        guard !witnesses.isEmpty else { return }
        let heads = try HeadSigning.sign(witnesses.map(\.row.event), at: store.configuration.clock(), with: key)
        for (head, event) in zip(heads, witnesses) {
            try store(head, of: event.row.id)
            // Events of a commit are numbered without a gap.
            arrived[arrived.count - 1 - Int(state.counters.lastEvent - event.row.id)].head = ArrivalChain.Entry.Head(head)
        }
    }

    /// What a chart comes to with its new events; nil where they change nothing that is kept.
    private func fold(_ chart: Int64, after events: [StoredEvent]) throws -> KeptFold? {
        let record = try record(chart)
        return !record.graph.forkedOrigins.isEmpty || events.contains(where: \.changesFold) ? KeptFold(record) : nil
    }

    private func closeChart(_ chart: Int64, _ events: [StoredEvent], _ fold: KeptFold?) throws {
        let graph = try record(chart).graph
        try updateTips(chart, events, in: graph)
        let forked = graph.forkedOrigins
        if let fold { try store(fold, of: chart) }
        let update = try RawStatement(cached: "UPDATE chart SET digest = ?, folded = ? WHERE id = ?", db)
        try update.bind(graph.heads.digest, at: 1)
        try update.bind(state.counters.lastEvent, at: 2)
        try update.bind(chart, at: 3)
        try update.run()
        for origin in forked {
            try db.execute(
                sql: "INSERT OR IGNORE INTO fork (chart, origin) VALUES (?, ?)", arguments: [chart, origin.description])
        }
    }

    /// Takes the state out; nothing may be written through this transaction afterwards.
    func finish() -> WriterState { state }

    /// The same after the transaction was rolled back: as it was before.
    func finishUndone() -> WriterState {
        state.drop(touched.union(touchedBefore))
        state.counters = countersBefore
        return state
    }

    // MARK: Charts and origins

    func chartID(_ chart: ChartID) throws -> Int64? {
        if let id = state.chartIDs[chart] { return id }
        let id = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM chart WHERE hash = ?"), arguments: [Data(chart.bytes)])
        if let id { state.chartIDs[chart] = id }
        return id
    }

    func createChart(_ chart: ChartID, isLocal: Bool) throws -> Int64 {
        try db.cachedStatement(sql: "INSERT INTO chart (hash, local) VALUES (?, ?)")
            .execute(arguments: [Data(chart.bytes), isLocal])
        let id = try db.lastInsertedRowID
        state.put(id, WriterState.Held(ChartRecord(chart: chart, isLocal: isLocal)))
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
        state.put(chart, WriterState.Held(record))
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
    ///
    /// - Parameter isWriting: true where this node writes to the chart: it will come back to it.
    func withRecord<Value>(
        _ chart: Int64, isWriting: Bool = false, _ body: (inout ChartRecord) throws -> Value
    ) throws -> Value {
        touched.insert(chart)
        if state.isLocal(chart) == nil { _ = try record(chart) }
        guard var held = state.take(chart) else { throw LogStoreError(.io, "a chart vanished from memory") }
        if isWriting { held.isWorkedOn = true }
        defer { state.put(chart, held) }
        return try body(&held.record)
    }

    // MARK: Rows

    /// Stores an admitted event. `source` is the peer that it came from, nil for our own.
    ///
    /// - Parameter head: that came with it.
    func insert(
        _ event: Event, verdict: Verdict, chart: Int64, source: (row: Int64, node: NodeID)?, head: SignedHead? = nil
    ) throws {
        state.counters.lastEvent += 1
        let verdictText = verdict.isPermitted ? nil : try Self.text(of: verdict)
        let row = EventRow(
            id: state.counters.lastEvent, chart: chart, event: event, verdict: verdictText, source: source?.row ?? 0,
            batch: state.counters.lastBatch + 1, head: head)
        rows.add(row)
        let kind = Catalogue.kind(event.envelope.kind)
        jobEvents.append(
            StoredEvent(
                row: row, source: source?.node,
                changesFold: kind.map { $0.rule != .keepAll || !event.envelope.refs.isEmpty } ?? true
                    || Catalogue.standing.contains(event.envelope.kind)))
        // A journal grows with whatever happens, and concerns no peer.
        if try !isLocal(chart) { note { $0.charts.insert(event.envelope.chart) } }
    }

    private func store(_ head: SignedHead, of event: Int64) throws {
        try RawStatement(cached: EventInserter.headRow, db).run(head, of: event)
    }

    func noteRelease() { mayRelease = true }

    func note(_ body: (inout LogStore.Change) -> Void) {
        var change = jobChange ?? LogStore.Change(arrival: 0)
        body(&change)
        change.arrival = Int(state.counters.lastEvent)
        jobChange = change
    }

    func changeCounters(_ body: (inout WriterState.Counters) throws -> Void) rethrows { try body(&state.counters) }

    /// The tips of the origins of these events, as they are now. An origin never has fewer than before: the row of a branch is written over.
    private func updateTips(_ chart: Int64, _ events: [StoredEvent], in graph: ChartGraph) throws {
        var origins: Set<Origin> = []
        for event in events where origins.insert(event.row.event.envelope.origin).inserted {
            let origin = event.row.event.envelope.origin
            for (branch, tip) in graph.tips(of: origin).enumerated() {
                let put = try RawStatement(
                    cached: """
                        INSERT INTO tip (chart, origin, branch, seq, hash) VALUES (?, ?, ?, ?, ?)
                        ON CONFLICT (chart, origin, branch) DO UPDATE SET seq = excluded.seq, hash = excluded.hash
                        """, db)
                try put.bind(chart, at: 1)
                try put.bind(try originID(origin), at: 2)
                try put.bind(Int64(branch), at: 3)
                try put.bind(Int64(graph.nodes[tip].envelope.seq), at: 4)
                try put.bind(graph.nodes[tip].hash, at: 5)
                try put.run()
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
