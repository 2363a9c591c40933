public import EventLog

/// Events of one chart on their way between two nodes, in an order that is causal, with the heads that vouch for them.
public struct ChartRun: Hashable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// Both lines of each event; no second line where the body is absent.
    public var events: [EventLines]
    /// Signed heads that cover all of them.
    public var heads: [SignedHead]

    /// A run of events.
    public init(chart: ChartID, events: [EventLines], heads: [SignedHead]) {
        self.chart = chart
        self.events = events
        self.heads = heads
    }
}

/// The two lines of an event as bytes.
public struct EventLines: Sendable {
    /// The envelope line.
    public var envelope: [UInt8]
    /// The body line; nil where the body is absent.
    public var body: [UInt8]?

    /// Two lines.
    public init(envelope: [UInt8], body: [UInt8]?) {
        self.envelope = envelope
        self.body = body
    }

    /// The event that they are, or what is wrong with them.
    public var event: Result<Event, FormatError> {
        Result { () throws(FormatError) in try Event(line: envelope, body: body) }
    }

    /// Bytes on the wire that count against credit.
    public var byteCount: Int { envelope.count + (body?.count ?? 0) }
}

extension StoreRequest.Batch: Hashable {
    /// The same lines are the same events.
    public static func == (left: Self, right: Self) -> Bool { left.runs == right.runs && left.completes == right.completes }

    /// The lines, and what they complete.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(runs)
        hasher.combine(completes)
    }
}

extension EventLines: Hashable {
    /// The same bytes are the same event.
    public static func == (left: EventLines, right: EventLines) -> Bool {
        left.envelope == right.envelope && left.body == right.body
    }

    /// The bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(envelope)
        hasher.combine(body)
    }
}

/// What a session asks of storage. Each request is answered by one ``StoreAnswer``, in the order of the requests; a read whenever it is done,
/// since what was recorded here a moment ago would wait for the disk to write what the peer has sent.
public enum StoreRequest: Hashable, Sendable {
    /// The root that was last completed from this peer.
    case completedRoot
    /// The bucket hashes of that root.
    case completedBuckets
    /// The heads of these charts, which the peer may have; charts that it may not have are left out.
    case heads([ChartID])
    /// What is missing here of what the peer offers.
    case compare([Message.ChartHeads])
    /// Events for the peer, chart by chart, each in order of arrival, up to signed heads. There is one of these at a time.
    case read(ReadRequest)
    /// Store a batch, all of it in one transaction; a chart that cannot be admitted is left out and named.
    case admit(Batch)
    /// Store receipts and notices that came from the peer.
    case statements([Receipt], [RemovalNotice])
    /// Receipts and notices that the peer has not noted yet, beyond a mark; at most ``ReplicationLimits/statementsAtOnce``.
    case pendingStatements(after: Int)
    /// The peer noted all statements up to this mark of ``StoreAnswer/pendingStatements(_:_:upTo:)``.
    case statementsNoted(upTo: Int)

    /// What to read: as many of the charts, from the first on, as fit into both limits together.
    public struct ReadRequest: Hashable, Sendable {
        /// One at least, none twice.
        public var charts: [ChartRange]
        /// Stop before a commit that would exceed so many events,
        public var maxEvents: Int
        /// or so many bytes.
        public var maxBytes: Int

        /// What to read.
        public init(charts: [ChartRange], maxEvents: Int, maxBytes: Int) {
            (self.charts, self.maxEvents, self.maxBytes) = (charts, maxEvents, maxBytes)
        }
    }

    /// What to read of one chart.
    public struct ChartRange: Hashable, Sendable {
        /// The chart.
        public var chart: ChartID
        /// Leave out what the receiver has: events up to these numbers.
        public var after: VectorClock
        /// Leave out what arrived up to this number.
        public var from: Int
        /// Leave out what arrived after this number.
        public var upTo: Int
        /// True to leave out what came from this peer itself.
        public var skipsOwn: Bool

        /// What to read.
        public init(chart: ChartID, after: VectorClock, from: Int, upTo: Int, skipsOwn: Bool) {
            (self.chart, self.after) = (chart, after)
            (self.from, self.upTo, self.skipsOwn) = (from, upTo, skipsOwn)
        }
    }

