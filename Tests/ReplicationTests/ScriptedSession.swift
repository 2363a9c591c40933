import EventLog
@testable import Replication
import TestSupport
import Testing

/// One session, driven by hand: the test is its peer, its storage and its clock.
struct ScriptedSession {
    static let me = PlainChart.key.node
    static let peer = Writer.key(from: [UInt8](repeating: 2, count: 32)).node

    private var session: Session
    private var seconds = 0
    /// What storage was asked and has not answered yet, oldest first.
    private(set) var open: [StoreRequest] = []
    /// All that the session did.
    private(set) var transcript = Said()

    /// A session whose connection is open, with nothing heard of the peer.
    init(silentWith offer: Offer) {
        session = Session(
            Session.Configuration(me: Self.me, instance: 1, peer: Self.peer), offer: offer)
        handle(.opened)
    }

    /// A session after the hellos, with no statements to send.
    init(_ offer: Offer = Offer(charts: [:], arrival: 0), credit: Int = ReplicationLimits.creditBytes) {
        self.init(silentWith: offer)
        greet(credit: credit)
        answer(.pendingStatements([], [], upTo: 0))
    }

    /// A session whose peer wants these charts from their beginning: the first of them is being read.
    init(wanting charts: [PlainChart], credit: Int = ReplicationLimits.creditBytes) {
        self.init(charts.offer(arrival: charts.map { $0.heads().tips[0].seq }.reduce(0, +)), credit: credit)
        hear(.differs, .open(Set(charts.map(\.id.bucket)).sorted()))
        answer(.heads(charts.map { $0.heads() }))
        hear(.want(1, charts.map { ($0, VectorClock()) }))
    }

    var status: SessionStatus { session.status }

    @discardableResult
    mutating func greet(credit: Int = ReplicationLimits.creditBytes) -> Said {
        hear(
            .hello(
                Message.Hello(
                    versions: [1, 1], features: [], node: Self.peer, instance: "2", credit: credit, at: now.wall)))
    }

    @discardableResult
    mutating func handle(_ input: Session.Input) -> Said {
        let said = Said(directives: session.handle(input, now: now))
        open += said.requests
        transcript.directives += said.directives
        return said
    }

    /// The step that it would take at an offer, reading that.
    func ahead(at offer: Offer, _ read: (StoreRequest) -> AnswerAhead?) -> StepAhead? {
        StepAhead(of: session, at: offer, now: now, reading: read)
    }

    var now: Moment { Moment(wall: Timestamp(milliseconds: seconds * 1000), monotonic: seconds * 1000) }

    /// The peer says something.
    @discardableResult
    mutating func hear(_ messages: Message...) -> Said { hear(messages.map(MessageCodec.encode)) }

    /// The peer sends a batch.
    @discardableResult
    mutating func hear(
        _ runs: ChartRun..., root: EventHash? = nil, buckets: [Int: UInt64] = [:]
    ) -> Said {
        var lines: [[UInt8]] = []
        for run in runs {
            for event in run.events {
                lines.append(event.envelope)
                lines.append(event.body ?? MessageCodec.encode(.absent(event.bodyHash)))
            }
            lines += run.heads.map { MessageCodec.encode(.head($0)) }
        }
        let changed = buckets.sorted { $0.key < $1.key }.map { Message.Bucket(index: $0.key, word: $0.value) }
        let count = runs.reduce(0) { $0 + $1.events.count }
        return hear(lines + [MessageCodec.encode(.commit(Message.Commit(events: count, root: root, buckets: changed)))])
    }

    @discardableResult
    mutating func hear(_ lines: [[UInt8]]) -> Said {
        Said(directives: lines.flatMap { handle(.line($0)).directives })
    }

    /// Storage answers the oldest open request.
    @discardableResult
    mutating func answer(_ answer: StoreAnswer) -> Said {
        if !open.isEmpty { open.removeFirst() }
        return handle(.answered(answer))
    }

    /// Storage has read events of the first chart that it was asked for; `next` is the arrival number up to which it has.
    @discardableResult
    mutating func answer(_ run: ChartRun, next: Int, _ state: StoreAnswer.ReadState = .atEnd) -> Said {
        answer(.read([StoreAnswer.ReadAnswer(run: run, next: next, state: state)]))
    }

    /// Storage has read all of the first charts that it was asked for, each up to an arrival number.
    @discardableResult
    mutating func answer(_ runs: [(run: ChartRun, next: Int)]) -> Said {
        answer(.read(runs.map { StoreAnswer.ReadAnswer(run: $0.run, next: $0.next, state: .atEnd) }))
    }

