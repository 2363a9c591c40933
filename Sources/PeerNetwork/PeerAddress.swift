public import EventLog

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
    /// The key that its certificate must carry, or one that follows it by its own word.
    public var key: NodePublicKey
    /// The keys that it has had, as far as it has shown them.
    public var keys: NodeKeys?
    /// Where to dial it; nil to wait for its call.
    public var address: PeerAddress?

    /// A node that this one may talk to.
    public init(node: NodeID, key: NodePublicKey, keys: NodeKeys? = nil, address: PeerAddress?) {
        self.node = node
        self.key = key
        self.keys = keys ?? (NodeID(of: key) == node ? NodeKeys(first: key) : nil)
        self.address = address
    }
}
