import EventLog
import Synchronization

/// The keys that this node is paired with, at this moment.
final class Pairings: Sendable {
    private let peers = Mutex<[NodePublicKey: PairedPeer]>([:])
    private let revoked = Mutex<[NodePublicKey: Timestamp]>([:])

    func set(_ paired: [PairedPeer], revoked keys: [NodePublicKey: Timestamp] = [:]) {
        peers.withLock { $0 = Dictionary(paired.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }) }
        revoked.withLock { $0 = keys }
    }

    /// When a key was revoked; nil where it was not.
    func revocation(of key: NodePublicKey) -> Timestamp? { revoked.withLock { $0[key] } }

    subscript(key: NodePublicKey) -> PairedPeer? { peers.withLock { $0[key] } }
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
