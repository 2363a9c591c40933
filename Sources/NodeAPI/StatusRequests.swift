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
        /// Where the page is; nil before it listens.
        public var page: String?
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
        /// What the last check of the whole log found; nil before the first.
        public var verified: VerifySummary?
        /// The last backup that was written and verified; nil where there is none.
        public var backup: LastBackup?
        /// Charts in which this node wrote, those with the most that no other node has confirmed first; at most twenty.
        public var witness: [Witness]
        /// Charts in which this node wrote something that no other node has confirmed.
        public var unwitnessed: Int

        /// How the node is.
        public init(
            version: String, node: NodeID, key: NodePublicKey, name: String, origin: Origin, fictional: Bool, now: Timestamp,
            listening: String?, page: String?, charts: Int, disputes: Int, peers: [PeerSummary], integrity_alerts: [String],
            epochs: [String], removed_from: [ChartID], verified: VerifySummary?, backup: LastBackup?, witness: [Witness],
            unwitnessed: Int
        ) {
            self.version = version
            self.node = node
            self.key = key
            self.name = name
            self.origin = origin
            self.fictional = fictional
            self.now = now
            self.listening = listening
            self.page = page
            self.charts = charts
            self.disputes = disputes
            self.peers = peers
            self.integrity_alerts = integrity_alerts
            self.epochs = epochs
            self.removed_from = removed_from
            self.verified = verified
            self.backup = backup
            self.witness = witness
            self.unwitnessed = unwitnessed
        }
    }

    /// How far others have confirmed what this node wrote in a chart: what they hold cannot be cut off unnoticed.
    public struct Witness: Codable, Hashable, Sendable {
        /// The chart.
        public var chart: ChartID
        /// Events that this node wrote there.
        public var written: Int
        /// Of these, those that no other node has confirmed.
        public var open: Int
        /// When the last of the others was confirmed, by the clock of the node that did; nil for never.
        public var witnessed_at: Timestamp?

        /// How far others have confirmed.
        public init(chart: ChartID, written: Int, open: Int, witnessed_at: Timestamp?) {
            self.chart = chart
            self.written = written
            self.open = open
            self.witnessed_at = witnessed_at
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
