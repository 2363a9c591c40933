public import EventLog

/// A moment as a session is told it: what the wall says, and a count that never goes back.
public struct Moment: Hashable, Sendable {
    /// The node's wall clock.
    public var wall: Timestamp
    /// Milliseconds of a monotonic clock.
    public var monotonic: Int

    /// A moment.
    public init(wall: Timestamp, monotonic: Int) {
        self.wall = wall
        self.monotonic = monotonic
    }
}

/// One conversation with one peer: a pure state machine, (input, now) → directives.
///
/// Both directions run side by side and know nothing of each other: ``Sending`` streams what the peer misses, ``Receiving`` stores what
/// comes. Storage is a directive with a completion; answers come in the order of the requests, but that a read waits for no other, and no other for
/// it.
public struct Session: Sendable {
    /// Something that happened.
    public enum Input: Hashable, Sendable {
        /// Both sides are authenticated; lines can be sent.
        case opened
        /// The peer sent a line.
        case line([UInt8])
        /// Storage answered the oldest open request.
        case answered(StoreAnswer)
        /// Charts of the offer have new events, joined it or left it.
        case offerChanged(Offer)
        /// Receipts or notices were stored that the peer may not have.
        case statementsChanged
        /// Some time has passed: at the latest due when ``Session/nextTick`` says so.
        case tick
        /// The node is going down, or this connection is not wanted any more.
        case stop(Message.WireError)
    }

    /// Something to do.
    public enum Directive: Hashable, Sendable {
        /// Send a line.
        case send([UInt8])
        /// Ask storage, and hand the answer back as ``Input/answered(_:)``.
        case store(StoreRequest)
        /// Say something in the log; the text names no patient.
        case note(Note)
        /// Close the connection once everything is sent.
        case close(Message.WireError?)
    }

    /// What is worth telling the people who run the node.
    public enum Note: Hashable, Sendable {
        /// The handshake is done. The offset is the peer's clock minus ours, in milliseconds.
        case handshake(version: Int, clockOffset: Int)
        /// The peer was told nothing new, or has all that is shared with it.
        case upToDate
        /// We do not take a chart from the peer.
        case refusing(StoreAnswer.Refusal)
        /// The peer does not take a chart from us.
        case refused(ChartID, Message.RefusalCode)
        /// A chart has more writers than a line can name, and is not sent.
        case tooManyWriters(ChartID)
        /// Events were missing before others; we ask for the chart again.
        case gap(ChartID, String)
        /// The peer holds events of ours that we do not: we were restored or cloned.
        case peerKnowsMoreOfMe
        /// The peer says that it removed us from a chart.
        case removedFrom(ChartID)
    }

    /// Who talks to whom.
    public struct Configuration: Hashable, Sendable {
        /// This node.
        public var me: NodeID
        /// This node's present life.
        public var instance: UInt64
        /// The peer, as its certificate says.
        public var peer: NodeID

        /// Who talks to whom.
        public init(me: NodeID, instance: UInt64, peer: NodeID) {
            self.me = me
            self.instance = instance
            self.peer = peer
        }
    }

    /// What a store request was for.
    enum Pending: Hashable, Sendable {
        case compareRoot(EventHash)
        case compareBuckets([UInt64])
        case sendHeads([ChartID])
        case compareHeads(part: Int, tips: Int)
        case read
        case admit(Receiving.Admit)
        case statements(thenNote: Int?)
        case pendingStatements
        case statementsNoted
    }

    private enum Phase: Hashable, Sendable { case connecting, greeting(since: Int), talking, closed }

    /// A peer tells its root once, and its buckets once where it was asked for them.
    private enum Comparison: Hashable, Sendable { case root, buckets, nothing }

    /// Who talks to whom.
    public let configuration: Configuration
    /// How it stands, for people.
    public private(set) var status = SessionStatus()
    private var phase = Phase.connecting
    private var pending = PendingRequests()
    /// What the peer may say next of what it has.
    private var expected = Comparison.root
    private var heardAt = 0
    private var steppedAt = 0
    private var pinged = false
    private var sending: Sending
    private var receiving = Receiving()
    private var statements = Statements()

    /// A session that is about to open, with what the peer may have at its start.
    public init(_ configuration: Configuration, offer: Offer) {
        self.configuration = configuration
        sending = Sending(offer)
    }

