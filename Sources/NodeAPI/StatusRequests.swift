public import EventLog

/// How the node is.
public struct StatusRequest: NodeRequest {
    public static let name = "status"

    /// How the node is.
    public struct Answer: Codable, Sendable {
        /// The version of the program.
        public var version: String
        /// The node's short id.
        public var node: NodeID
        /// The node's public key: what a peer pairs with.
        public var key: NodePublicKey
        /// What the node is called.
        public var name: String
        /// The present epoch, as it stands in origins.
        public var origin: Origin
        /// True when patients are made up and the clock can be set.
        public var fictional: Bool
        /// The node's wall clock.
        public var now: Timestamp
        /// Where it listens for peers; nil while it is offline.
        public var listening: String?
        /// Charts here.
        public var charts: Int
        /// Open disputes over all charts.
        public var disputes: Int
        /// The peers, in short.
        public var peers: [PeerSummary]
        /// Origins of which one number names two events, in words.
        public var integrity_alerts: [String]
        /// What made this node begin a new epoch, in words: at most the last three, the latest last.
        public var epochs: [String]
        /// Charts that peers say this node was removed from.
        public var removed_from: [ChartID]

        /// How the node is.
        public init(
            version: String, node: NodeID, key: NodePublicKey, name: String, origin: Origin, fictional: Bool, now: Timestamp,
            listening: String?, charts: Int, disputes: Int, peers: [PeerSummary], integrity_alerts: [String],
            epochs: [String], removed_from: [ChartID]
        ) {
            self.version = version
            self.node = node
            self.key = key
            self.name = name
            self.origin = origin
            self.fictional = fictional
            self.now = now
            self.listening = listening
            self.charts = charts
            self.disputes = disputes
            self.peers = peers
            self.integrity_alerts = integrity_alerts
            self.epochs = epochs
            self.removed_from = removed_from
        }
    }

    /// Asks how the node is.
    public init() {}
}

/// A request that is answered with nothing but success.
public struct Done: Codable, Sendable {
    /// Success.
    public init() {}
}

/// Sets the clock of a fictional node; others refuse.
public struct SetClockRequest: NodeRequest {
    public typealias Answer = Done
    public static let name = "debug.clock"
    /// What the clock shall say.
    public var now: Timestamp

    /// Sets the clock.
    public init(now: Timestamp) { self.now = now }
}

/// Takes a fictional node off the network, or brings it back; others refuse.
public struct SetOnlineRequest: NodeRequest {
    public typealias Answer = Done
    public static let name = "debug.online"
    /// Whether peers can be reached.
    public var online: Bool

    /// Off the network, or back.
    public init(online: Bool) { self.online = online }
}
