public import EventLog
public import Replication

/// How it stands with a peer.
public struct PeerStatus: Sendable {
    /// Where a peer is between gone and there.
    public enum State: Hashable, Sendable {
        /// There is no connection since then; the next attempt is due then, or nil when the peer has to call.
        case disconnected(since: Timestamp, nextAttempt: Timestamp?)
        /// A connection is being made, or is made and both sides have yet to say hello.
        case connecting
        /// Both sides have said hello.
        case connected(since: Timestamp)
    }

    /// Who opened a connection.
    public enum Direction: String, Hashable, Sendable {
        /// This node did.
        case dialed
        /// The peer did.
        case accepted
    }

    /// Where it is between gone and there.
    public var state: State
    /// Who opened the present connection; nil while there is none.
    public var direction: Direction?
    /// The session of the present connection; nil while there is none.
    public var session: SessionStatus?
    /// Why the last connection or the last attempt failed, in words; nil when nothing has gone wrong.
    public var lastError: String?
    /// True when this node dials the peer.
    public var isDialed: Bool
    /// Events a second that came in the last ten seconds.
    public var receivedPerSecond = 0.0
    /// Events a second that left in the last ten seconds.
    public var sentPerSecond = 0.0

    /// True while both sides have said hello.
    public var isConnected: Bool { session?.version != nil }

    /// True when both sides have all that the other one may give them.
    public var isInStep: Bool { isConnected && session?.isUpToDate == true && session?.peerIsUpToDate == true }

    /// How it stands, in words.
    public var words: String {
        if let session, isConnected {
            if isInStep { return "connected, in step" }
            return "connected, \(session.toReceive) events to come, \(session.toSend) to go"
        }
        guard let lastError else { return isDialed ? "connecting" : "waiting for its call" }
        return "not connected: \(lastError)"
    }
}