    /// Takes one step.
    public mutating func handle(_ input: Input, now: Moment) -> [Directive] {
        guard phase != .closed else { return [] }
        steppedAt = now.monotonic
        var step = Step(now: now)
        do throws(Message.WireError) {
            try take(input, &step)
            guard pending.count + step.pending.count <= ReplicationLimits.openRequests else {
                throw Message.WireError(
                    .limit, "more than \(ReplicationLimits.openRequests) requests that storage has not answered")
            }
        } catch {
            step.send(.error(error))
            step.directives.append(.close(error))
            phase = .closed
        }
        pending.append(step.pending)
        status.update(sending, receiving)
        return step.directives
    }

    private mutating func take(_ input: Input, _ step: inout Step) throws(Message.WireError) {
        switch input {
        case .opened:
            phase = .greeting(since: step.now.monotonic)
            heardAt = step.now.monotonic
            step.send(
                .hello(
                    Message.Hello(
                        versions: [ReplicationLimits.versions.lowerBound, ReplicationLimits.versions.upperBound],
                        features: [], node: configuration.me, instance: String(configuration.instance),
                        credit: ReplicationLimits.creditBytes, at: step.now.wall)))
        case .line(let line):
            heardAt = step.now.monotonic
            pinged = false
            try take(try MessageCodec.decode(line), &step)
        case .answered(let answer):
            if case .failed(let text) = answer { throw Message.WireError(.storage, text) }
            guard let request = pending.take(for: answer) else {
                throw Message.WireError(.storage, "an answer without a request")
            }
            try take(answer, to: request, &step)
        case .offerChanged(let offer): sending.offerChanged(offer, &step)
        // All that there are are sent after the handshake.
        case .statementsChanged: if phase == .talking { statements.changed(&step) }
        case .tick: try tick(&step)
        case .stop(let reason): throw reason
        }
    }

    // MARK: Lines

    private mutating func take(_ line: WireLine, _ step: inout Step) throws(Message.WireError) {
        if case .greeting = phase {
            if case .message(.error(let error)) = line {
                phase = .closed
                step.directives.append(.close(error))
                return
            }
            guard case .message(.hello(let hello)) = line else {
                throw Message.WireError(.unexpected, "the first line must be a hello")
            }
            return try greet(hello, &step)
        }
        switch line {
        case .envelope(let bytes): try receiving.envelope(bytes)
        case .body(let bytes): try receiving.body(bytes)
        case .message(let message): try take(message, &step)
        }
    }

    private mutating func greet(_ hello: Message.Hello, _ step: inout Step) throws(Message.WireError) {
        guard hello.node == configuration.peer else {
            throw Message.WireError(.identity, "the hello names another node than the certificate")
        }
        guard hello.versions.count == 2, hello.versions[0] <= ReplicationLimits.versions.upperBound,
            hello.versions[1] >= ReplicationLimits.versions.lowerBound
        else {
            throw Message.WireError(.version, "this node speaks versions \(ReplicationLimits.versions)")
        }
        guard hello.credit >= 0 else { throw Message.WireError(.limit, "credit of \(hello.credit) bytes") }
        guard UInt64(hello.instance) != nil else {
            throw Message.WireError(.malformed, "field instance: not a number of 64 bits")
        }
        let version = min(hello.versions[1], ReplicationLimits.versions.upperBound)
        let offset = hello.at.milliseconds - step.now.wall.milliseconds
        phase = .talking
        status.handshake(version: version, clockOffset: offset, peerInstance: hello.instance)
        step.note(.handshake(version: version, clockOffset: offset))
        sending.start(credit: hello.credit, &step)
        statements.changed(&step)
    }

