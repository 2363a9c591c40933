import EventLog
import TestSupport
import Testing

/// Who may begin a chart, and with what.
@Suite struct GenesisTests {
    private let key = Writer.key(from: [UInt8](repeating: 1, count: 32))
    private let nonce = [UInt8](repeating: 7, count: 16)
    private var origin: Origin { Origin(node: key.node, epoch: 1) }
    private var chart: ChartID { ChartFounding.chart(founder: key.publicKey, nonce: nonce) }

    private func refusal(
        _ members: String, chart: ChartID? = nil, origin: Origin? = nil, kind: Kind = ChartFounding.kind
    ) throws -> AdmissionError? {
        var graph = ChartGraph(chart: chart ?? self.chart)
        let event = try HandmadeChart.event(
            chart ?? self.chart, origin ?? self.origin, kind: kind, graph.next(in: self.origin, seeing: []), members: members,
            salt: [UInt8](repeating: 3, count: 16))
        do throws(AdmissionError) {
            try graph.admit(event)
            return nil
        } catch {
            return error
        }
    }

    private var members: String { HandmadeChart.founding(key.publicKey, nonce) }

    @Test func theFounderBegins() throws { #expect(try refusal(members) == nil) }

    @Test func theIdBelongsToTheFounderAndTheNonce() throws {
        let dot = Dot(origin: origin, seq: 1)
        #expect(try refusal(members, chart: EventHash(of: [1])) == .foreignFounder(dot))
        let otherNonce = HandmadeChart.founding(key.publicKey, [UInt8](repeating: 8, count: 16))
        #expect(try refusal(otherNonce) == .foreignFounder(dot))
        let stranger = Writer.key(from: [UInt8](repeating: 2, count: 32)).publicKey
        #expect(try refusal(HandmadeChart.founding(stranger, nonce)) == .foreignFounder(dot))
        let foreign = Origin(node: NodeID(of: stranger), epoch: 1)
        #expect(try refusal(members, origin: foreign) == .foreignFounder(Dot(origin: foreign, seq: 1)))
    }

    @Test(arguments: [
        "{}", #"{"node_key":"x","nonce":"BwcHBwcHBwcHBwcHBwcHBw"}"#, #"{"node_key":1,"nonce":2}"#,
        #"{"nonce":"BwcHBwcHBwcHBwcHBwcHBw"}"#,
    ])
    func aGenesisHasItsMembers(_ members: String) throws {
        #expect(try refusal(members) == .foreignFounder(Dot(origin: origin, seq: 1)))
    }

    @Test(arguments: [15, 17, 0])
    func theNonceHasSixteenBytes(_ count: Int) throws {
        let short = [UInt8](repeating: 7, count: count)
        let id = ChartFounding.chart(founder: key.publicKey, nonce: short)
        #expect(
            try refusal(HandmadeChart.founding(key.publicKey, short), chart: id) == .foreignFounder(Dot(origin: origin, seq: 1)))
    }

    @Test func anotherKindBeginsNothing() throws {
        #expect(try refusal(members, kind: "note.taken") == .notTheGenesis(Dot(origin: origin, seq: 1)))
    }

    @Test func aGenesisWithoutItsBodyIsRefused() throws {
        let made = try HandmadeChart()
        var graph = ChartGraph(chart: made.chart)
        let erased = try Event(line: made.genesis.line, body: nil)
        #expect(throws: AdmissionError.self) { try graph.admit(erased) }
        #expect(graph.nodes.isEmpty)
    }

    @Test func aSecondEventHasAPast() throws {
        var made = try HandmadeChart()
        let stranger = made.origin(1)
        let rootless = try made.draft(stranger) { ($0.seen, $0.after) = (VectorClock(), []) }
        #expect(made.refusal(of: rootless) == .notTheGenesis(Dot(origin: stranger, seq: 1)))
        try made.write(stranger)
        let forgetful = try made.draft(stranger) { ($0.seen, $0.after) = (VectorClock(), []) }
        #expect(made.refusal(of: forgetful) == .notTheGenesis(Dot(origin: stranger, seq: 2)))
    }

    /// The kind of the first event is the first event's alone.
    @Test func aGenesisHasNoPast() throws {
        var made = try HandmadeChart()
        let late = try made.draft(made.genesis.envelope.origin, kind: ChartFounding.kind)
        #expect(made.refusal(of: late) == .notTheGenesis(late.envelope.dot))
    }
}
