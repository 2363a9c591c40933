import EventLog
import TestSupport
import Testing

/// What keeps an event out of a chart, with the exact reason; charts of a few events put together by hand.
@Suite struct StructureTests {
    private let made: HandmadeChart
    private let mine: Origin
    private let other: Origin

    init() throws {
        made = try HandmadeChart()
        (mine, other) = (made.origin(1), made.origin(2))
    }

    @Test func aGapInTheChainIsNamed() throws {
        var made = made
        let first = try made.draft(mine)
        var ahead = made
        try ahead.graph.admit(first)
        let second = try ahead.draft(mine)
        #expect(made.refusal(of: second) == .missingPrev(Dot(origin: mine, seq: 2), first.hash))
        #expect(made.refusal(of: second)?.isGap == true)
        try made.graph.admit(first)
        #expect(made.refusal(of: second) == nil)
    }

    @Test func anUnknownEventInAfterIsNamed() throws {
        var made = made
        let nowhere = EventHash(of: [1])
        let event = try made.draft(mine) { $0.after = [nowhere] }
        #expect(made.refusal(of: event) == .missingAfter(Dot(origin: mine, seq: 1), nowhere))
        #expect(made.refusal(of: event)?.isGap == true)
    }

    @Test(arguments: [0, 1, 3])
    func seenIsExactlyTheClosure(_ seen: Int) throws {
        var made = made
        try made.write(made.genesis.envelope.origin)
        let origin = made.genesis.envelope.origin
        let event = try made.draft(mine) { $0.seen = VectorClock([(origin, seen)]) }
        // With nothing seen it pretends to be a genesis.
        let dot = Dot(origin: mine, seq: 1)
        #expect(made.refusal(of: event) == (seen == 0 ? .notTheGenesis(dot) : .seenIsNotClosure(dot)))
        #expect(made.refusal(of: event)?.isGap == false)
    }

    @Test func seenNamesNoOriginBeyondTheClosure() throws {
        var made = made
        let event = try made.draft(mine) { $0.seen.advance(other, to: 1) }
        #expect(made.refusal(of: event) == .seenIsNotClosure(Dot(origin: mine, seq: 1)))
    }

    @Test func afterNamesNothingThatAnotherCovers() throws {
        var made = made
        let early = made.genesis
        let late = try made.write(other)
        let event = try made.draft(mine) { $0.after = [early.hash, late.hash].sorted() }
        #expect(made.refusal(of: event) == .afterIsNotMaximal(Dot(origin: mine, seq: 1), early.hash))
    }

    @Test func afterNamesNothingThatPrevCovers() throws {
        var made = made
        let genesis = made.genesis
        try made.write(mine)
        let event = try made.draft(mine) { $0.after = [genesis.hash] }
        #expect(made.refusal(of: event) == .afterIsNotMaximal(Dot(origin: mine, seq: 2), made.genesis.hash))
    }

    /// One past has one form: what `prev` says already, `after` does not say again.
    @Test func afterDoesNotNamePrevAgain() throws {
        var made = made
        let prev = try made.write(mine)
        let event = try made.draft(mine) { $0.after = [prev.hash] }
        #expect(made.refusal(of: event) == .afterIsNotMaximal(Dot(origin: mine, seq: 2), prev.hash))
    }

    @Test func refsLieInTheClosureAndNotOnlyInTheReach() throws {
        var made = made
        let unseen = try made.write(mine)
        let stale = try made.draft(mine, seeing: [made.genesis], refs: [unseen])
        #expect(made.refusal(of: stale) == .refOutsideOfPast(Dot(origin: mine, seq: 2), unseen.hash))
        let fresh = try made.draft(mine, refs: [unseen, made.genesis])
        #expect(made.refusal(of: fresh) == nil)
        let nowhere = EventHash(of: [1])
        let invented = try made.draft(mine) { $0.refs = [nowhere] }
        #expect(made.refusal(of: invented) == .refOutsideOfPast(Dot(origin: mine, seq: 2), nowhere))
    }

    @Test func aChainIsOfOneOriginAndHasNoHoles() throws {
        var made = made
        let foreign = try made.write(other)
        try made.write(mine)
        let borrowed = try made.draft(mine) { $0.prev = foreign.hash }
        #expect(made.refusal(of: borrowed) == .brokenChain(Dot(origin: mine, seq: 2)))
        let skipping = try made.draft(mine) { $0.seq = 3 }
        #expect(made.refusal(of: skipping) == .brokenChain(Dot(origin: mine, seq: 3)))
    }

    @Test func anotherChartsEventIsRefused() throws {
        let stranger = try HandmadeChart(seed: 2).genesis
        #expect(made.refusal(of: stranger) == .foreignFounder(stranger.envelope.dot))
        var second = try HandmadeChart(seed: 2)
        #expect(made.refusal(of: try second.draft(mine)) == .otherChart)
    }

    @Test func anEventThatIsHereKeepsItsPlace() throws {
        var made = made
        let event = try made.write(mine)
        #expect(try made.graph.admit(event) == 1)
        #expect(made.graph.nodes.count == 2)
        #expect(made.graph.tips(of: mine) == [1])
    }

    @Test func aRestoredChartIsTheSame() throws {
        var made = made
        try made.write(mine)
        try made.write(other, seeing: [made.genesis])
        var restored = ChartGraph(chart: made.chart)
        for node in made.graph.nodes { try restored.restore(node.envelope, hash: node.hash) }
        #expect(restored.view == made.graph.view)
        #expect(restored.clock == made.graph.clock)
        #expect(restored.nodes.map(\.key) == made.graph.nodes.map(\.key))
    }
}
