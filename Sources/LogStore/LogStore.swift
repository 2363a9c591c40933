import CareModel
import Dispatch
public import EventLog
import Foundation
import GRDB
import Synchronization

/// The durable log of one node: SQLite, one process, one writer connection.
///
/// What is acknowledged has been committed with `synchronous = FULL`: it survives a power cut. Nothing is told to anybody before that.
public final class LogStore: Sendable {
    /// What the store is opened with.
    public struct Configuration: Sendable {
        /// The database file; others stand beside it.
        public var path: String
        /// Signs heads and receipts, until another takes its place.
        public var key: NodeKey
        /// Seals bodies and projections.
        public var sealer: Sealer
        /// The node's wall clock.
        public var clock: @Sendable () -> Timestamp
        /// 64 random bits.
        public var random: @Sendable () -> UInt64
        /// Told how far a migration is.
        public var progress: Progress = { _, _, _ in }
        /// True when the log is opened for the first time after a backup was put in its place.
        public var isRestored = false
        /// How much of the charts the writer keeps in memory.
        public var cache = Cache()
        /// True to set room aside for the write-ahead log (8 MB), so that a commit waits for the disk once and not twice. For a log that little is
        /// written to it costs more than it saves.
        public var reservesSpace = true
        /// How long it takes at most until the journal says what came from peers and what they were sent at once, while the node runs.
        public var leisure = Duration.seconds(1)

        /// What the store is opened with.
        public init(
            path: String, key: NodeKey, sealer: Sealer, clock: @escaping @Sendable () -> Timestamp,
            random: @escaping @Sendable () -> UInt64
        ) {
            self.path = path
            self.key = key
            self.sealer = sealer
            self.clock = clock
            self.random = random
        }
    }

    /// How much of the charts the writer keeps in memory, in events; each takes about 1.3 KiB.
    public struct Cache: Sendable {
        /// In all, without journals. A chart that is written to and is not there is read anew for each commit: so there is room for all that a practice works
        /// on in a day, and for a batch over a few hundred charts.
        public var events = 131_072
        /// Of charts that nobody here writes to. They pass through from peers, one after another, and are not come back to: a catch-up of
        /// any size needs no more memory than this.
        public var passing = 3072

        /// What a node has.
        public init() {}
    }

    /// What a commit changed, for those who pass it on. Sent after the commit.
    public struct Change: Sendable {
        /// Charts with new events.
        public var charts: Set<ChartID> = []
        /// Nodes whose receipts were stored.
        public var receivers: Set<NodeID> = []
        /// True when removal notices were stored.
        public var hasNotices = false
        /// Events whose bodies were erased.
        public var erased: [EventHash] = []
        /// True when a new epoch was drawn: sessions of the node's earlier life must end, and all roots be completed anew.
        public var beganNewLife = false
        /// The last arrival number.
        public var arrival: Int
        /// When it was durable, and to be read.
        public internal(set) var durable = ContinuousClock.now
        /// What peers that were connected may have of these charts, each with the digest of its heads, as far as the commit has looked.
        public var offers: [NodeID: [ChartID: EventHash?]] = [:]

        /// Adds what a later job of the same commit changed.
        mutating func add(_ later: Change) {
            charts.formUnion(later.charts)
            receivers.formUnion(later.receivers)
            hasNotices = hasNotices || later.hasNotices
            erased += later.erased
            beganNewLife = beganNewLife || later.beganNewLife
            arrival = later.arrival
        }

        /// True when receipts or notices were stored.
        public var hasStatements: Bool { hasNotices || !receivers.isEmpty }

        /// Whether some of them may be for a peer: it is not sent its own receipts.
        public func hasStatements(for peer: NodeID) -> Bool { hasNotices || receivers.contains { $0 != peer } }
    }

    /// Told how far something is: what, how much of it is done, and all of it.
    public typealias Progress = @Sendable (_ what: String, _ done: Int, _ all: Int) -> Void

    let configuration: Configuration
    let pool: DatabasePool
    /// A connection for what is read at a glance.
    let glances: DatabaseQueue
    let isGlancing = Atomic(false)
    let state: Mutex<WriterState>
    private let lock: ProcessLock
    let token: EpochToken
    let erased: ErasedList
    let drewAtStart = Mutex(false)
    let reerased = Mutex(0)
    let measured = Mutex(LogMeasures())
    let ahead = AccountAhead()
    let noted = NotedMarks()
    let completed = CompletedRoots()
    let disclosures = DisclosureJournal()
    let forthcoming = Forthcoming()
    /// The keys of nodes, as a chart has shown them last.
    let memberKeys = Mutex<[NodeID: NodeKeys]>([:])
    let headsAhead = HeadsAhead()
    private let queue = CommitQueue()
    /// Where events are inserted while their transaction goes on.
    private let insertion = DispatchQueue(label: "duolog.insertion")
    private let bulkInsertion = DispatchQueue(label: "duolog.insertion.bulk", qos: .background)
    private let observers = Observers()
    private let onFailure: @Sendable (LogStoreError) -> Void
    private let keys: Mutex<NodeKey>
    /// This node's id.
    public let node: NodeID
    /// This node's key: signs heads, receipts and notices.
    public var key: NodeKey { keys.withLock { $0 } }

