import CareModel
import EventLog
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// The writer keeps charts in memory. Nothing that it writes or takes in may depend on which of them are there.
@Suite struct WriterCacheTests {
    @Test func withoutRoomForASecondChartTheSameIsWrittenAndTakenIn() async throws {
        var narrow = LogStore.Cache()
        narrow.events = 12
        narrow.passing = 6
        let (left, right) = (try TestNode(cache: narrow), try TestNode(cache: narrow))
        try await left.pair(right)
        var charts: [ChartID] = []
        for _ in 0..<3 { charts.append(try await left.openChart(sharedWith: [(right, #""prescribing""#)])) }
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        for chart in charts { try await right.enroll(in: chart) }
        for _ in 0..<8 {
            // One commit over all charts, in turn: each is forgotten before its turn comes again.
            let drafts = (0..<2).flatMap { _ in charts.map { left.draft($0, SideEffectReported.kind, Bodies.sideEffect) } }
            _ = try await left.log.author(drafts, request: nil)
            for chart in charts { try await right.write(chart, SideEffectReported.kind, Bodies.sideEffect) }
            try await exchange.run()
        }
        #expect(exchange.closings.isEmpty)
        for chart in charts {
            #expect(try await left.digest(chart) == right.digest(chart))
            let record = try #require(await left.log.record(of: chart))
            #expect(record.graph.nodes.count { $0.envelope.kind == SideEffectReported.kind } == 8 * 3)
        }
        for node in [left, right] {
            #expect(await node.log.verifier.verify(isQuick: false).count == 0)
        }
    }

    @Test func whatPassesThroughTakesLittleRoomAndWhatIsWorkedOnStays() async throws {
        var cache = LogStore.Cache()
        cache.passing = 20
        let (left, right) = (try TestNode(), try TestNode(cache: cache))
        try await left.pair(right)
        var charts: [ChartID] = []
        for _ in 0..<12 { charts.append(try await left.openChart(sharedWith: [(right, #""prescribing""#)])) }
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        let passed = right.log.measures
        #expect((1...20).contains(passed.passingEvents))
        #expect(passed.cachedEvents < left.log.measures.cachedEvents)
        for chart in charts { try await right.enroll(in: chart) }
        try await exchange.run()
        #expect(
            right.log.measures.cachedEvents >= left.log.measures.cachedEvents,
            "what is worked on is kept, whatever passes through")
    }
}
