import Dispatch
import LogStore
import Synchronization

/// Passes commits on, in their order.
///
/// A commit over few charts is passed on by the thread that made it: to wake another one would take longer. What takes longer is left to a
/// thread of its own, and so is whatever comes while that is not done.
final class Distribution: Sendable {
    private let tell: @Sendable (LogStore.Change) -> Void
    private let queue = DispatchQueue(label: "duolog.distribution")
    private let state = Mutex(State())

    private struct State {
        var waiting: [LogStore.Change] = []
        /// True while somebody passes on.
        var isUnderWay = false
    }

    /// - Parameter tell: tells everybody of one commit.
    init(tell: @escaping @Sendable (LogStore.Change) -> Void) { self.tell = tell }

    /// Called for one commit after another, by whoever made it.
    func pass(on change: LogStore.Change) {
        let isTurn = state.withLock { state in
            guard !state.isUnderWay else {
                state.waiting.append(change.forLater)
                return false
            }
            state.isUnderWay = true
            return true
        }
        guard isTurn else { return }
        guard change.isSmall else { return queue.async { self.passOn(from: change.forLater) } }
        tell(change)
        if let next = next() { queue.async { self.passOn(from: next) } }
    }

    private func passOn(from first: LogStore.Change) {
        var change: LogStore.Change? = first
        while let next = change {
            tell(next)
            change = self.next()
        }
    }

    /// What to pass on next; where nothing waits, whoever comes next begins.
    private func next() -> LogStore.Change? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isUnderWay = false
            return nil
        }
    }
}

extension LogStore.Change {
    /// True where all that it means for a peer is read at a glance.
    fileprivate var isSmall: Bool { charts.count <= LogStore.chartsAtAGlance && !beganNewLife }

    /// Without what was looked up at its end: what is told before it may be read later than that, and a session passes over an offer that is older
    /// than the last.
    fileprivate var forLater: Self {
        var later = self
        later.offers = [:]
        return later
    }
}