    /// Opens or creates the log, migrates it, and takes the lock against a second process.
    ///
    /// - Parameter onFailure: told when a commit fails; the process must stop.
    public init(_ configuration: Configuration, onFailure: @escaping @Sendable (LogStoreError) -> Void = { _ in }) throws {
        self.configuration = configuration
        keys = Mutex(configuration.key)
        node = configuration.key.node
        lock = try ProcessLock(path: configuration.path + ".lock")
        let pool = try Self.openPool(configuration.path)
        self.pool = pool
        try Schema.migrate(pool, at: configuration.path, progress: configuration.progress)
        glances = try Self.openGlances(configuration.path)
        self.onFailure = onFailure
        state = Mutex(try pool.read { try WriterState(reading: $0, room: configuration.cache) })
        token = EpochToken(beside: configuration.path)
        erased = try ErasedList(beside: configuration.path)
        try checkEpoch()
        try reapplyErasures()
        if configuration.reservesSpace {
            pool.writeWithoutTransaction { WriteAheadSpace.reserve($0, at: configuration.path) }
        }
    }

    /// The last connection moves all pages into the database file; one that only reads cannot.
    deinit { try? glances.close() }

    private static func openPool(_ path: String) throws -> DatabasePool {
        var settings = GRDB.Configuration()
        settings.label = "duolog.log"
        settings.maximumReaderCount = 4
        // What is read for long is not more urgent than what is written.
        settings.qos = .default
        settings.prepareDatabase { db in
            // The page size holds for a file that is being created; INSERT OR REPLACE must not slip past the triggers.
            // Each of the connections has a cache of its own; the kernel has all of the file in its.
            try db.execute(
                sql: """
                    PRAGMA page_size = \(WriteAheadSpace.pageBytes); PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -512
                    """)
        }
        let pool: DatabasePool
        do {
            pool = try DatabasePool(path: path, configuration: settings)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL when it turns WAL on, after the configuration ran: FULL holds only from here on.
                // What a job of a group would undo is kept in memory, and what a commit of the largest size changes in the cache.
                try db.execute(
                    sql: """
                        PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = \(WriteAheadSpace.checkpointPages);
                        PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048
                        """)
            }
        } catch {
            throw LogStoreError(.io, "cannot open \(path): \(error)")
        }
        return pool
    }

    /// Called after each commit that changed something, by the thread that made it; in the order in which they were added.
    public func observe(_ handler: @escaping @Sendable (Change) -> Void) { observers.add(handler) }

    /// The value of `PRAGMA synchronous` on the writer: 2 is FULL.
    public func synchronousSetting() throws -> Int {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }

    /// Returns once the writer has nothing else to do: a sign of life, without a word to the disk.
    public func answer() async throws { try await pool.writeWithoutTransaction { _ in } }

    /// Returns once all that was handed over before is stored, and what waited for leisure.
    public func finish() async throws { try await write { try $0.writeAllThatWaits() } }

    /// Signs with another key from now on: the caller has stored it, and says so in every chart by ``announceKey()``.
    func replaceKey(_ key: NodeKey) { keys.withLock { $0 = key } }

    // MARK: Writing

    /// Runs `body` in the next commit and returns once that is durable.
    func write<Value: Sendable>(
        weight: Int = 4096, events: [ChartID] = [], _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        try await enqueue(weight: weight, events: events, body).value()
    }

    /// The same, and returns once it has its place.
    ///
    /// - Parameters:
    ///   - weight: bytes that it may write.
    ///   - events: the chart of each event that it will author, as far as that is known.
    func enqueue<Value: Sendable>(
        weight: Int, events: [ChartID] = [], _ body: @escaping @Sendable (Transaction) throws -> Value
    ) -> Queued<Value> {
        // The thread that wrote must not keep the log open, and locked, once those who had asked have their answers.
        queue.enqueue(
            weight: weight, events: events,
            performing: { [weak self] jobs in
                self?.commit(jobs) ?? CommitQueue.Done(outcomes: jobs.all.map { _ in LogStoreError(.io, "the log was closed") })
            }, body)
    }

    private func commit(_ jobs: CommitQueue.Jobs) -> CommitQueue.Done {
        let began = ContinuousClock.now
        do {
            let (done, change) = try pool.writeWithoutTransaction { db in try self.transact(jobs, db) }
            measured.withLock { $0.commits.observe(ContinuousClock.now - began) }
            if let change, !change.erased.isEmpty { try finishErasure(change.erased) }
            if let change { observers.tell(change) }
            if let due = disclosures.takeDue() { write(due) }
            return done
        } catch {
            // Nothing of this commit can be relied on, and whether it reached the disk is unknown.
            let failure = LogStoreError(.io, "writing to \(configuration.path) failed: \(error); Duolog stops rather than guess")
            onFailure(failure)
            return CommitQueue.Done(outcomes: jobs.all.map { _ in failure })
        }
    }

    private func transact(_ jobs: CommitQueue.Jobs, _ db: Database) throws -> (CommitQueue.Done, Change?) {
        try state.withLock { state in
            do {
                return try transact(jobs, jobs.isAlone ? .alone : .together, &state, db)
            } catch is Transaction.MustRunApart {
                jobs.beginAgain()
                return try transact(jobs, .apart, &state, db)
            }
        }
    }

    private func transact(
        _ jobs: CommitQueue.Jobs, _ isolation: Transaction.Isolation, _ state: inout WriterState, _ db: Database
    ) throws -> (CommitQueue.Done, Change?) {
        let (key, clock) = (key, configuration.clock)
        let queue = jobs.isBulk ? bulkInsertion : insertion
        let segments = try SegmentWriter(
            db, sealer: configuration.sealer, queue: queue, batch: state.counters.lastBatch + 1,
            lastEvent: state.counters.lastEvent
        ) { try SignedHead(signing: $0, at: clock(), with: key) }
        // Moved, not copied: a second reference would make every change to a record copy it.
        let transaction = Transaction(
            db: db, segments: segments, store: self, key: key,
            state: exchange(&state, with: WriterState(room: configuration.cache)), isolation: isolation)
        var outcomes: [(any Error)?] = []
        do {
            try Self.inTransaction(db, undoing: { transaction.stop() }) {
                while case let next = jobs.next(), !next.isEmpty {
                    transaction.expect(next)
                    for job in next { outcomes.append(try transaction.attempt(job)) }
                }
                guard !transaction.isUndone else { return false }
                try transaction.close()
                transaction.tellAhead()
                return true
            }
        } catch let error as Transaction.MustRunApart {
            state = transaction.finishUndone()
            throw error
        } catch {
            state = try WriterState(reading: db, room: configuration.cache)
            throw error
        }
        let durable = ContinuousClock.now
        state = transaction.finish()
        token.note(state.counters.token)
        forthcoming.noteCommit()
        ahead.note(transaction.accounted)
        noted.remove(transaction.noted)
        completed.note(written: transaction.roots.written, at: clock(), waiting: transaction.roots.waiting)
        let (own, others) = transaction.stored
        disclosures.note(
            upTo: state.counters.lastEvent, concernsPeers: others > 0 || !transaction.accounted.isEmpty,
            mark: transaction.journaledUpTo)
        measured.withLock {
            $0.ownEvents += own
            $0.peerEvents += others
            $0.cachedEvents = state.held
            $0.passingEvents = state.passing
        }
        var done = CommitQueue.Done(outcomes: outcomes, remains: transaction.takeRemains())
        // To give back the memory of many events takes as long as some of them did: that is left to the other thread.
        if own + others >= Self.many, let remains = done.remains {
            done.remains = nil
            queue.begin { withExtendedLifetime(remains) {} }
        }
        var change = transaction.change
        change?.durable = durable
        return (done, change)
    }

    /// Events of a commit that are many.
    private static let many = 256
}

extension LogStore {
    /// A transaction whose beginning and end stay prepared: the library's own are read anew for each commit, which is a thirtieth of a small one.
    ///
    /// - Parameters:
    ///   - undo: comes before all is undone.
    ///   - body: returns whether to commit; otherwise, and where it throws, all is undone.
    private static func inTransaction(_ db: Database, undoing undo: () -> Void, _ body: () throws -> Bool) throws {
        let rollback = try RawStatement(cached: "ROLLBACK", db)
        let commit = try RawStatement(cached: "COMMIT", db)
        try RawStatement(cached: "BEGIN IMMEDIATE", db).run()
        do {
            try (try body() ? commit : rollback).run()
        } catch {
            undo()
            // SQLite may have undone it by itself.
            if db.isInsideTransaction { try? rollback.run() }
            throw error
        }
    }
}

private func exchange<Value>(_ place: inout Value, with new: consuming Value) -> Value {
    let old = place
    place = new
    return old
}
