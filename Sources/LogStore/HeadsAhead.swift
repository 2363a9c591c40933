public import EventLog
import Synchronization

/// Signatures of heads that were checked before it was their events' turn to be stored.
///
/// To check a signature takes a fifth of all that is done for an event before it goes to the disk. Whoever hands over a few of them has nothing
/// else to do meanwhile, and is on another processor.
final class HeadsAhead: Sendable {
    /// More than are under way at once are not worth it: whoever checks them has peers to listen to.
    private static let most = 4

    /// The keys by which each head's signature was found valid.
    private let valid = Mutex<[SignedHead: NodeKeys]>([:])

    /// Checks a few heads by the keys that their nodes had before. What turns out otherwise, or is not known, is left to ``isValid(_:for:)``.
    func check(_ heads: [SignedHead], by known: [NodeID: NodeKeys]) {
        guard (1...Self.most).contains(heads.count) else { return }
        for head in heads {
            guard let keys = known[head.dot.origin.node], head.isValid(for: keys) else { continue }
            valid.withLock { valid in
                // What was never asked for again was of a batch that was not stored.
                if valid.count >= Self.most { valid = [:] }
                valid[head] = keys
            }
        }
    }

    /// True where a head is signed by one of these keys, which are those that count for its event.
    func isValid(_ head: SignedHead, for keys: NodeKeys) -> Bool {
        valid.withLock { $0.removeValue(forKey: head) } == keys || head.isValid(for: keys)
    }
}

extension LogStore {
    /// Checks signatures of what is handed over to be stored, while it waits for that; nothing for more than a few.
    public func checkAhead(_ heads: [SignedHead]) { headsAhead.check(heads, by: memberKeys.withLock { $0 }) }
}

extension Transaction {
    /// True where a head is signed by one of the keys that count for its event; they are remembered, for the next one.
    func isValid(_ head: SignedHead, for keys: NodeKeys) -> Bool {
        guard store.headsAhead.isValid(head, for: keys) else { return false }
        store.memberKeys.withLock { $0[keys.node] = keys }
        return true
    }
}
