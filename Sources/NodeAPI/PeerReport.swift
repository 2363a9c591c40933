public import EventLog

/// How it stands with a peer.
public struct PeerReport: Codable, Hashable, Sendable {
    /// Events that one side has and the other lacks.
    public struct Backlog: Codable, Hashable, Sendable {
        /// Events.
        public var events: Int
        /// Charts that they belong to.
        public var charts: Int

        /// Events and charts.
        public init(events: Int, charts: Int) {
            self.events = events
            self.charts = charts
        }
    }

    /// Proof that the peer stored something.
    public struct LastReceipt: Codable, Hashable, Sendable {
        /// When it was stored, by the peer's clock.
        public var at: Timestamp
        /// The chart.
        public var chart: ChartID
        /// Whose sequence.
        public var origin: Origin
        /// Up to which number.
        public var seq: Int

        /// A receipt.
        public init(at: Timestamp, chart: ChartID, origin: Origin, seq: Int) {
            self.at = at
            self.chart = chart
            self.origin = origin
            self.seq = seq
        }
    }

    /// In short.
    public var summary: PeerSummary
    /// This node's clock.
    public var now: Timestamp
    /// Since when both sides talk; nil while they do not.
    public var connected_since: Timestamp?
    /// When the next attempt to reach it is due; nil where none is, or while connected.
    public var next_attempt: Timestamp?
    /// What it announced and what has not come yet; nil while it is not connected, since only it knows.
    public var behind: Backlog?
    /// What it may have and has not: asked for and not sent yet while connected, not confirmed by a receipt otherwise.
    public var ahead: Backlog
    /// Events that came since the connection began.
    public var received: Int
    /// Events that left since the connection began.
    public var sent: Int
    /// Events a second that came in the last ten seconds.
    public var received_per_second: Double
    /// Events a second that left in the last ten seconds.
    public var sent_per_second: Double
    /// Seconds until both are in step, at this rate; nil where nothing moves or nothing is left.
    public var seconds_left: Int?
    /// The last proof that it stored something.
    public var last_receipt: LastReceipt?
    /// Its clock minus ours, in milliseconds.
    public var clock_offset: Int?
    /// The protocol version in use.
    public var protocol_version: Int?
    /// Charts that one of the two sides refuses.
    public var refused_charts: Int
    /// Charts that it may have now.
    public var shared_charts: Int
    /// Why the last connection or attempt ended; nil when nothing went wrong.
    public var last_error: String?

    /// How it stands.
    public init(
        summary: PeerSummary, now: Timestamp, connected_since: Timestamp?, next_attempt: Timestamp?, behind: Backlog?,
        ahead: Backlog, received: Int, sent: Int, received_per_second: Double, sent_per_second: Double,
        last_receipt: LastReceipt?,
        clock_offset: Int?, protocol_version: Int?, refused_charts: Int, shared_charts: Int, last_error: String?
    ) {
        self.summary = summary
        self.now = now
        self.connected_since = connected_since
        self.next_attempt = next_attempt
        self.behind = behind
        self.ahead = ahead
        self.received = received
        self.sent = sent
        self.received_per_second = received_per_second
        self.sent_per_second = sent_per_second
        self.last_receipt = last_receipt
        self.clock_offset = clock_offset
        self.protocol_version = protocol_version
        self.refused_charts = refused_charts
        self.shared_charts = shared_charts
        self.last_error = last_error
        seconds_left = Self.secondsLeft(
            [(behind?.events ?? 0, received_per_second), (connected_since == nil ? 0 : ahead.events, sent_per_second)])
    }

    /// The longer of the two directions; nil where something is left and does not move, or where nothing is left.
    private static func secondsLeft(_ directions: [(left: Int, perSecond: Double)]) -> Int? {
        let open = directions.filter { $0.left > 0 }
        guard !open.isEmpty, open.allSatisfy({ $0.perSecond > 0 }) else { return nil }
        return open.map { Int((Double($0.left) / $0.perSecond).rounded(.up)) }.max()
    }
}
