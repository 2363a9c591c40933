import EventLog
import TestSupport

/// A chart whose events are put together one by one, without the care model: a founder's genesis and whatever the test adds.
struct HandmadeChart {
    let founder: NodeKey
    let chart: ChartID
    let genesis: Event
    /// What has been admitted so far.
    var graph: ChartGraph
    private var random: SplitMix64

    init(seed: UInt64 = 1) throws {
        var random = SplitMix64(seed: seed)
        founder = Writer.key(from: random.bytes(32))
        let nonce = random.bytes(16)
        chart = ChartFounding.chart(founder: founder.publicKey, nonce: nonce)
        graph = ChartGraph(chart: chart)
        genesis = try Self.event(
            chart, Origin(node: founder.node, epoch: 1), kind: ChartFounding.kind,
            graph.next(in: Self.nobody, seeing: []),
            members: Self.founding(founder.publicKey, nonce), salt: random.bytes(16))
        self.random = random
        try graph.admit(genesis)
    }

    private static let nobody = Origin(node: Writer.key(from: [UInt8](repeating: 9, count: 32)).node, epoch: 1)

    static func founding(_ key: NodePublicKey, _ nonce: [UInt8]) -> String {
        #"{"node_key":"\#(key)","nonce":"\#(Base64URL.encode(nonce))"}"#
    }

    /// A writer's sequence; number 0 is the founder's.
    func origin(_ writer: UInt8, epoch: UInt64 = 1) -> Origin {
        let key = writer == 0 ? founder : Writer.key(from: [UInt8](repeating: writer, count: 32))
        return Origin(node: key.node, epoch: epoch)
    }

    static func event(
        _ chart: ChartID, _ origin: Origin, kind: Kind = "note.taken", _ causality: Causality, refs: [EventHash] = [],
        author: AuthorID = .node, members: String = "{}", salt: [UInt8]
    ) throws -> Event {
        let time = Timestamp(milliseconds: 1_925_000_000_000)
        let body = try BodyLine(
            salt: salt, when: ClinicalTime(instant: time, offsetMinutes: 60), members: Array(members.utf8))
        let envelope = Envelope(
            chart: chart, origin: origin, seq: causality.seq, prev: causality.prev, seen: causality.seen,
            after: causality.after, refs: refs.sorted(), at: time, author: author, kind: kind, version: 1, critical: false,
            body: body.hash)
        return Event(envelope: envelope, body: body)
    }

    /// The next event of `origin` by somebody who has seen `events`; all that is here where nil. It is not admitted yet.
    mutating func draft(
        _ origin: Origin, seeing events: [Event]? = nil, refs: [Event] = [], kind: Kind = "note.taken",
        author: AuthorID = .node, _ change: (inout Envelope) -> Void = { _ in }
    ) throws -> Event {
        let frontier = graph.maximal(events?.compactMap { graph.position(of: $0.hash) } ?? graph.frontier)
        let event = try Self.event(
            chart, origin, kind: kind, graph.next(in: origin, seeing: frontier), refs: refs.map(\.hash), author: author,
            salt: random.bytes(16))
        guard let body = event.bodyLine else { return event }
        var envelope = event.envelope
        change(&envelope)
        return Event(envelope: envelope, body: body)
    }

    /// The same, admitted.
    @discardableResult
    mutating func write(
        _ origin: Origin, seeing events: [Event]? = nil, refs: [Event] = [], author: AuthorID = .node
    ) throws -> Event {
        let event = try draft(origin, seeing: events, refs: refs, author: author)
        try graph.admit(event)
        return event
    }

    /// Why an event is not admitted; nil when it is.
    func refusal(of event: Event) -> AdmissionError? {
        var graph = graph
        do throws(AdmissionError) {
            try graph.admit(event)
            return nil
        } catch {
            return error
        }
    }

    func position(_ event: Event) throws -> Int {
        guard let position = graph.position(of: event.hash) else { throw NotAdmitted() }
        return position
    }

    struct NotAdmitted: Error {}
}