    /// A batch to be stored as one.
    public struct Batch: Sendable {
        /// The events by chart.
        public let runs: [ChartRun]
        /// For each run, what its lines are. A session reads them as they come, while storage is busy with what came before.
        public let events: [[Result<Event, FormatError>]]
        /// Bytes of all lines.
        public let eventBytes: Int
        /// What the sender's root then is, when the batch completes it.
        public let completes: Completion?

        /// Events, and what they complete.
        public init(runs: [ChartRun], completes: Completion?) {
            self.init(runs: runs, reading: runs.map { $0.events.map(\.event) }, completes: completes)
        }

        /// The same, of lines that have been read already.
        init(runs: [ChartRun], reading events: [[Result<Event, FormatError>]], completes: Completion?) {
            (self.runs, self.events, self.completes) = (runs, events, completes)
            eventBytes = runs.reduce(0) { $1.events.reduce($0) { $0 + $1.byteCount } }
        }
    }

    /// A root and the buckets under it that changed.
    public struct Completion: Hashable, Sendable {
        /// The sender's root.
        public var root: EventHash
        /// Bucket numbers and their hashes.
        public var buckets: [Int: UInt64]

        /// A root and its changed buckets.
        public init(root: EventHash, buckets: [Int: UInt64]) {
            self.root = root
            self.buckets = buckets
        }
    }
}

/// What storage answers.
public enum StoreAnswer: Hashable, Sendable {
    /// To ``StoreRequest/completedRoot``.
    case completedRoot(EventHash?)
    /// To ``StoreRequest/completedBuckets``: 1,024 hashes, 0 where nothing is known.
    case completedBuckets([UInt64])
    /// To ``StoreRequest/heads(_:)``.
    case heads([Message.ChartHeads])
    /// To ``StoreRequest/compare(_:)``.
    case compared(Comparison)
    /// To ``StoreRequest/read(_:)``: for the first of the charts asked for, one at least, in their order. All but the last are not left with
    /// ``ReadState/more``.
    case read([ReadAnswer])
    /// To ``StoreRequest/admit(_:)``, after the commit.
    case admitted(Admission)
    /// To ``StoreRequest/statements(_:_:)``, after the commit.
    case statementsStored
    /// To ``StoreRequest/pendingStatements``.
    case pendingStatements([Receipt], [RemovalNotice], upTo: Int)
    /// To ``StoreRequest/statementsNoted(upTo:)``.
    case noted
    /// Storage failed: the session ends.
    case failed(String)

    /// The outcome of comparing heads.
    public struct Comparison: Hashable, Sendable {
        /// Charts of which the peer has something that is missing here.
        public var wants: [Message.ChartWant]
        /// True when the peer knows events of this node that this node does not: it was restored or cloned. By the time of
        /// this answer the node has drawn a new epoch.
        public var peerKnowsMoreOfMe: Bool

        /// An outcome.
        public init(wants: [Message.ChartWant], peerKnowsMoreOfMe: Bool) {
            self.wants = wants
            self.peerKnowsMoreOfMe = peerKnowsMoreOfMe
        }
    }

    /// Events of one chart that were read.
    public struct ReadAnswer: Hashable, Sendable {
        /// The events and their heads.
        public var run: ChartRun
        /// Where to go on reading.
        public var next: Int
        /// What is left.
        public var state: ReadState

        /// Events and where to go on.
        public init(run: ChartRun, next: Int, state: ReadState) {
            self.run = run
            self.next = next
            self.state = state
        }
    }

    /// Whether more is to be read.
    public enum ReadState: Hashable, Sendable {
        /// All is read up to the number asked for.
        case atEnd
        /// The next commit would exceed the limits given.
        case more
        /// The chart may not be sent to this peer any more.
        case withdrawn
    }

    /// What became of a batch.
    public struct Admission: Hashable, Sendable {
        /// Charts that were left out, and why.
        public var refused: [Refusal]
        /// Events that were new here.
        public var newEvents: Int

        /// What became of a batch.
        public init(refused: [Refusal], newEvents: Int) {
            self.refused = refused
            self.newEvents = newEvents
        }
    }

