import CareModel
import EventLog
import TestSupport
import Testing

/// What takes its place in a chart, and what does not.
@Suite struct AdmissionTests {
    private var practices: Practices
    private var writer: Writer { practices.writers[1] }

    init() throws {
        practices = try Practices([("rx", [.prescribing], .psychiatrist)])
        try practices.meet()
    }

    /// The next event of the second writer, changed before it is admitted.
    private func refusal(_ change: (inout Envelope) -> Void) throws -> AdmissionError? {
        var copy = writer
        var envelope = try copy.write(SideEffectReported.kind, Bodies.sideEffect).envelope
        let body = try #require(copy.events.last?.bodyLine)
        change(&envelope)
        let event = Event(envelope: envelope, body: body)
        var record = writer.record
        do throws(AdmissionError) {
            _ = try record.admit(event)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsUnchangedIsAdmitted() throws { #expect(try refusal { _ in } == nil) }

    @Test func aGapIsNamed() throws {
        let missing = EventHash(of: [9])
        #expect(try refusal { $0.prev = missing }.map { if case .missingPrev(_, missing) = $0 { true } else { false } } == true)
        #expect(try refusal { $0.after = [missing] }?.isGap == true)
    }

    @Test func theClockMustBeTheClosure() throws {
        let origin = practices.writers[0].origin
        let more = try refusal { $0.seen.advance(origin, to: 1000) }
        #expect(more.map { if case .seenIsNotClosure = $0 { true } else { false } } == true)
        let less = try refusal { $0.seen = VectorClock($0.seen.entries.dropFirst().map { ($0.origin, $0.seq) }) }
        #expect(less != nil)
    }

    @Test func afterNamesMaximalEventsOnly() throws {
        let genesis = try #require(writer.events.first).hash
        let error = try refusal { $0.after = ($0.after + [genesis]).sorted() }
        #expect(error.map { if case .afterIsNotMaximal(_, genesis) = $0 { true } else { false } } == true)
    }

    @Test func refsLieInThePast() throws {
        var other = practices.writers[0]
        let unseen = try other.write(SideEffectReported.kind, Bodies.sideEffect)
        var record = writer.record
        try record.admit(unseen)
        var copy = writer
        var envelope = try copy.write(SideEffectReported.kind, Bodies.sideEffect).envelope
        envelope.refs = [unseen.hash]
        let event = Event(envelope: envelope, body: try #require(copy.events.last?.bodyLine))
        #expect(throws: AdmissionError.refOutsideOfPast(envelope.dot, unseen.hash)) { try record.admit(event) }
    }

    @Test func anotherChartAndABrokenChainAreRefused() throws {
        #expect(try refusal { $0.chart = EventHash(of: [1]) } == .otherChart)
        let foreign = try #require(practices.writers[0].events.first).hash
        #expect(try refusal { $0.prev = foreign }.map { if case .brokenChain = $0 { true } else { false } } == true)
    }

    @Test func onlyTheFounderBegins() throws {
        let genesis = try #require(writer.events.first)
        var record = ChartRecord(chart: EventHash(of: [7]))
        #expect(throws: AdmissionError.self) { try record.admit(genesis) }
        #expect(throws: AdmissionError.self) {
            var stranger = Writer("x", scopes: [], credential: .other, chart: practices.chart, seed: 5)
            try stranger.write(
                ChartOpened.kind, #"{"name":"x","node_key":"\#(stranger.key.publicKey)","nonce":"AAAAAAAAAAAAAAAAAAAAAA"}"#)
        }
        #expect(throws: AdmissionError.self) {
            var stranger = Writer("x", scopes: [], credential: .other, chart: practices.chart, seed: 5)
            try stranger.write(SessionHeld.kind, Bodies.session)
        }
    }

    @Test func bothBranchesOfAForkAreKept() throws {
        var (one, other) = (writer, writer)
        let left = try one.write(SideEffectReported.kind, Bodies.sideEffect)
        try other.write(SessionHeld.kind, Bodies.session)
        let right = try other.write(SessionHeld.kind, Bodies.session)
        try one.receiveAll(of: other)
        let graph = one.record.graph
        #expect(graph.isForked(one.origin))
        #expect(Set(graph.tips(of: one.origin).map { graph.nodes[$0].hash }) == [left.hash, right.hash])
        let (a, b) = (try #require(graph.position(of: left.hash)), try #require(graph.position(of: right.hash)))
        #expect(graph.areConcurrent(a, b))
        #expect(graph.events(at: left.envelope.dot).count == 2)
    }

    @Test func signaturesHoldForTheirKeyAndTheirDomainOnly() throws {
        let event = try #require(writer.events.last)
        let head = try SignedHead(signing: event, at: Timestamp(milliseconds: 1), with: writer.key)
        #expect(head.isValid(for: writer.key.keys))
        #expect(!head.isValid(for: practices.writers[0].key.keys))
        let later = SignedHead(
            chart: head.chart, dot: head.dot, hash: head.hash, at: Timestamp(milliseconds: 2), signature: head.signature)
        #expect(!later.isValid(for: writer.key.keys))
        let receipt = Receipt(
            receiver: writer.node, instance: 1, chart: head.chart, dot: head.dot, hash: head.hash, at: head.at,
            signature: head.signature)
        #expect(!receipt.isValid(for: writer.key.keys))
    }

    @Test func viewTokensRoundTrip() {
        let view = writer.record.graph.view
        #expect(View(token: view.token) == view)
        for bad in ["", "v1.", "v2.\(view.token.dropFirst(3))", String(view.token.dropLast()), "v1.AAAA"] {
            #expect(View(token: bad) == nil, "\(bad)")
        }
    }
}
