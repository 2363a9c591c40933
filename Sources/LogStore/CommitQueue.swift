import Dispatch
import EventLog
import Foundation
import Synchronization

/// Group commit: jobs that arrive while a transaction is being written share the next one, and are all answered after its commit.
///
/// A job that nobody waits beside is carried out where it was asked for: each hand-over between threads costs as much as many events, and
/// the last one would only be waited for. Whatever comes meanwhile is left to a thread of its own, which waits for the disk: so one of the
/// threads that tasks run on is held up at most, by a commit that is small, where the disk has just been quick.
final class CommitQueue: Sendable {
    /// Work inside of the transaction; returns what to do with the outcome of the commit.
    struct Job: Sendable {
        /// Bytes that it may write: a commit stays small, unless a single job is large.
        let weight: Int
        /// The chart of each event that it will author, as far as that is known before.
        let events: [ChartID]
        let run: @Sendable (Transaction) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void

        /// True for what writes more than somebody records.
        var isBulk: Bool { weight > CommitQueue.smallJob }
    }

    /// The jobs of one commit. Of a crowd, more join it while the first are carried out. Belongs to the thread that writes.
    final class Jobs {
        private(set) var all: [Job]
        private var joining: ((Jobs) -> [Job])?
        private var given = 0

        fileprivate init(_ first: [Job], joining: ((Jobs) -> [Job])? = nil) { (all, self.joining) = (first, joining) }

        /// True where there is one, and no other can join it.
        var isAlone: Bool { all.count == 1 && joining == nil }

        /// True where one of them writes more than somebody records.
        var isBulk: Bool { all.contains(where: \.isBulk) }

        fileprivate var bytes: Int { all.reduce(0) { $0 + $1.weight } }

        /// Those that were not given yet; none once no more will come.
        func next() -> ArraySlice<Job> {
            if given == all.count, let joining { all += joining(self) }
            defer { given = all.count }
            return all[given...]
        }

        /// Gives out all that there are once more; no other joins them.
        func beginAgain() { (given, joining) = (0, nil) }
    }

    /// Writers that go on writing, one thing after another: those who were answered by a commit, and those who waited beside it.
    private struct Crowd {
        let answered: Int
        let waiting: Int
        let deadline: DispatchTime

        var size: Int { min(answered + waiting, CommitQueue.jobsPerCommit) }
    }

    /// What a commit came to.
    struct Done {
        /// What each of its jobs came to: nil for one that is durable.
        let outcomes: [(any Error)?]
        /// What is given back to memory only once those who wait have their answers.
        var remains: Transaction.Remains?
    }

    /// One commit carries at most so many jobs,
    static let jobsPerCommit = 128
    /// and so many bytes, unless a single job is larger.
    static let bytesPerCommit = 3 * 1024 * 1024

    /// With one processor there is one thread for tasks: whoever holds it keeps the others from joining in.
    private static let hasThreads = Cores.count > 1
    /// A job that writes, and at most so many bytes, may be carried out where it was asked for,
    private static let smallJob = 32 * 1024
    /// and where the last commit took no longer than this.
    private static let quick = Duration.milliseconds(2)

    /// After a commit of at least so many jobs, those who were answered are waited for,
    private static let crowd = 8
    /// at most for this part of the time that it took, and no longer than this:
    private static let patience = (part: 4, most: Duration.milliseconds(1))
    /// Where they did not come, nobody is waited for after so many commits.
    private static let disappointment = 16

    private struct State {
        var pending: [Job] = []
        /// True while a commit waits for another job.
        var isAwaited = false
        /// Commits after which nobody is waited for.
        var alone = 0
        var isDraining = false
        /// True where the last commit was of one job, and quick.
        var isCalm = false
    }

    private let state = Mutex(State())
    private let gathered = DispatchSemaphore(value: 0)
    private let queue = DispatchQueue(label: "duolog.commit")

