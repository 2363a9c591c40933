public import EventLog

/// A node's key, as its people see it.
public struct KeyReport: Codable, Hashable, Sendable {
    /// A key that it had.
    public struct Replaced: Codable, Hashable, Sendable {
        /// The key.
        public var key: NodePublicKey
        /// When another took its place.
        public var at: Timestamp

        /// A key that it had.
        public init(key: NodePublicKey, at: Timestamp) {
            self.key = key
            self.at = at
        }
    }

    /// Whether a peer knows the key.
    public struct Peer: Codable, Hashable, Sendable {
        /// Its short id.
        public var node: NodeID
        /// What this node's people call it.
        public var name: String
        /// True when it is connected by the present key; one that is not connected follows when it is.
        public var follows: Bool

        /// Whether a peer knows the key.
        public init(node: NodeID, name: String, follows: Bool) {
            self.node = node
            self.name = name
            self.follows = follows
        }
    }

    /// The node's short id: it stays the same.
    public var node: NodeID
    /// Its present public key.
    public var key: NodePublicKey
    /// What others pair with: the key, after a rotation with the node's id before it.
    public var fingerprint: NodeFingerprint
    /// When it took the place of the one before; nil for the first.
    public var since: Timestamp?
    /// The keys before it, the oldest first.
    public var replaced: [Replaced]
    /// The paired nodes.
    public var peers: [Peer]

    /// A node's key.
    public init(
        node: NodeID, key: NodePublicKey, fingerprint: NodeFingerprint, since: Timestamp?, replaced: [Replaced], peers: [Peer]
    ) {
        self.node = node
        self.key = key
        self.fingerprint = fingerprint
        self.since = since
        self.replaced = replaced
        self.peers = peers
    }
}

/// Shows the node's key.
public struct ShowKeyRequest: NodeRequest {
    public typealias Answer = KeyReport
    public static let name = "key.show"

    /// Shows it.
    public init() {}
}

/// Gives the node a new key, which the old one signs for.
public struct RotateKeyRequest: NodeRequest {
    public static let name = "key.rotate"

    /// What became of it.
    public struct Answer: Codable, Hashable, Sendable {
        /// The key that was replaced.
        public var old: NodePublicKey
        /// Charts that say so now, those of the node itself included.
        public var charts: Int
        /// The key from now on.
        public var report: KeyReport

        /// What became of it.
        public init(old: NodePublicKey, charts: Int, report: KeyReport) {
            self.old = old
            self.charts = charts
            self.report = report
        }
    }

    /// Seconds to wait for the peers that can be reached.
    public var seconds: Int

    /// Gives it one.
    public init(seconds: Int) { self.seconds = seconds }
}
