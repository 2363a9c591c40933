import EventLog
import NIOCore
import Replication

/// What the network knows of one paired peer.
struct Peering {
    /// Where the next attempt stands.
    enum Attempt {
        case none
        case due(Scheduled<Void>, at: Timestamp)
        case underWay(Dial)
    }

    var peer: PairedPeer
    var link: PeerLink?
    var attempt = Attempt.none
    var backoff = Backoff()
    var lastError: String?
    /// When the last connection ended, or the pairing began.
    var since: Timestamp

    init(_ peer: PairedPeer, since: Timestamp) {
        self.peer = peer
        self.since = since
    }

    func isTrying(_ dial: Dial?) -> Bool {
        if case .underWay(let current) = attempt { return current == dial }
        return false
    }

    /// Gives up an attempt that is due but not begun.
    mutating func cancelDue() {
        guard case .due(let scheduled, _) = attempt else { return }
        scheduled.cancel()
        attempt = .none
    }

    func status(at now: Moment) -> PeerStatus {
        let rates = link?.rates(at: now) ?? (received: 0, sent: 0)
        return PeerStatus(
            state: state, direction: link.map { $0.isDialed ? .dialed : .accepted }, session: link?.status,
            lastError: lastError, isDialed: peer.address != nil, receivedPerSecond: rates.received, sentPerSecond: rates.sent)
    }

    private var state: PeerStatus.State {
        if let link { return link.connectedSince.map { .connected(since: $0) } ?? .connecting }
        switch attempt {
        case .none: return .disconnected(since: since, nextAttempt: nil)
        case .due(_, let at): return .disconnected(since: since, nextAttempt: at)
        case .underWay: return .connecting
        }
    }
}
