import CareModel
import EventLog
import Foundation
import GRDB

/// One commit under way: all that is written, it writes. Lives on the writer's thread only.
final class Transaction {
    private let connection: Database
    /// The connection, once nothing is being stored behind the transaction's back; throws where something could not be. Events that were
    /// inserted through this transaction may not stand there yet.
    var db: Database {
        get throws {
            try segments.finish()
            if changesBefore == nil { changesBefore = connection.totalChangesCount }
            return connection
        }
    }

    /// The connection, once all events of a chart stand there.
    func db(withEventsOf chart: Int64) throws -> Database {
        segments.place(chart)
        let db = try db
        if let tail = segments.takeTail(of: chart) {
            let update = try RawStatement(cached: "UPDATE chart SET \(SegmentChain.Tail.columns) WHERE id = ?4", db)
            try tail.bind(to: update)
            try update.bind(chart, at: 4)
            try update.run()
        }
        return db
    }

    /// Rows that had been changed when the present job first asked for the connection; nil where it has not.
    private var changesBefore: Int?
    private let isolation: Isolation
    let countersBefore: WriterState.Counters
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
    /// Disclosures that it wrote down before anything of them is sent.
    var accounted: [DisclosureRecorded] = []
    /// Marks of statements that it wrote down, and up to which arrival number it wrote down what came and was sent.
    var noted: [NodeID: Int] = [:]
    var journaledUpTo: Int64?
    /// True where nothing is left to a later commit.
    var isLast = false
    /// Roots that it completed: those that it wrote down, and those that wait for a later commit.
    var roots: (written: Set<NodeID>, waiting: [NodeID: CompletedRoots.Root]) = ([], [:])
    /// True when the only job failed: nothing is to be committed.
    private(set) var isUndone = false
    /// Events that the jobs are known to author yet, by chart: behind the last, the segment of a chart need not wait for the end.
    private var expected: [ChartID: Int] = [:]
    let segments: SegmentWriter
    private let begin: SegmentWriter.Mark

    struct StoredEvent {
        let row: EventRow
        let changesFold: Bool
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

    init(
        db: Database, segments: SegmentWriter, store: LogStore, key: NodeKey, state: WriterState, isolation: Isolation
    ) {
        self.isolation = isolation
        countersBefore = state.counters
        connection = db
        self.segments = segments
        begin = segments.mark
        self.store = store
        self.key = key
        self.state = state
    }

    /// Tells it which jobs it will carry out next.
    func expect(_ jobs: some Collection<CommitQueue.Job>) {
        // A segment that is alone is stored at the end.
        guard jobs.count > 1 || (jobs.first?.events.count ?? 0) > 1 else { return }
        for job in jobs { for chart in job.events { expected[chart, default: 0] += 1 } }
    }

    func noteAuthored(in chart: ChartID, _ id: Int64) {
        guard let left = expected[chart] else { return }
        expected[chart] = left > 1 ? left - 1 : nil
        // The commit's end is to stand beside the last of all.
        if left == 1, segments.openCharts > 1 { segments.place(id) }
    }

    /// Events that it stores: this node's, and others'.
    var stored: (own: Int, others: Int) { segments.counts }

    /// Runs a job; where it fails, only its own work is undone. One that is alone needs no savepoint for that: the whole transaction is
    /// undone, as ``isUndone`` says.
    ///
    /// - Throws: ``MustRunApart`` where the transaction cannot go on without the job's work being undone.
    func attempt(_ job: CommitQueue.Job) throws -> (any Error)? {
        touchedBefore.formUnion(touched)
        touched = []
        changesBefore = nil
        let (counters, mark, before) = (state.counters, segments.mark, roots)
        do {
            if isolation == .apart { try run("SAVEPOINT job") }
            try job.run(self)
            if isolation == .apart {
                // What is stored of a job, and fails, is the job's own.
                segments.placeAll()
                try run("RELEASE job")
            }
        } catch let error as DatabaseError where error.isDiskFailure {
            segments.abandon(after: begin)
            throw error
        } catch {
            switch isolation {
            case .alone:
                segments.abandon(after: begin)
                isUndone = true
            case .together:
                let wrote = !jobEvents.isEmpty || changesBefore.map { $0 != connection.totalChangesCount } ?? false
                if wrote || segments.hasFailed {
                    segments.abandon(after: begin)
                    throw MustRunApart()
                }
            case .apart:
                segments.abandon(after: mark)
                try run("ROLLBACK TO job")
                try run("RELEASE job")
            }
            (jobEvents, jobChange) = ([], nil)
            (state.counters, roots) = (counters, before)
            state.drop(touched)
            return error
        }
        takeJob()
        return nil
    }

