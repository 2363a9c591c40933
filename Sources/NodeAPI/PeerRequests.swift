public import EventLog

/// A peer, in short.
public struct PeerSummary: Codable, Hashable, Sendable {
    /// Its short id.
    public var node: NodeID
    /// What this node's people call it.
    public var name: String
    /// Where it is dialed; nil when it dials us.
    public var address: String?
    /// Its public key.
    public var key: NodePublicKey
    /// Connected, connecting, or not, and why not: in words.
    public var state: String
    /// True while connected.
    public var connected: Bool
    /// True when it was sent all that it may have, and we have all that it offered.
    public var in_step: Bool

    /// A peer.
    public init(
        node: NodeID, name: String, address: String?, key: NodePublicKey, state: String, connected: Bool, in_step: Bool
    ) {
        self.node = node
        self.name = name
        self.address = address
        self.key = key
        self.state = state
        self.connected = connected
        self.in_step = in_step
    }
}

/// Pairs with a node, or changes its name and address. The other side must do the same.
public struct AddPeerRequest: NodeRequest {
    public typealias Answer = PeerSummary
    public static let name = "peer.add"
    /// Its fingerprint, as its own `duolog key show` prints it: the public key, for a rotated one with the node's id before it.
    public var key: NodeFingerprint
    /// What this node's people call it.
    public var label: String
    /// Where to dial it; nil to wait for its call.
    public var address: String?

    /// Pairs with a node that has its first key.
    public init(key: NodePublicKey, label: String, address: String?) {
        self.init(key: NodeFingerprint(node: NodeID(of: key), key: key), label: label, address: address)
    }

    /// Pairs.
    public init(key: NodeFingerprint, label: String, address: String?) {
        self.key = key
        self.label = label
        self.address = address
    }
}

/// Lists the peers.
public struct ListPeersRequest: NodeRequest {
    public typealias Answer = [PeerSummary]
    public static let name = "peer.list"

    /// Lists them.
    public init() {}
}

/// How it stands with one peer, or with all.
public struct ShowPeerRequest: NodeRequest {
    public typealias Answer = [PeerReport]
    public static let name = "peer.show"
    /// Which; nil for all.
    public var node: NodeID?

    /// Asks.
    public init(node: NodeID? = nil) { self.node = node }
}

/// Connects to a peer now, instead of when it is due. Answered once both are in step, or with why they are not.
public struct SyncPeerRequest: NodeRequest {
    public typealias Answer = PeerSummary
    public static let name = "peer.sync"
    /// Which.
    public var node: NodeID
    /// Seconds to wait at most.
    public var seconds: Int

    /// Connects.
    public init(node: NodeID, seconds: Int) {
        self.node = node
        self.seconds = seconds
    }
}

/// Ends a pairing for good, and removes the node from the charts: its key was lost, or its machine.
public struct RevokePeerRequest: NodeRequest {
    public static let name = "peer.revoke"

    /// What became of it.
    public struct Answer: Codable, Hashable, Sendable {
        /// Charts from which the node is removed now.
        public var removed: [ChartID]
        /// Charts in which it stays a member until one of their stewards removes it: this node is none.
        public var left_to_stewards: [ChartID]

        /// What became of it.
        public init(removed: [ChartID], left_to_stewards: [ChartID]) {
            self.removed = removed
            self.left_to_stewards = left_to_stewards
        }
    }

    /// Which node.
    public var node: NodeID
    /// Why, for the other members.
    public var reason: String

    /// Revokes it.
    public init(node: NodeID, reason: String) {
        self.node = node
        self.reason = reason
    }
}

/// Ends a pairing.
public struct RemovePeerRequest: NodeRequest {
    public typealias Answer = Done
    public static let name = "peer.remove"
    /// Which.
    public var node: NodeID

    /// Ends it.
    public init(node: NodeID) { self.node = node }
}
