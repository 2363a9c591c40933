import EventLog
import LogStore
import Synchronization

/// Events that somebody waits for at this node. They are looked for by the thread that has just made a commit: what is measured is since when an event
/// can be read, not when whoever waits for it has woken up, nor how long it takes to read it.
final class Awaited: Sendable {
    /// An event, in a chart that this peer may have.
    struct Event {
        let chart: ChartID
        let seq: Int
        let peer: NodeID
    }

    private struct Waiting {
        let event: Event
        let continuation: CheckedContinuation<UInt64, any Error>
    }

    private let log: LogStore
    private let day: CalendarDay
    private let waiting = Mutex<[Waiting]>([])

    init(_ log: LogStore, on day: CalendarDay) {
        (self.log, self.day) = (log, day)
        log.observe { [weak self] change in self?.look(at: change.charts, since: change.durable) }
    }

    /// Returns the end of the commit behind which a read of committed rows first found it, in nanoseconds of ``monotonic()``.
    func first(_ event: Event) async throws -> UInt64 {
        try await withCheckedThrowingContinuation { continuation in
            waiting.withLock { $0.append(Waiting(event: event, continuation: continuation)) }
            look(at: [event.chart], since: .now)
        }
    }

    private func look(at charts: Set<ChartID>, since durable: ContinuousClock.Instant) {
        waiting.withLock { waiting in
            waiting.removeAll { one in
                guard charts.contains(one.event.chart) else { return false }
                do {
                    guard try isThere(one.event) else { return false }
                    let since = (ContinuousClock.now - durable) / .nanoseconds(1)
                    one.continuation.resume(returning: monotonic() - UInt64(since))
                } catch {
                    one.continuation.resume(throwing: error)
                }
                return true
            }
        }
    }

    private func isThere(_ event: Event) throws -> Bool {
        try log.headsAtAGlance(of: [event.chart], for: event.peer, on: day)
            .contains { $0.tips.contains { $0.seq >= event.seq } }
    }
}
