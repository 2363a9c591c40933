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
        /// Bytes that it may write: a commit stays small enough to be sent in one batch.
        let weight: Int
        /// The chart of each event that it will author, as far as that is known before.
        let events: [ChartID]
        let run: @Sendable (Transaction) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    /// One commit carries at most so many jobs,
    static let jobsPerCommit = 128
    /// and so many bytes, unless a single job is larger.
    static let bytesPerCommit = 3 * 1024 * 1024

    /// With one processor there is one thread for tasks: whoever holds it keeps the others from joining in.
    private static let hasThreads = ProcessInfo.processInfo.activeProcessorCount > 1
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
        /// Jobs that somebody waits for, until so many are pending.
        var wanted = Int.max
        /// Commits after which nobody is waited for.
        var alone = 0
        var isDraining = false
        /// True where the last commit was of one job, and quick.
        var isCalm = false
    }

    private let state = Mutex(State())
    private let gathered = DispatchSemaphore(value: 0)
    private let queue = DispatchQueue(label: "duolog.commit")

    /// Queues work and waits until its commit is durable. `perform` carries out one commit.
    func submit<Value: Sendable>(
        weight: Int, events: [ChartID], performing perform: @escaping @Sendable ([Job]) -> Void,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        let outcome = Outcome<Value>()
        let run: @Sendable (Transaction) throws -> Void = { transaction in
            let value = try body(transaction)
            outcome.value.withLock { $0 = .success(value) }
        }
        if Self.hasThreads, (1...Self.smallJob).contains(weight), takeTurn() {
            let job = Job(weight: weight, events: events, run: run) { error in
                if let error { outcome.value.withLock { $0 = .failure(error) } }
            }
            timed([job], perform)
            // Others may have come meanwhile.
            if endTurn() { queue.async { self.drain(perform) } }
        } else {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let job = Job(weight: weight, events: events, run: run) { error in
                    if let error { outcome.value.withLock { $0 = .failure(error) } }
                    continuation.resume()
                }
                let mustDrain = state.withLock { state in
                    state.pending.append(job)
                    if state.pending.count >= state.wanted {
                        state.wanted = .max
                        gathered.signal()
                    }
                    defer { state.isDraining = true }
                    return !state.isDraining
                }
                if mustDrain { queue.async { self.drain(perform) } }
            }
        }
        guard let value = outcome.value.withLock({ $0 }) else { throw LogStoreError(.io, "a commit without an outcome") }
        return try value.get()
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

    @discardableResult private func timed(_ jobs: [Job], _ perform: ([Job]) -> Void) -> Duration {
        let began = ContinuousClock.now
        perform(jobs)
        let taken = ContinuousClock.now - began
        state.withLock { $0.isCalm = jobs.count == 1 && taken <= Self.quick }
        return taken
    }

    private func drain(_ perform: @Sendable ([Job]) -> Void) {
        while let jobs = next() {
            let taken = timed(jobs, perform)
            if jobs.count >= Self.crowd { gather(jobs.count, after: taken) }
        }
    }

    /// Waits for as many to come as were just answered: writers that write one thing after another would go on in two halves otherwise, each
    /// waiting for the commit of the other, and twice as many commits would wait for the disk.
    private func gather(_ answered: Int, after taken: Duration) {
        let isWaiting = state.withLock { state in
            guard state.alone == 0 else {
                state.alone -= 1
                return false
            }
            let wanted = min(state.pending.count + answered, Self.jobsPerCommit)
            guard state.pending.count < wanted else { return false }
            state.wanted = wanted
            return true
        }
        guard isWaiting else { return }
        let patience = min(taken / Self.patience.part, Self.patience.most)
        let came = gathered.wait(timeout: .now() + .nanoseconds(Int(patience / .nanoseconds(1)))) == .success
        state.withLock { state in
            // Who came at the last moment has signalled, and nobody waited for it.
            if !came, state.wanted == .max { gathered.wait() }
            if !came, state.pending.count < answered / 2 { state.alone = Self.disappointment }
            state.wanted = .max
        }
    }

    /// The jobs of the next commit; nil where none wait.
    private func next() -> [Job]? {
        state.withLock { state in
            var count = 0
            var bytes = 0
            while count < min(state.pending.count, Self.jobsPerCommit),
                count == 0 || bytes + state.pending[count].weight <= Self.bytesPerCommit
            {
                bytes += state.pending[count].weight
                count += 1
            }
            guard count > 0 else {
                state.isDraining = false
                return nil
            }
            let jobs = Array(state.pending.prefix(count))
            state.pending.removeFirst(count)
            return jobs
        }
    }
}

/// Where a job leaves its result for the one who waits.
private final class Outcome<Value: Sendable>: Sendable {
    let value = Mutex<Result<Value, any Error>?>(nil)
}
