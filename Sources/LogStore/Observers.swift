import Synchronization

/// Whoever wants to know of commits.
final class Observers: Sendable {
    /// A function that stands in a mutex by itself is wrapped once more by each look at it, for ever: ten thousand commits on, a call is as
    /// many calls deep. In a structure it is not.
    private struct Handler {
        let call: @Sendable (LogStore.Change) -> Void
    }

    private let handlers = Mutex<[Handler]>([])

    func add(_ call: @escaping @Sendable (LogStore.Change) -> Void) { handlers.withLock { $0.append(Handler(call: call)) } }

    func tell(_ change: LogStore.Change) { for handler in handlers.withLock({ $0 }) { handler.call(change) } }
}
