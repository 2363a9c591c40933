public import EventLog

/// A control line of the protocol. Event and body lines are not messages: they travel as they were written.
public enum Message: Hashable, Sendable {
    /// The first line of both sides.
    case hello(Hello)
    /// The root of what the sender may share with the receiver.
    case root(EventHash)
    /// The receiver completed that root before: nothing is missing.
    case same
    /// The receiver did not: it asks for the buckets.
    case differs
    /// The sender's 1,024 bucket hashes, 8 bytes each.
    case buckets([UInt64])
    /// The buckets in which the receiver may miss something.
    case open([Int])
    /// Heads of charts in those buckets, or of charts newly shared.
    case heads(Heads)
    /// The answer to one `heads`: what the receiver misses of those charts.
    case want(Want)
    /// How much the sender is about to send.
    case total(Total)
    /// A signed head that covers events of the batch.
    case head(SignedHead)
    /// The body of the event before was erased, or is lost at the sender.
    case absent(EventHash)
    /// The end of a batch, to be stored as one; with the root when nothing more is to come.
    case commit(Commit)
    /// The receiver takes so many more bytes of event lines.
    case credit(Int)
    /// Proof that somebody stored events.
    case receipt(Receipt)
    /// The receiver of this message was removed from a chart.
    case removed(RemovalNotice)
    /// Asks for a `noted` once all receipts and notices before it are stored.
    case mark(Int)
    /// The answer to `mark`.
    case noted(Int)
    /// The receiver takes no more of this chart in this session.
    case refused(Refused)
    /// Asks for a `pong`, after a silence.
    case ping
    /// The answer to `ping`.
    case pong
    /// The last line before the connection is closed.
    case error(WireError)

    /// Who is there, and what they speak.
    public struct Hello: Hashable, Sendable, Codable {
        /// The lowest and the highest protocol version spoken.
        public var versions: [Int]
        /// Names of optional features; none is defined in version 1.
        public var features: [String]
        /// The node's short id; must belong to the key of the TLS certificate.
        public var node: NodeID
        /// The node's present life, as 13 letters; changes when it is restored.
        public var instance: String
        /// Bytes of event lines that it takes at first.
        public var credit: Int
        /// Its wall clock.
        public var at: Timestamp
    }

    /// The last events of one chart.
    public typealias ChartHeads = EventLog.ChartHeads
    /// The last event of an origin, or of a branch of it.
    public typealias Tip = EventLog.Tip

    /// A piece of the answer to `open`.
    public struct Heads: Hashable, Sendable, Codable {
        /// Numbers the pieces of a session, from 1.
        public var part: Int
        /// At most ``ReplicationLimits/chartsPerHeads``.
        public var charts: [ChartHeads]
    }

    /// What the receiver misses of the charts of one piece.
    public struct Want: Hashable, Sendable, Codable {
        /// The piece that is answered; 0 for a chart asked for again.
        public var part: Int
        /// The charts of which something is missing.
        public var charts: [ChartWant]
    }

    /// What is missing of one chart: all events of an origin with a higher number.
    public struct ChartWant: Hashable, Sendable, Codable {
        /// The chart.
        public var chart: ChartID
        /// How far the receiver holds each origin.
        public var after: VectorClock

        /// Names a chart and what is held of it.
        public init(chart: ChartID, after: VectorClock) {
            self.chart = chart
            self.after = after
        }
    }

    /// How much is to come.
    public struct Total: Hashable, Sendable, Codable {
        /// Events that will be sent.
        public var events: Int
        /// Charts that they belong to.
        public var charts: Int
    }

    /// The end of a batch.
    public struct Commit: Hashable, Sendable, Codable {
        /// Events in the batch.
        public var events: Int
        /// The sender's root when the receiver now has all that is shared with it.
        public var root: EventHash?
        /// With the root: the buckets that changed since the sender last told, and their hashes.
        public var buckets: [Bucket]
    }

    /// One bucket and its hash.
    public struct Bucket: Hashable, Sendable, Codable {
        /// From 0 to 1,023.
        public var index: Int
        /// The first 8 bytes of the hash of the bucket's charts and their heads.
        public var hash: String
    }

    /// A chart that the receiver will not take.
    public struct Refused: Hashable, Sendable, Codable {
        /// The chart.
        public var chart: ChartID
        /// Which rule.
        public var code: RefusalCode

        /// Names a chart and a rule.
        public init(chart: ChartID, code: RefusalCode) {
            self.chart = chart
            self.code = code
        }
    }

    /// Why a chart was refused.
    public enum RefusalCode: String, Hashable, Sendable, Codable {
        /// An event is not structurally sound, or stays without its past.
        case inadmissible
        /// The sender is not and never was a member of the chart.
        case notAMember = "not-a-member"
        /// The receiver asked for a chart that is not shared with it.
        case notShared = "not-shared"
    }

    /// Why a connection ends.
    public struct WireError: Hashable, Sendable, Codable, Error {
        /// The codes of version 1.
        public enum Code: String, Hashable, Sendable, Codable {
            /// A line that is no line of the protocol.
            case malformed
            /// A line that is not expected now.
            case unexpected
            /// A limit of docs/PROTOCOL.md was exceeded.
            case limit
            /// No common protocol version.
            case version
            /// The node id is not that of the certificate.
            case identity
            /// The handshake took too long, or the other side fell silent.
            case timeout
            /// The node is shutting down.
            case stopping
            /// The node cannot store anything now.
            case storage
            /// Another connection to the same peer took this one's place.
            case replaced
        }
        /// The code.
        public var code: Code
        /// What and where, in words; never content.
        public var text: String

        /// An error with a code and words.
        public init(_ code: Code, _ text: String) {
            self.code = code
            self.text = text
        }
    }
}
