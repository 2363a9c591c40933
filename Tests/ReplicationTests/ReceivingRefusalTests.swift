import EventLog
@testable import Replication
import TestSupport
import Testing

/// Charts that storage does not take: asked for again once after a gap, then refused; and no root is stored over them.
extension ReceivingTests {
    private var root: EventHash { EventHash(of: [9]) }

    private func gap(_ chart: PlainChart) -> StoreAnswer.Refusal {
        StoreAnswer.Refusal(chart: chart.id, code: .inadmissible, isGap: true, text: "prev is not here")
    }

    private func unsound(_ chart: PlainChart) -> StoreAnswer.Refusal {
        StoreAnswer.Refusal(chart: chart.id, code: .inadmissible, isGap: false, text: "a bad clock")
    }

    private func refusal(_ chart: PlainChart) -> Message {
        .refused(Message.Refused(chart: chart.id, code: .inadmissible))
    }

    @Test func anUnsoundChartIsRefusedAtOnce() throws {
        let (bad, good) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession()
        script.hear(try bad.run(0..<1), try good.run(0..<1))
        let said = script.stored(refused: [unsound(bad)])
        #expect(said.messages.first == refusal(bad))
        #expect(said.notes == [.refusing(unsound(bad))])
        #expect(script.status.refusedCharts == 1)
        // What comes of it later is passed over, and its credit given back.
        #expect(script.hear(try bad.run(1..<2), try good.run(1..<2)).admits.map(\.runs) == [[try good.run(1..<2)]])
        let run = try bad.run(1..<2)
        #expect(script.hear(run).directives == [.send(MessageCodec.encode(.credit(run.byteCount)))])
    }

    @Test func aGapIsAskedForAgainOnceAndFilledFromTheBeginning() throws {
        let chart = try PlainChart(1, events: 3)
        var script = ScriptedSession()
        script.hear(try chart.run(2..<3), root: root, buckets: [5: 6])
        let asked = script.stored(refused: [gap(chart)])
        #expect(asked.messages.first == .want(0, [(chart, VectorClock())]))
        #expect(asked.notes == [.gap(chart.id, "prev is not here")])
        // The bucket belongs to the next root, since storage did not take this one.
        script.hear(try chart.run(), root: root)
        script.storeAll()
        #expect(script.transcript.admits.last?.completes == StoreRequest.Completion(root: root, buckets: [5: 6]))
        #expect(script.status.isUpToDate)
        #expect(script.status.refusedCharts == 0)
    }

    @Test func aGapThatStaysIsRefused() throws {
        let chart = try PlainChart(1, events: 3)
        var script = ScriptedSession()
        script.hear(try chart.run(2..<3))
        script.stored(refused: [gap(chart)])
        script.hear(try chart.run())
        #expect(script.stored(refused: [gap(chart)]).messages.first == refusal(chart))
        #expect(script.status.refusedCharts == 1)
    }

    // MARK: Roots

    /// Batches are under way one behind the other: that the first is refused in part is known only after the last has come.
    @Test(arguments: [true, false])
    func aRootIsNotCompletedOverARefusedChartOfAnEarlierBatch(isGap: Bool) throws {
        let (bad, good) = (try PlainChart(1, events: 2), try PlainChart(2))
        var script = ScriptedSession()
        script.hear(try bad.run(1..<2))
        script.hear(try good.run(), root: root)
        script.stored(refused: [isGap ? gap(bad) : unsound(bad)])
        script.storeAll()
        #expect(script.transcript.admits.allSatisfy { $0.completes == nil })
        #expect(!script.status.isUpToDate)
    }

    @Test func aRootIsCompletedOnceAllBeforeItIsStored() throws {
        let (one, two) = (try PlainChart(1), try PlainChart(2))
        var script = ScriptedSession()
        script.hear(try one.run(), buckets: [1: 2])
        script.hear(try two.run(), root: root, buckets: [3: 4])
        #expect(script.transcript.admits.allSatisfy { $0.completes == nil })
        #expect(script.stored().requests.isEmpty)
        let completion = StoreRequest.Completion(root: root, buckets: [1: 2, 3: 4])
        #expect(script.stored().requests == [.admit(StoreRequest.Batch(runs: [], completes: completion))])
        script.stored()
        #expect(script.status.isUpToDate)
    }

