import Dispatch
import Synchronization

/// Group commit: jobs that arrive while a transaction is being written share the next one, and are all answered after its commit.
///
/// Commits have a thread of their own, which waits for the disk: each hand-over between tasks and threads costs as much as many events.
final class CommitQueue: Sendable {
    /// Work inside of the transaction; returns what to do with the outcome of the commit.
    struct Job: Sendable {
        /// Bytes that it may write: a commit stays small enough to be sent in one batch.
        let weight: Int
        let run: @Sendable (Transaction) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    /// One commit carries at most so many jobs,
    static let jobsPerCommit = 128
    /// and so many bytes, unless a single job is larger.
    static let bytesPerCommit = 3 * 1024 * 1024

    private struct State {
        var pending: [Job] = []
        var isDraining = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "duolog.commit")

    /// Queues work and waits until its commit is durable. `perform` carries out one commit.
    func submit<Value: Sendable>(
        weight: Int, performing perform: @escaping @Sendable ([Job]) -> Void,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        let outcome = Outcome<Value>()
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let job = Job(
                weight: weight,
                run: { transaction in
                    let value = try body(transaction)
                    outcome.value.withLock { $0 = value }
                },
                finish: { error in
                    if let error { continuation.resume(throwing: error) } else { continuation.resume() }
                })
            let mustDrain = state.withLock { state in
                state.pending.append(job)
                guard !state.isDraining else { return false }
                state.isDraining = true
                return true
            }
            if mustDrain { queue.async { self.drain(perform) } }
        }
        guard let value = outcome.value.withLock({ $0 }) else { throw LogStoreError(.io, "a commit without an outcome") }
        return value
    }

    private func drain(_ perform: @Sendable ([Job]) -> Void) {
        while let jobs = next() { perform(jobs) }
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
    let value = Mutex<Value?>(nil)
}