    /// Storage reads what is asked of it until nothing is, in whatever order that is.
    mutating func answerReads(_ runs: [ChartID: ChartRun], upTo next: Int) {
        while case .read(let read) = open.first, let run = runs[read.chart] { answer(run, next: next) }
    }

    /// Storage stores whatever is under way and what that brings about.
    mutating func storeAll() {
        while case .admit = open.first { stored() }
    }

    /// Storage has stored a batch, all of it but for the charts refused.
    @discardableResult
    mutating func stored(refused: [StoreAnswer.Refusal] = []) -> Said {
        answer(.admitted(StoreAnswer.Admission(refused: refused, newEvents: 0)))
    }

    /// Charts of the offer changed, joined it or (nil) left it.
    @discardableResult
    mutating func offer(_ charts: [ChartID: EventHash?], arrival: Int) -> Said {
        handle(.offerChanged(Offer(charts: charts, arrival: arrival)))
    }

    @discardableResult
    mutating func tick() -> Said {
        seconds += 1
        return handle(.tick)
    }
}

/// What a session did.
struct Said {
    var directives: [Session.Directive] = []

    /// The lines that it sent.
    var lines: [WireLine] {
        directives.compactMap { directive in
            guard case .send(let line) = directive else { return nil }
            return try? MessageCodec.decode(line)
        }
    }

    /// The control lines among them.
    var messages: [Message] {
        lines.compactMap { line in
            guard case .message(let message) = line else { return nil }
            return message
        }
    }

    /// The first lines of the events that it sent.
    var envelopes: [[UInt8]] {
        lines.compactMap { line in
            guard case .envelope(let bytes) = line else { return nil }
            return bytes
        }
    }

    var requests: [StoreRequest] {
        directives.compactMap { directive in
            guard case .store(let request) = directive else { return nil }
            return request
        }
    }

    var reads: [StoreRequest.ReadRequest] {
        requests.compactMap { request in
            guard case .read(let read) = request else { return nil }
            return read
        }
    }

    var admits: [StoreRequest.Batch] {
        requests.compactMap { request in
            guard case .admit(let batch) = request else { return nil }
            // What was read of the lines as they came belongs to them, whatever was left out.
            #expect(batch.events.map { $0.map { try? $0.get() } } == batch.runs.map { $0.events.map { try? $0.event.get() } })
            return batch
        }
    }

    var notes: [Session.Note] {
        directives.compactMap { directive in
            guard case .note(let note) = directive else { return nil }
            return note
        }
    }

    /// The code of the error that it ended with; nil while it goes on.
    var ending: Message.WireError.Code? {
        for case .close(let reason) in directives { return reason?.code }
        return nil
    }

    /// The roots that it told in commits.
    var roots: [EventHash] {
        messages.compactMap { message in
            guard case .commit(let commit) = message else { return nil }
            return commit.root
        }
    }

    /// The charts of each batch that was ended, one for each run of events.
    var batches: [[ChartID]] {
        var (batches, charts): ([[ChartID]], [ChartID]) = ([], [])
        for line in lines {
            if case .envelope(let bytes) = line, let chart = EnvelopeText.chart(of: bytes), chart != charts.last {
                charts.append(chart)
            } else if case .message(.commit) = line {
                batches.append(charts)
                charts = []
            }
        }
        return batches
    }
}

/// Of the chart whose turn it is.
extension StoreRequest.ReadRequest {
    var chart: ChartID { charts[0].chart }
    var after: VectorClock { charts[0].after }
    var from: Int { charts[0].from }
    var upTo: Int { charts[0].upTo }
    var skipsOwn: Bool { charts[0].skipsOwn }
}

extension EventLines {
    /// The hash of its body line, as the envelope names it.
    var bodyHash: EventHash { EnvelopeText.body(of: envelope) ?? EventHash(of: []) }
}

extension Message {
    /// What is wanted of the charts of a part.
    static func want(_ part: Int, _ charts: [(PlainChart, VectorClock)]) -> Message {
        .want(Want(part: part, charts: charts.map { ChartWant(chart: $0.0.id, after: $0.1) }))
    }

    static func heads(_ part: Int, _ charts: [ChartHeads]) -> Message { .heads(Heads(part: part, charts: charts)) }
}

extension OfferTree {
    /// The tree of an offer.
    init(_ digests: [ChartID: EventHash?]) {
        self.init()
        for (chart, digest) in digests { set(chart, digest) }
    }
}
