public import EventLog
public import Replication

/// Where a node can be reached.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A host name or an IP address.
    public var host: String
    /// A TCP port; 0 lets the system choose one to listen on.
    public var port: Int

    /// A host and a port.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[v6]:port`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self.init(host: host, port: port)
    }

    /// `host:port`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A node that this one may talk to.
public struct PairedPeer: Hashable, Sendable {
    /// Its short id.
    public var node: NodeID
    /// The key that its certificate must carry.
    public var key: NodePublicKey
    /// Where to dial it; nil to wait for its call.
    public var address: PeerAddress?

    /// A node that this one may talk to.
    public init(node: NodeID, key: NodePublicKey, address: PeerAddress?) {
        self.node = node
        self.key = key
        self.address = address
    }
}

/// How it stands with a peer.
public struct PeerStatus: Sendable {
    /// The session of the present connection; nil while there is none.
    public var session: SessionStatus?
    /// Why there is no connection, in words; nil when nothing has gone wrong.
    public var lastError: String?
    /// True when this node dials the peer.
    public var isDialed: Bool

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
