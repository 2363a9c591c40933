import Synchronization

/// Group commit: jobs that arrive while a transaction is being written share the next one, and are all answered after its commit.
actor CommitQueue {
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

    private var pending: [Job] = []
    private var isDraining = false

    /// Queues work and waits until its commit is durable. `perform` carries out one commit.
    func submit<Value: Sendable>(
        weight: Int, performing perform: @escaping @Sendable ([Job]) async -> Void,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        let outcome = Outcome<Value>()
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            pending.append(
                Job(
                    weight: weight,
                    run: { transaction in
                        let value = try body(transaction)
                        outcome.value.withLock { $0 = value }
                    },
                    finish: { error in
                        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
                    }))
            if !isDraining {
                isDraining = true
                Task { await drain(perform) }
            }
        }
        guard let value = outcome.value.withLock({ $0 }) else { throw LogStoreError(.io, "a commit without an outcome") }
        return value
    }

    private func drain(_ perform: @Sendable ([Job]) async -> Void) async {
        while !pending.isEmpty {
            var count = 0
            var bytes = 0
            while count < min(pending.count, Self.jobsPerCommit),
                count == 0 || bytes + pending[count].weight <= Self.bytesPerCommit
            {
                bytes += pending[count].weight
                count += 1
            }
            let jobs = Array(pending.prefix(count))
            pending.removeFirst(count)
            await perform(jobs)
        }
        isDraining = false
    }
}

/// Where a job leaves its result for the one who waits.
private final class Outcome<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
