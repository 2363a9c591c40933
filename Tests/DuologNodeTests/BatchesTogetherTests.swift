import CareModel
import EventLog
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Batches that one commit stores: each is decided on as if it had come alone.
@Suite struct BatchesTogetherTests {
    private let left: TestNode
    private let right: TestNode
    private let chart: ChartID
    /// All of the chart in two pieces, each with the heads that vouch for it.
    private let pieces: [IncomingRun]
    private let root = EventHash(of: [1])

    init() async throws {
        (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        try await right.pair(left)
        chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        for _ in 0..<4 { _ = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect) }
        var pieces: [IncomingRun] = []
        var start = 0
        for most in [8, 1000] {
            let range = LogStore.ReadRange(chart, after: VectorClock(), from: start, upTo: 1000, skipsOwn: false)
            let read = try await left.log.read(
                [range], maxEvents: most, maxBytes: 1_000_000, for: right.node, on: left.clock.today)
            let excerpt = try #require(read[0])
            pieces.append(IncomingRun(chart: chart, lines: excerpt.events, heads: excerpt.heads))
            start = excerpt.next
        }
        self.pieces = pieces
        #expect(pieces.allSatisfy { $0.events.count >= 2 })
    }

    private func unsigned(_ run: IncomingRun) -> IncomingRun { IncomingRun(chart: run.chart, events: run.events, heads: []) }

    @Test func eachHasItsOutcome() async throws {
        let outcomes = try await right.log.admit(
            [IncomingBatch(runs: [pieces[0]]), IncomingBatch(runs: [pieces[1]], root: root, buckets: [1: 2])], from: left.node)
        #expect(outcomes.map(\.newEvents) == pieces.map(\.events.count))
        #expect(outcomes.allSatisfy { $0.refused.isEmpty })
        #expect(try await Set(right.log.receipts(of: chart).map(\.receiver)) == [right.node])
        #expect(try await right.digest(chart) == left.digest(chart))
        #expect(try await right.log.completedRoot(of: left.node) == root)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }

    /// The second is handed over before the first is stored, and is decided on behind it all the same.
    @Test func whatIsHandedOverLaterIsDecidedOnLater() async throws {
        let first = right.log.beginAdmission(of: [IncomingBatch(runs: [pieces[0]])], from: left.node)
        let second = right.log.beginAdmission(of: [IncomingBatch(runs: [pieces[1]], root: root)], from: left.node)
        #expect(try await second().map(\.newEvents) == [pieces[1].events.count])
        #expect(try await first().map(\.newEvents) == [pieces[0].events.count])
        #expect(try await right.digest(chart) == left.digest(chart))
        #expect(try await right.log.completedRoot(of: left.node) == root)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }

    /// What somebody records keeps its place among histories, though it shares no commit with one that comes behind it.
    @Test func whatIsSmallKeepsItsPlace() async throws {
        let own = try await right.openChart(sharedWith: [])
        func large(_ run: IncomingRun) -> [IncomingBatch] { [IncomingBatch(runs: [run], bytes: 1 << 20)] }
        let many = (0..<300).map { right.draft(own, SideEffectReported.kind, #"{"severity":"mild","what":"number \#($0)"}"#) }
        async let before = right.log.author(many, request: nil)
        let first = right.log.beginAdmission(of: large(pieces[0]), from: left.node)
        async let small = right.write(own, SideEffectReported.kind, Bodies.sideEffect)
        let second = right.log.beginAdmission(of: large(pieces[1]), from: left.node)
        #expect(try await second().map(\.newEvents) == [pieces[1].events.count])
        #expect(try await first().map(\.newEvents) == [pieces[0].events.count])
        let written = try await before.map(\.event) + [small]
        let hashes = try await right.log.rows(from: 0).map(\.event.hash)
        #expect(written.allSatisfy { hashes.contains($0) })
        #expect(try await right.digest(chart) == left.digest(chart))
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }

    /// The chart was opened by the first: what came with it must outlive the refusal of the second.
    @Test func oneThatIsRefusedTakesNothingOfThoseBeforeItAlong() async throws {
        let outcomes = try await right.log.admit(
            [IncomingBatch(runs: [pieces[0]]), IncomingBatch(runs: [unsigned(pieces[1])], root: root)], from: left.node)
        #expect(outcomes.map(\.newEvents) == [pieces[0].events.count, 0])
        #expect(outcomes.map(\.refused.count) == [0, 1])
        #expect(try await right.log.completedRoot(of: left.node) == nil)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
        #expect(try await right.log.record(of: chart)?.graph.nodes.count == pieces[0].events.count)
        let later = try await right.log.admit([IncomingBatch(runs: [pieces[1]], root: root)], from: left.node)
        #expect(later.map(\.newEvents) == [pieces[1].events.count])
        #expect(try await right.digest(chart) == left.digest(chart))
        #expect(try await right.log.completedRoot(of: left.node) == root)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }

    @Test func oneBehindARefusedOneIsStored() async throws {
        let outcomes = try await right.log.admit(
            [IncomingBatch(runs: [pieces[1]], root: root), IncomingBatch(runs: [pieces[0]])], from: left.node)
        #expect(outcomes.map(\.newEvents) == [0, pieces[0].events.count])
        #expect(outcomes.map(\.refused.count) == [1, 0])
        #expect(try await right.log.completedRoot(of: left.node) == nil)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
        #expect(try await right.log.record(of: chart)?.graph.nodes.count == pieces[0].events.count)
    }

    /// One commit has then more events of a chart than a batch may have; what it has signed heads for is sent on all the same.
    @Test func largeBatchesOfOneChartAreSentOn() async throws {
        let third = try TestNode()
        let long = try await left.openChart(sharedWith: [(right, #""therapy""#), (third, #""therapy""#)])
        for _ in 0..<30 {
            let drafts = (0..<100).map { _ in left.draft(long, SideEffectReported.kind, Bodies.sideEffect) }
            _ = try await left.log.author(drafts, request: nil)
        }
        var batches: [IncomingBatch] = []
        var start = 0
        while batches.count < 3 {
            let range = LogStore.ReadRange(long, after: VectorClock(), from: start, upTo: 10_000, skipsOwn: false)
            let read = try await left.log.read(
                [range], maxEvents: 1024, maxBytes: 4_000_000, for: right.node, on: left.clock.today)
            let excerpt = try #require(read[0])
            batches.append(IncomingBatch(runs: [IncomingRun(chart: long, lines: excerpt.events, heads: excerpt.heads)]))
            start = excerpt.next
        }
        let outcomes = try await right.log.admit(batches, from: left.node)
        #expect(outcomes.allSatisfy { $0.refused.isEmpty && $0.newEvents > 900 })
        try await right.pair(third)
        var exchange = try await PlainExchange(right, third)
        try await exchange.run()
        #expect(exchange.closings.isEmpty, "\(exchange.closings)")
        #expect(try await third.digest(long) == right.digest(long))
        #expect(await third.log.verifier.verify(isQuick: true).count == 0)
    }
}
