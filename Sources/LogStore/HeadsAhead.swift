public import EventLog
import Synchronization

/// Signatures of heads that were checked before it was their events' turn to be stored.
///
/// To check a signature takes a fifth of all that is done for an event before it goes to the disk. Whoever hands over a few of them has nothing
/// else to do meanwhile, and is on another processor.
final class HeadsAhead: Sendable {
    /// More than are under way at once are not worth it: whoever checks them has peers to listen to.
    private static let most = 4

    private struct State {
        /// The keys by which each head's signature was found valid.
        var valid: [SignedHead: NodeKeys] = [:]
        /// The keys by which the last head of each node was.
        var keys: [NodeID: NodeKeys] = [:]
    }

    private let state = Mutex(State())

    /// Checks a few heads by the keys that their nodes had before. What turns out otherwise, or is not known, is left to ``isValid(_:for:)``.
    func check(_ heads: [SignedHead]) {
        guard (1...Self.most).contains(heads.count) else { return }
        for head in heads {
            guard let keys = state.withLock({ $0.keys[head.dot.origin.node] }), head.isValid(for: keys) else { continue }
            state.withLock { state in
                // What was never asked for again was of a batch that was not stored.
                if state.valid.count >= Self.most { state.valid = [:] }
                state.valid[head] = keys
            }
        }
    }

    /// True where a head is signed by one of these keys, which are those that count for its event.
    func isValid(_ head: SignedHead, for keys: NodeKeys) -> Bool {
        if state.withLock({ $0.valid.removeValue(forKey: head) }) == keys { return true }
        guard head.isValid(for: keys) else { return false }
        state.withLock { $0.keys[keys.node] = keys }
        return true
    }
}

extension LogStore {
    /// Checks signatures of what is handed over to be stored, while it waits for that; nothing for more than a few.
    public func checkAhead(_ heads: [SignedHead]) { headsAhead.check(heads) }
}
