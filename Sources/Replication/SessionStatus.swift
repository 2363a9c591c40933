/// How a session stands, for people: how far behind and ahead, in events.
public struct SessionStatus: Hashable, Sendable {
    /// Before anything has happened.
    public init() {}

    /// The protocol version in use; nil before the handshake.
    public private(set) var version: Int?
    /// The peer's clock minus ours, in milliseconds.
    public private(set) var clockOffset: Int?
    /// The peer's present life.
    public private(set) var peerInstance: String?
    /// Events that the peer announced and that have not come yet.
    public private(set) var toReceive = 0
    /// Charts of which the peer announced events that have not come yet.
    public private(set) var chartsToReceive = 0
    /// Events that were stored in this session.
    public private(set) var received = 0
    /// Events that the peer asked for and that have not left yet.
    public private(set) var toSend = 0
    /// Charts of which the peer asked for events that have not left yet.
    public private(set) var chartsToSend = 0
    /// Events that were sent in this session.
    public private(set) var sent = 0
    /// True when the peer was sent all that it may have.
    public private(set) var peerIsUpToDate = false
    /// True when all that the peer offered is stored.
    public private(set) var isUpToDate = false
    /// Charts that one of the two sides refuses in this session.
    public private(set) var refusedCharts = 0

    mutating func handshake(version: Int, clockOffset: Int, peerInstance: String) {
        self.version = version
        self.clockOffset = clockOffset
        self.peerInstance = peerInstance
    }

    mutating func update(_ sending: Sending, _ receiving: Receiving) {
        (toReceive, received) = (max(0, receiving.announced - receiving.received), receiving.received)
        chartsToReceive = toReceive == 0 ? 0 : receiving.chartsToCome
        chartsToSend = sending.chartsToSend
        (toSend, sent) = (max(0, sending.announced - sending.sent), sending.sent)
        (peerIsUpToDate, isUpToDate) = (sending.isDone, receiving.isDone)
        refusedCharts = sending.refusedByPeer.count + receiving.suspended.count
    }
}
