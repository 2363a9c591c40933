import EventLog
import TestSupport
import Testing

/// What somebody had before them: its token, and which of their own events count as seen from it.
@Suite struct ViewTests {
    private let made: HandmadeChart
    private let mine: Origin
    private let other: Origin
    private let anna: AuthorID
    private let ben: AuthorID

    init() throws {
        made = try HandmadeChart()
        (mine, other) = (made.origin(1), made.origin(2))
        anna = try #require(AuthorID("anna"))
        ben = try #require(AuthorID("ben"))
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func tokensRoundTrip(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let events = (0..<Int(seed)).map { _ in EventHash(of: random.bytes(4)) }
        let view = View(chart: EventHash(of: [1]), events: events)
        #expect(View(token: view.token) == view)
        #expect(view.events == events.sorted())
    }

    @Test func badTokensAreNone() {
        let token = made.graph.view.token
        let bytes = [UInt8](repeating: 1, count: 33)
        for bad in ["", "v", "v1", "v1.", "v2.\(token.dropFirst(3))", " \(token)", token + "=", token + "A", token.uppercased()] {
            #expect(View(token: bad) == nil, "\(bad)")
        }
        #expect(View(token: "v1.\(Base64URL.encode(bytes))") == nil, "not whole hashes")
    }

    @Test func aViewIsOfItsChartAndOfEventsThatAreHere() throws {
        var made = made
        #expect(made.graph.positions(in: View(chart: EventHash(of: [1]), events: [])) == nil)
        let unknown = View(chart: made.chart, events: [made.genesis.hash, EventHash(of: [1])])
        #expect(made.graph.positions(in: unknown) == nil)
        let event = try made.write(mine)
        let both = View(chart: made.chart, events: [made.genesis.hash, event.hash])
        #expect(made.graph.positions(in: both) == [1], "what another one covers adds nothing")
    }

    @Test func theSameAuthorsFollowingEventsCountAsSeen() throws {
        var made = made
        let view = [try made.position(made.genesis)]
        let first = try made.write(mine, author: anna)
        let second = try made.write(mine, author: anna)
        #expect(made.graph.extend(view, by: anna, in: mine) == [try made.position(second)])
        #expect(made.graph.extend(view, by: ben, in: mine) == view)
        #expect(made.graph.extend(view, by: anna, in: other) == view)
        #expect(made.graph.extend([try made.position(first)], by: anna, in: mine) == [try made.position(second)])
    }

    @Test func theViewEndsAtSomebodyElsesEvent() throws {
        var made = made
        let view = [try made.position(made.genesis)]
        let first = try made.write(mine, author: anna)
        try made.write(mine, author: ben)
        try made.write(mine, author: anna)
        #expect(made.graph.extend(view, by: anna, in: mine) == [try made.position(first)])
    }

    @Test func theViewEndsAtAnEventThatWasDecidedFromMore() throws {
        var made = made
        let view = [try made.position(made.genesis)]
        let first = try made.write(mine, author: anna)
        try made.write(other, seeing: [made.genesis], author: ben)
        try made.write(mine, author: anna)
        #expect(made.graph.extend(view, by: anna, in: mine) == [try made.position(first)])
    }

    @Test func aDoubleClickDoesNotContradictItself() throws {
        var made = made
        let view = [made.genesis]
        try made.write(other, author: ben)
        let first = try made.write(mine, seeing: view, author: anna)
        let extended = made.graph.extend([try made.position(made.genesis)], by: anna, in: mine)
        let second = try made.write(mine, seeing: extended.map { try Event(line: made.graph.nodes[$0].envelope.line, body: nil) })
        #expect(made.graph.isBefore(try made.position(first), try made.position(second)))
        #expect(second.envelope.seenCoversPrev)
        #expect(second.envelope.after == [], "the chain says it already")
    }

    @Test func aDecisionFromAnOlderViewIsBesideWhatCameSince() throws {
        var made = made
        let before = try made.write(mine)
        let since = try made.write(mine)
        let stale = try made.write(mine, seeing: [before])
        #expect(!stale.envelope.seenCoversPrev)
        #expect(stale.envelope.prev == since.hash)
        #expect(stale.envelope.after == [before.hash])
        let (a, b) = (try made.position(since), try made.position(stale))
        #expect(made.graph.areConcurrent(a, b))
        #expect(made.graph.reaches(a, from: b), "who holds the later one holds the chain behind it")
    }
}