    /// Two roots one behind the other: the newer one counts, with the buckets of both.
    @Test func aNewerRootTakesThePlaceOfOneThatWaits() throws {
        let (one, two) = (try PlainChart(1), try PlainChart(2, events: 2))
        var script = ScriptedSession()
        script.hear(try one.run())
        script.hear(try two.run(0..<1), root: EventHash(of: [1]), buckets: [1: 1, 2: 2])
        script.hear(try two.run(1..<2), root: root, buckets: [2: 3])
        script.storeAll()
        let completions = script.transcript.admits.compactMap(\.completes)
        #expect(completions == [StoreRequest.Completion(root: root, buckets: [1: 1, 2: 3])])
    }

    @Test func aChartThatIsNotSharedAnyMoreHoldsNoRootBack() throws {
        let (chart, other) = (try PlainChart(1, events: 2), try PlainChart(2))
        var script = ScriptedSession()
        script.hear(try chart.run(1..<2))
        script.stored(refused: [gap(chart)])
        script.hear(.refused(Message.Refused(chart: chart.id, code: .notShared)))
        script.hear(try other.run(), root: root)
        script.storeAll()
        #expect(script.transcript.admits.compactMap(\.completes?.root) == [root])
        #expect(script.status.isUpToDate)
    }

    // MARK: Batches under way

    @Test func aBatchThatWasUnderWayIsNotTheAnswerToAGap() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession()
        // Both batches are handed to storage before the first is answered.
        script.hear(try chart.run(2..<3))
        script.hear(try chart.run(3..<4))
        #expect(script.stored(refused: [gap(chart)]).messages.first == .want(0, [(chart, VectorClock())]))
        let second = script.stored(refused: [gap(chart)])
        #expect(!second.messages.contains(refusal(chart)))
        #expect(second.notes.isEmpty)
        // What was asked for comes.
        script.hear(try chart.run(), root: root)
        script.storeAll()
        #expect(script.transcript.admits.compactMap(\.completes?.root) == [root])
        #expect(script.status.refusedCharts == 0)
    }

    @Test func whatIsLeftOfAChartWithAGapIsPassedOverUntilItsBeginning() throws {
        let (chart, other) = (try PlainChart(1, events: 4), try PlainChart(2))
        var script = ScriptedSession()
        script.hear(try chart.run(2..<3))
        script.stored(refused: [gap(chart)])
        // Sent before the peer read what was asked for.
        #expect(script.hear(try chart.run(3..<4), try other.run(), root: root).admits.map(\.runs) == [[try other.run()]])
        script.storeAll()
        #expect(script.transcript.admits.allSatisfy { $0.completes == nil })
        #expect(script.hear(try chart.run(0..<2)).admits.map(\.runs) == [[try chart.run(0..<2)]])
        #expect(script.hear(try chart.run(2..<4), root: root).admits.map(\.runs) == [[try chart.run(2..<4)]])
        script.storeAll()
        #expect(script.transcript.admits.compactMap(\.completes?.root) == [root])
    }

    @Test(arguments: [true, false])
    func nothingIsUpToDateWhileAChartIsRefused(isGap: Bool) throws {
        let (bad, good) = (try PlainChart(1, events: 2), try PlainChart(2))
        var script = ScriptedSession()
        script.hear(try bad.run(1..<2), root: root)
        #expect(!script.status.isUpToDate)
        script.stored(refused: [isGap ? gap(bad) : unsound(bad)])
        #expect(!script.status.isUpToDate)
        script.hear(try good.run(), root: root)
        script.storeAll()
        #expect(!script.status.isUpToDate)
    }

    @Test func chartsThatCannotBeTakenAreCounted() throws {
        let charts = (0...ReplicationLimits.refusedCharts).map { EventHash(of: Array("chart \($0)".utf8)) }
        let refused = charts.map { StoreAnswer.Refusal(chart: $0, code: .notAMember, isGap: false, text: "no member") }
        var script = ScriptedSession()
        script.hear(try PlainChart(1).run())
        script.hear(try PlainChart(2).run())
        #expect(script.stored(refused: Array(refused.dropLast())).ending == nil)
        #expect(script.stored(refused: refused.suffix(1)).ending == .limit)
    }
}