    /// A chart of a batch that was left out.
    public struct Refusal: Hashable, Sendable {
        /// The chart.
        public var chart: ChartID
        /// Which rule.
        public var code: Message.RefusalCode
        /// True when events that are here at the sender can cure it.
        public var isGap: Bool
        /// What and where, in words.
        public var text: String

        /// A chart and why it was left out.
        public init(chart: ChartID, code: Message.RefusalCode, isGap: Bool, text: String) {
            self.chart = chart
            self.code = code
            self.isGap = isGap
            self.text = text
        }
    }
}

/// Storage as a session sees it: answers for one peer. The same contract tests run over every implementation.
public protocol ReplicaStore: Sendable {
    /// Carries out one request of the session with `peer`. An answer to a write comes after its commit.
    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer

    /// The answer to a request that takes storage less time than it takes to wake another thread; nil where it takes longer, or waits for the
    /// disk to write.
    func answerAtOnce(_ request: StoreRequest, for peer: NodeID) -> StoreAnswer?

    /// What ``StoreRequest/read(_:)`` will be answered once the commit is durable that is on its way to the disk; nil where that is not known.
    func answerAhead(_ request: StoreRequest, for peer: NodeID) -> AnswerAhead?

    /// Looks at batches that were just handed over to be stored, on the thread that did so, which has nothing else to do until they are.
    func lookAhead(at batches: [StoreRequest.Batch])

    /// Carries out what ``StoreRequest/admit(_:)`` asks for some batches that came one after another, each with an answer of its own. They may share
    /// a commit; without this, each has one, and is stored first.
    ///
    /// Returns once they have their place: what is handed over later is decided on later, and need not wait for their commit.
    ///
    /// - Returns: the answers, once all is durable; to be asked for once.
    func beginAdmission(of batches: [StoreRequest.Batch], for peer: NodeID) async -> @Sendable () async -> [StoreAnswer]
}

/// An answer to a read of what is not durable yet: nothing of it may leave before it is.
public struct AnswerAhead: Sendable {
    /// What will be read.
    public let answer: StoreAnswer
    /// True where it is durable, all that there is to read, and written down that it is sent; it counts as sent then.
    public let isDue: @Sendable () -> Bool

    /// An answer, and whether it may leave.
    public init(_ answer: StoreAnswer, isDue: @escaping @Sendable () -> Bool) {
        self.answer = answer
        self.isDue = isDue
    }
}

extension ReplicaStore {
    /// All requests take longer.
    public func answerAtOnce(_ request: StoreRequest, for peer: NodeID) -> StoreAnswer? { nil }

    /// Nothing is known.
    public func answerAhead(_ request: StoreRequest, for peer: NodeID) -> AnswerAhead? { nil }

    /// There is nothing to see.
    public func lookAhead(at batches: [StoreRequest.Batch]) {}

    /// Stores one after another.
    public func beginAdmission(
        of batches: [StoreRequest.Batch], for peer: NodeID
    ) async -> @Sendable () async -> [StoreAnswer] {
        var answers: [StoreAnswer] = []
        for batch in batches { answers.append(await answer(.admit(batch), for: peer)) }
        return { [answers] in answers }
    }

    /// The same, and waits for the answers.
    public func admit(_ batches: [StoreRequest.Batch], for peer: NodeID) async -> [StoreAnswer] {
        await beginAdmission(of: batches, for: peer)()
    }
}

/// Which charts a peer may have now: those whose own events admit it and whose consent covers it.
public protocol SharingPolicy: Sendable {
    /// The offer to `peer`: its charts with the digest of their heads, as of the arrival number returned.
    func offer(to peer: NodeID) async throws -> Offer
}

/// What may be sent to a peer, as of an arrival number.
public struct Offer: Hashable, Sendable {
    /// A digest of its heads for each chart; nil for one that is no longer shared.
    public var charts: [ChartID: EventHash?]
    /// All events up to this arrival number are reflected.
    public var arrival: Int

    /// Charts and the arrival number that they reflect.
    public init(charts: [ChartID: EventHash?], arrival: Int) {
        self.charts = charts
        self.arrival = arrival
    }
}