    /// What a job has stored counts; the next one begins with nothing.
    private func takeJob() {
        for stored in jobEvents { newEvents[stored.row.chart, default: []].append(stored) }
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
        // While the last events are still being stored: all but those of one chart, beside which the commit's end is to stand.
        segments.placeAll(but: 1)
        var written: Set<Int64> = []
        let folds = try orApart {
            written = try writeRows(of: charts.map(\.key))
            let changed = try charts.compactMap { chart, events in
                try recordToFold(chart, after: events).map { (chart: chart, record: $0) }
            }
            let folds = try Cores.map(changed) { (chart: $0.chart, fold: KeptFold($0.record)) }
            try segments.finish()
            return folds
        }
        for (chart, fold) in folds { try store(fold, of: chart) }
        let accounts = try accountAhead(charts.map(\.value))
        if mayRelease { try releaseSynced() }
        try writeNoted()
        takeJob()
        guard !segments.isEmpty else { return }
        state.counters.lastBatch += 1
        let (number, chain, at) = (state.counters.lastBatch, state.counters.chain, store.configuration.clock())
        let end = try orApart {
            try segments.close { entries in
                let link = ArrivalChain.link(after: chain, number: number, at: at, entries, accounts)
                return SegmentWriter.End(at: at, chain: link, accounts: accounts)
            }
        }
        state.counters.chain = end.chain
        state.counters.lastEvent = segments.lastEvent
        change?.arrival = Int(segments.lastEvent)
        for chart in newEvents.keys.sorted() where !written.contains(chart) {
            let heads = try heads(of: chart)
            let tail = try segments.takeTail(of: chart) ?? SegmentChain.Tail(last: tail(of: chart))
            try segments.chartRows.write(row(of: chart, heads, tail: tail))
            guard try isForked(chart) else { continue }
            for origin in try record(chart).graph.forkedOrigins {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO fork (chart, origin) VALUES (?, ?)", arguments: [chart, origin.description])
            }
        }
        state.tails.merge(segments.tails.mapValues(\.last)) { $1 }
        if let charts = change?.charts { change?.offers = try offersAhead(charts) }
    }

    /// Where an event cannot be stored, nobody knows yet whose it is.
    private func orApart<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error where isolation != .apart && (error as? DatabaseError)?.isDiskFailure != true {
            segments.abandon(after: begin)
            throw MustRunApart()
        }
    }

    /// A chart that is to be folded with its new events; nil where they change nothing that is kept.
    private func recordToFold(_ chart: Int64, after events: [StoredEvent]) throws -> ChartRecord? {
        let changesFold = events.contains(where: \.changesFold)
        guard try changesFold || isForked(chart) else { return nil }
        return try record(chart)
    }

    /// What a chart's row says of its events; asked for before the tail of the chart is taken. A chart that memory had no room for is read anew for it, by
    /// what its row says of the tail: taken before, it would be missing there, and the chart be read as it was before the commit.
    private func heads(of chart: Int64) throws -> ChartHeads { try state.heads(of: chart) ?? record(chart).graph.heads }

    private func row(of chart: Int64, _ heads: ChartHeads, tail: SegmentChain.Tail) throws -> ChartRow {
        try ChartRow(chart, heads, tail: tail) { try originID($0) }
    }