    private mutating func take(_ message: Message, _ step: inout Step) throws(Message.WireError) {
        switch message {
        case .root(let root):
            try expect(.root)
            step.store(.completedRoot, .compareRoot(root))
        case .same: try sending.peerHasRoot(&step)
        case .differs: try sending.peerDiffers(&step)
        case .buckets(let words):
            try expect(.buckets)
            step.store(.completedBuckets, .compareBuckets(words))
        case .open(let buckets): try sending.open(buckets, &step)
        case .heads(let heads): try receiving.heads(heads, &step)
        case .want(let want):
            // It answers heads, so it names no more than they may.
            guard want.charts.count <= ReplicationLimits.chartsPerHeads,
                want.charts.reduce(0, { $0 + $1.after.entries.count }) <= ReplicationLimits.tipsPerHeads
            else { throw Message.WireError(.limit, "too many charts or origins in want") }
            try sending.want(want, &step)
        case .total(let total): receiving.total(total)
        case .head(let head): try receiving.head(head)
        case .absent(let hash): try receiving.absent(hash)
        case .commit(let commit): try receiving.commit(commit, &step)
        case .credit(let bytes): try sending.credit(bytes, &step)
        case .receipt(let receipt): try statements.receive(receipt)
        case .removed(let notice):
            if try statements.receive(notice) { step.note(.removedFrom(notice.chart)) }
        case .mark(let number): statements.mark(number, &step)
        case .noted(let number): try statements.noted(number, &step)
        case .refused(let refused):
            // Not shared with us: the answer to what we asked for, and no word on what we send.
            let isNews =
                refused.code == .notShared ? receiving.notShared(refused.chart) : sending.refused(refused.chart, &step)
            if isNews { step.note(.refused(refused.chart, refused.code)) }
        case .ping: step.send(.pong)
        case .pong: break
        case .error(let error):
            phase = .closed
            step.directives.append(.close(error))
        case .hello: throw Message.WireError(.unexpected, "a second hello")
        }
    }

    private mutating func expect(_ comparison: Comparison) throws(Message.WireError) {
        guard expected == comparison else { throw Message.WireError(.unexpected, "\(comparison) out of turn") }
        expected = .nothing
    }

    // MARK: Answers

    private mutating func take(
        _ answer: StoreAnswer, to request: Pending, _ step: inout Step
    ) throws(Message.WireError) {
        switch (request, answer) {
        case (.compareRoot(let root), .completedRoot(let completed)):
            receiving.compare(root, with: completed, &step)
            if root != completed { expected = .buckets }
        case (.compareBuckets(let offered), .completedBuckets(let completed)):
            receiving.compare(offered, with: completed, &step)
        case (.sendHeads(let asked), .heads(let heads)): sending.send(heads, asked: asked, &step)
        case (.compareHeads(let part, let tips), .compared(let comparison)):
            receiving.answer(comparison, part: part, tips: tips, &step)
        case (.read, .read(let answers)): try sending.send(answers, &step)
        case (.admit(let admit), .admitted(let admission)):
            try receiving.admitted(admission, of: admit, &step)
        case (.statements(let mark), .statementsStored): if let mark { step.send(.noted(mark)) }
        case (.pendingStatements, .pendingStatements(let receipts, let notices, let upTo)):
            statements.send(receipts, notices, upTo: upTo, &step)
        case (.statementsNoted, .noted): break
        default: throw Message.WireError(.storage, "an answer to another request")
        }
    }

    // MARK: Time

    /// When the next ``Input/tick`` is due, as ``Moment/monotonic``; nil where none is. Earlier ones do no harm, but each wakes a machine up.
    public var nextTick: Int? {
        switch phase {
        case .greeting(let since): return since + ReplicationLimits.handshakeMilliseconds
        case .talking:
            let patience = pinged ? ReplicationLimits.silenceMilliseconds : ReplicationLimits.pingMilliseconds
            return min(heardAt + patience, sending.wantsTick ? steppedAt + ReplicationLimits.leisureMilliseconds : .max)
        case .connecting, .closed: return nil
        }
    }

    private mutating func tick(_ step: inout Step) throws(Message.WireError) {
        switch phase {
        case .greeting(let since):
            guard step.now.monotonic - since < ReplicationLimits.handshakeMilliseconds else {
                throw Message.WireError(.timeout, "no hello in time")
            }
        case .talking:
            let silence = step.now.monotonic - heardAt
            guard silence < ReplicationLimits.silenceMilliseconds else {
                throw Message.WireError(.timeout, "silence for \(silence / 1000) s")
            }
            if silence >= ReplicationLimits.pingMilliseconds, !pinged {
                pinged = true
                step.send(.ping)
            }
            sending.tick(&step)
        case .connecting, .closed: break
        }
    }
}

/// What one step of a session brings forth.
struct Step {
    let now: Moment
    var directives: [Session.Directive] = []
    var pending: [Session.Pending] = []

    init(now: Moment) { self.now = now }

    mutating func send(_ message: Message) { directives.append(.send(MessageCodec.encode(message))) }

    mutating func note(_ note: Session.Note) { directives.append(.note(note)) }

    /// Asks storage; `pending` says what the answer is for.
    mutating func store(_ request: StoreRequest, _ pending: Session.Pending) {
        directives.append(.store(request))
        self.pending.append(pending)
    }
}