    /// Queues work, and returns once it has its place: whatever is queued later comes later. What is small may be carried out at once.
    ///
    /// - Parameter perform: carries out one commit.
    func enqueue<Value: Sendable>(
        weight: Int, events: [ChartID], performing perform: @escaping @Sendable (Jobs) -> Done,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) -> Queued<Value> {
        let queued = Queued<Value>()
        let job = queued.job(weight: weight, events: events, body)
        if Self.hasThreads, (1...Self.smallJob).contains(weight), takeTurn() {
            _ = carryOut(Jobs([job]), perform)
            // Others may have come meanwhile.
            if endTurn() { drainSoon(perform) }
            return queued
        }
        let mustDrain = state.withLock { state in
            state.pending.append(job)
            if state.isAwaited {
                state.isAwaited = false
                gathered.signal()
            }
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustDrain { drainSoon(perform) }
        return queued
    }

    /// True where the caller may write at once; it then has the writer until ``endTurn()``.
    private func takeTurn() -> Bool {
        state.withLock { state in
            guard state.isCalm, !state.isDraining else { return false }
            state.isDraining = true
            return true
        }
    }

    /// True where somebody waits: the thread has the writer from then on.
    private func endTurn() -> Bool {
        state.withLock { state in
            state.isDraining = !state.pending.isEmpty
            return state.isDraining
        }
    }

    /// Leaves what waits to a thread of its own; bulk to one that gives way.
    private func drainSoon(_ perform: @escaping @Sendable (Jobs) -> Done) {
        let isBulk = state.withLock { $0.pending.first?.isBulk ?? false }
        (isBulk ? Bulk.queue : queue).begin { self.drain(isBulk, perform) }
    }

    private func drain(_ isBulk: Bool, _ perform: @escaping @Sendable (Jobs) -> Done) {
        var crowd: Crowd?
        while let jobs = next(of: crowd, isBulk, perform) { crowd = carryOut(jobs, perform) }
    }

    /// Returns who will be back soon, where many were answered.
    private func carryOut(_ jobs: Jobs, _ perform: (Jobs) -> Done) -> Crowd? {
        let began = ContinuousClock.now
        let done = perform(jobs)
        let taken = ContinuousClock.now - began
        let waiting = state.withLock { state in
            state.isCalm = jobs.isAlone && taken <= Self.quick
            return state.pending.count
        }
        let answered = jobs.all.count
        for (job, outcome) in zip(jobs.all, done.outcomes) { job.finish(outcome) }
        withExtendedLifetime(done.remains) {}
        guard answered >= Self.crowd else { return nil }
        let patience = min(taken / Self.patience.part, Self.patience.most)
        return Crowd(
            answered: answered, waiting: waiting, deadline: .now() + .nanoseconds(Int(patience / .nanoseconds(1))))
    }

    /// The jobs of the next commit; nil where none wait.
    ///
    /// A crowd is waited for: writers that write one thing after another would go on in two halves otherwise, each waiting for the commit of the
    /// other, and twice as many commits would wait for the disk.
    private func next(of crowd: Crowd?, _ isBulk: Bool, _ perform: @escaping @Sendable (Jobs) -> Done) -> Jobs? {
        let crowd = state.withLock { state in
            guard state.alone > 0 else { return crowd }
            state.alone -= 1
            return nil
        }
        if let crowd { waitForOne(of: crowd) }
        let (first, isOver): ([Job], Bool) = state.withLock { state in
            guard state.pending.first.map({ $0.isBulk == isBulk }) ?? true else { return ([], false) }
            let first = Self.take(&state, jobs: Self.jobsPerCommit, bytes: Self.bytesPerCommit, evenLarger: true)
            if first.isEmpty { state.isDraining = false }
            return (first, first.isEmpty)
        }
        guard !first.isEmpty else {
            if !isOver { drainSoon(perform) }
            return nil
        }
        guard let crowd else { return Jobs(first) }
        return Jobs(first) { [self] in joining($0, of: crowd) }
    }

    /// Those of a crowd that have come meanwhile; none once all are there, or nobody comes any more.
    private func joining(_ jobs: Jobs, of crowd: Crowd) -> [Job] {
        let (count, bytes) = (crowd.size - jobs.all.count, Self.bytesPerCommit - jobs.bytes)
        guard count > 0, bytes > 0 else { return [] }
        waitForOne(of: crowd)
        return state.withLock { state in
            let joining = Self.take(&state, jobs: count, bytes: bytes)
            if joining.isEmpty, jobs.all.count - crowd.waiting < crowd.answered / 2 { state.alone = Self.disappointment }
            return joining
        }
    }

    /// Waits until a job is there, or it is too late.
    private func waitForOne(of crowd: Crowd) {
        let isWaiting = state.withLock { state in
            state.isAwaited = state.pending.isEmpty
            return state.isAwaited
        }
        guard isWaiting, gathered.wait(timeout: crowd.deadline) == .timedOut else { return }
        let hasSignalled = state.withLock { state in
            defer { state.isAwaited = false }
            return !state.isAwaited
        }
        // Who came at the last moment has signalled, and nobody waited for it.
        if hasSignalled { gathered.wait() }
    }

    private static func take(_ state: inout State, jobs most: Int, bytes: Int, evenLarger: Bool = false) -> [Job] {
        var count = 0
        var left = bytes
        while count < min(state.pending.count, most), state.pending[count].weight <= left || count == 0 && evenLarger {
            // Whoever recorded something does not wait for a whole history that came behind it.
            guard !state.pending[count].isBulk || state.pending[0].isBulk else { break }
            left -= state.pending[count].weight
            count += 1
        }
        defer { state.pending.removeFirst(count) }
        return Array(state.pending.prefix(count))
    }
}

/// Work that has its place in the queue.
final class Queued<Value: Sendable>: Sendable {
    private struct State {
        var value: Result<Value, any Error>?
        var isDone = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    fileprivate init() {}

    fileprivate func job(
        weight: Int, events: [ChartID], _ body: @escaping @Sendable (Transaction) throws -> Value
    ) -> CommitQueue.Job {
        CommitQueue.Job(weight: weight, events: events) { transaction in
            let value = try body(transaction)
            self.state.withLock { $0.value = .success(value) }
        } finish: { error in
            let waiting = self.state.withLock { state in
                if let error { state.value = .failure(error) }
                state.isDone = true
                return state.waiting.take()
            }
            waiting?.resume()
        }
    }

    /// What it came to, once its commit is durable. To be asked once.
    func value() async throws -> Value {
        if !state.withLock(\.isDone) {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if !state.isDone { state.waiting = continuation }
                    return state.isDone
                }
                if isDone { continuation.resume() }
            }
        }
        guard let value = state.withLock({ $0.value }) else { throw LogStoreError(.io, "a commit without an outcome") }
        return try value.get()
    }
}
