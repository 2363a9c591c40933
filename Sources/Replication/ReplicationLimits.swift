/// The limits of the wire. A peer that exceeds one is told which, and is disconnected.
public enum ReplicationLimits {
    /// The protocol versions that this node speaks.
    public static let versions = 1...1
    /// The longest line, in bytes: an event's, plus room for the heads of a chart.
    public static let lineBytes = 512 * 1024
    /// The most charts that a sender reads, and accounts for, at once: so many as the smallest fill a batch.
    static let chartsPerRead = 128
    /// The most events in a batch, and in one commit of a chart.
    public static let batchEvents = 1024
    /// The most bytes of event and body lines in a batch, and in one commit of a chart.
    public static let batchBytes = 4 * 1024 * 1024
    /// Bytes of event and body lines that a receiver lets a sender have under way; never less than a batch.
    public static let creditBytes = 8 * 1024 * 1024
    /// Buckets that charts are divided into: the first ten bits of their ids.
    public static let buckets = 1024
    /// The most charts in one `heads` line.
    public static let chartsPerHeads = 64
    /// The most tips in one `heads` line; a chart with more cannot be compared, and is not sent.
    public static let tipsPerHeads = 4000
    /// The most tips that are told and not answered yet, before the last `heads` line: so many charts are compared in one round trip.
    public static let tipsUnderWay = 16_000
    /// The most charts that a session refuses before it gives up on the peer.
    public static let refusedCharts = 16_384
    /// The most charts that one session may name.
    public static let chartsPerSession = 1_000_000
    /// The most requests to storage that a session has open. The network stops reading long before.
    public static let openRequests = 32_768
    /// The most signed heads in a batch.
    public static let headsPerBatch = 4096
    /// Milliseconds until both sides must have said hello.
    public static let handshakeMilliseconds = 10_000
    /// Milliseconds of silence after which a side says `ping`.
    public static let pingMilliseconds = 30_000
    /// Milliseconds of silence after which the other side is taken for gone.
    public static let silenceMilliseconds = 90_000
    /// Milliseconds after which a root that changed without events for the peer is told.
    public static let leisureMilliseconds = 1000
    /// The most receipts and notices before a `mark`.
    public static let statementsAtOnce = 1000
}
