public import EventLog
import Synchronization

/// What peers show of their keys during the handshake, for those who store it.
public struct KeyChanges: Sendable {
    /// A paired node has another key by the word of the one that was known: stored before it is talked to. Returns false where that failed.
    public var follow: @Sendable (NodeID, NodeKeys) async -> Bool
    /// A key with the word of one that another key has taken the place of before: one of the two is somebody else's.
    public var contest: @Sendable (NodeID, NodePublicKey) async -> Void

    /// Whom to tell; by default nobody, and no other key is taken.
    public init(
        follow: @escaping @Sendable (NodeID, NodeKeys) async -> Bool = { _, _ in false },
        contest: @escaping @Sendable (NodeID, NodePublicKey) async -> Void = { _, _ in }
    ) {
        self.follow = follow
        self.contest = contest
    }
}

/// The nodes that this one is paired with, at this moment, and what becomes of one that shows a certificate.
final class Pairings: Sendable {
    /// What is to be done with a node that shows its keys.
    enum Verdict: Equatable {
        /// It is this peer.
        case peer(PairedPeer)
        /// It is this peer, whose key is another now; it has shown how.
        case successor(PairedPeer)
        /// Two keys of this node claim to be the present one.
        case contested(NodeID)
        /// It is not talked to.
        case refused(String)
    }

    private struct State {
        var peers: [NodeID: PairedPeer] = [:]
        var revoked: [NodeID: Timestamp] = [:]
        var contested: Set<NodeID> = []
        var changes = KeyChanges()
    }

    private let state = Mutex(State())

    var changes: KeyChanges { state.withLock { $0.changes } }

    func tell(_ changes: KeyChanges) { state.withLock { $0.changes = changes } }

    func set(_ paired: [PairedPeer], revoked: [NodeID: Timestamp] = [:], contested: Set<NodeID> = []) {
        let peers = Dictionary(paired.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        state.withLock { ($0.peers, $0.revoked, $0.contested) = (peers, revoked, contested) }
    }

    /// What to do with a node that shows `key`, and `shown` as the way to it.
    func judge(_ key: NodePublicKey, _ shown: NodeKeys) -> Verdict {
        let node = shown.node
        let (peer, revoked, contested, named) = state.withLock { state in
            (
                state.peers[node], state.revoked[node], state.contested.contains(node),
                state.peers.values.first { $0.key == key && $0.node != node }
            )
        }
        if let revoked {
            return .refused(
                "node \(node), key \(key), was revoked at \(revoked): somebody connects from the machine that was lost, or with its key"
            )
        }
        if contested { return .refused(Self.contest(of: node, key)) }
        guard let peer else {
            let fingerprint = NodeFingerprint(node: node, key: key)
            return .refused(
                named == nil
                    ? "the key \(key) is not paired with this node; if it should be: duolog peer add --key \(fingerprint)"
                    : "the key \(key) was paired without the node that it is of; write: duolog peer add --key \(fingerprint)")
        }
        return judge(key, shown, of: peer)
    }

    /// Why nothing is exchanged with a node whose key is claimed by two.
    static func contest(of node: NodeID, _ key: NodePublicKey) -> String {
        "two keys claim to be that of node \(node), one is \(key): ask that practice which is theirs, then duolog peer add"
    }

    private func judge(_ key: NodePublicKey, _ shown: NodeKeys, of peer: PairedPeer) -> Verdict {
        var next = peer
        guard let known = peer.keys else {
            // People said the key; the node has to show that it came by it.
            guard shown.all.contains(peer.key) else {
                return .refused(
                    "node \(peer.node) was paired with the key \(peer.key), and its key \(key) does not follow from that")
            }
            next.keys = shown
            next.key = key
            return .successor(next)
        }
        let all = known.merging(shown)
        guard all.current.count == 1 else { return .contested(peer.node) }
        if let later = all.replacement(of: key) {
            return .refused(
                "node \(peer.node) gave up the key \(key) at \(later.at), its key is \(peer.key): somebody has the old one, or it was put back from a backup that is older than its key"
            )
        }
        guard key != peer.key else { return .peer(peer) }
        next.keys = all
        next.key = key
        return .successor(next)
    }
}

/// Who a connection's certificate says is there.
final class PeerIdentity: Sendable {
    private let state = Mutex<(peer: PairedPeer?, refusal: String?)>((nil, nil))

    var peer: PairedPeer? { state.withLock { $0.peer } }
    /// Why the other side was refused; it has been logged.
    var refusal: String? { state.withLock { $0.refusal } }

    func set(_ peer: PairedPeer) { state.withLock { $0.peer = peer } }

    func refuse(_ why: String) { state.withLock { $0.refusal = why } }
}
