import EventLog
import LogStore
import RecordPage
import Synchronization

/// Tells open pages of each commit.
final class PageChanges: Sendable {
    private struct Listeners {
        var next = 0
        var all: [Int: AsyncStream<PageChange>.Continuation] = [:]
    }

    private let listeners = Mutex(Listeners())

    /// What changes from now on. Whoever is slow misses the older of what waits: a page fetches what is there now anyway.
    func listen() -> AsyncStream<PageChange> {
        let (stream, continuation) = AsyncStream<PageChange>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let id = listeners.withLock { listeners in
            listeners.next += 1
            listeners.all[listeners.next] = continuation
            return listeners.next
        }
        continuation.onTermination = { [weak self] _ in self?.listeners.withLock { $0.all[id] = nil } }
        return stream
    }

    func note(_ change: LogStore.Change) {
        if !change.charts.isEmpty { tell(.charts(change.charts)) }
        if change.hasStatements { tell(.peers) }
    }

    private func tell(_ change: PageChange) {
        for listener in listeners.withLock({ Array($0.all.values) }) { listener.yield(change) }
    }
}