    /// Lets the rows of charts be written beside the signing, where they are many; their segments may be stored later than they. Returns which these are:
    /// a forked chart's has more to say.
    private func writeRows(of charts: [Int64]) throws -> Set<Int64> {
        guard charts.count >= Self.manyRows else { return [] }
        var written: Set<Int64> = []
        var rows: [ChartRow] = []
        for chart in charts {
            let heads = try heads(of: chart)
            guard try !isForked(chart), let tail = segments.takePlacedTail(of: chart) else { continue }
            rows.append(try row(of: chart, heads, tail: tail))
            written.insert(chart)
        }
        if !rows.isEmpty { segments.write(rows) }
        return written
    }

    private func isForked(_ chart: Int64) throws -> Bool { try state.isForked(chart) ?? record(chart).graph.isForked }

    /// Rows that take as long to write as a thread to wake up.
    private static let manyRows = 16

    /// The last segment of a chart.
    private func tail(of chart: Int64) throws -> Int64 {
        if let tail = segments.tails[chart]?.last ?? state.tails[chart] { return tail }
        return try SegmentChain.last(of: chart, db)
    }

    /// Returns once nothing is being stored behind its back, and nothing will be.
    func stop() { segments.abandon(after: begin) }

    /// What nobody needs any more once all is committed.
    typealias Remains = (events: [Int64: [StoredEvent]], segments: [Segment])

    func takeRemains() -> Remains {
        defer { newEvents = [:] }
        return (newEvents, segments.takeSegments())
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
        let id = try SegmentChain.number(of: chart, db)
        if let id { state.chartIDs[chart] = id }
        return id
    }

    func createChart(_ chart: ChartID, isLocal: Bool) throws -> Int64 {
        try db.cachedStatement(sql: "INSERT INTO chart (hash, local) VALUES (?, ?)")
            .execute(arguments: [Data(chart.bytes), isLocal])
        let id = try db.lastInsertedRowID
        state.put(id, ChartRecord(chart: chart, isLocal: isLocal))
        state.tails[id] = 0
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
        let record = try RecordLoader(sealer: store.configuration.sealer).load(chart, db(withEventsOf: chart))
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
    ///
    /// - Parameter isWriting: true where this node writes to the chart: it will come back to it.
    func withRecord<Value>(
        _ chart: Int64, isWriting: Bool = false, _ body: (inout ChartRecord) throws -> Value
    ) throws -> Value {
        touched.insert(chart)
        if state.isLocal(chart) == nil { _ = try record(chart) }
        guard let value = try state.change(chart, isWriting: isWriting, body) else {
            throw LogStoreError(.io, "a chart vanished from memory")
        }
        return value
    }

    // MARK: Rows

    /// Stores an admitted event. `source` is the peer that it came from, nil for our own.
    ///
    /// - Parameter head: that came with it.
    func insert(
        _ event: Event, verdict: Verdict, chart: Int64, source: EventRow.Source?, head: SignedHead? = nil
    ) throws {
        let row = EventRow(
            chart: chart, event: event, verdict: verdict.isPermitted ? nil : try Self.text(of: verdict), source: source,
            head: head
        )
        if !segments.knowsTail(of: chart) { segments.begin(chart, after: try tail(of: chart)) }
        segments.add(row, origin: try originID(event.envelope.origin))
        let kind = Catalogue.kind(event.envelope.kind)
        jobEvents.append(
            StoredEvent(
                row: row,
                changesFold: kind.map { $0.rule != .keepAll || !event.envelope.refs.isEmpty } ?? true
                    || Catalogue.standing.contains(event.envelope.kind)))
        // A journal grows with whatever happens, and concerns no peer.
        if try !isLocal(chart) { note { $0.charts.insert(event.envelope.chart) } }
    }

    func noteRelease() { mayRelease = true }

    func note(_ body: (inout LogStore.Change) -> Void) {
        var change = jobChange ?? LogStore.Change(arrival: 0)
        body(&change)
        jobChange = change
    }

    func changeCounters(_ body: (inout WriterState.Counters) throws -> Void) rethrows { try body(&state.counters) }

    private static func text(of verdict: Verdict) throws -> String {
        String(decoding: try LineEncoder.encode(verdict), as: UTF8.self)
    }
}
