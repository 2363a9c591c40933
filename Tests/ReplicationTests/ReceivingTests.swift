import EventLog
@testable import Replication
import TestSupport
import Testing

/// The receiving half: what it asks for, and what it hands to storage.
@Suite struct ReceivingTests {
    private let root = EventHash(of: [9])

    // MARK: What am I missing?

    @Test func aRootThatWasCompletedIsTheSame() {
        var script = ScriptedSession()
        #expect(script.hear(.root(root)).requests == [.completedRoot])
        #expect(!script.status.isUpToDate)
        #expect(script.answer(.completedRoot(root)).messages == [.same])
        #expect(script.status.isUpToDate)
    }

    @Test func bucketsThatDifferAreOpened() {
        var script = ScriptedSession()
        script.hear(.root(root))
        #expect(script.answer(.completedRoot(nil)).messages == [.differs])
        var (theirs, mine) = ([UInt64](repeating: 0, count: 1024), [UInt64](repeating: 0, count: 1024))
        (theirs[3], theirs[700], mine[3], mine[900]) = (1, 2, 1, 4)
        #expect(script.hear(.buckets(theirs)).requests == [.completedBuckets])
        #expect(script.answer(.completedBuckets(mine)).messages == [.open([700, 900])])
        // The next completion is of those two buckets only.
        #expect(script.hear(root: root).admits.map(\.completes?.buckets) == [[700: 2, 900: 0]])
    }

    @Test func headsAreComparedAndWhatIsMissingIsAskedFor() throws {
        let (one, two) = (try PlainChart(1, events: 3), try PlainChart(2))
        var script = ScriptedSession()
        #expect(script.hear(.heads(1, [one.heads(), two.heads()])).requests == [.compare([one.heads(), two.heads()])])
        let wants = [Message.ChartWant(chart: one.id, after: one.clock(2))]
        let said = script.answer(.compared(StoreAnswer.Comparison(wants: wants, peerKnowsMoreOfMe: false)))
        #expect(said.directives == [.send(MessageCodec.encode(.want(1, [(one, one.clock(2))])))])
        script.hear(.total(Message.Total(events: 1, charts: 1)))
        #expect(script.status.toReceive == 1)
    }

    @Test func aPeerThatKnowsMoreOfMeIsNoted() throws {
        let chart = try PlainChart(1)
        var script = ScriptedSession()
        script.hear(.heads(1, [chart.heads()]))
        let said = script.answer(
            .compared(
                StoreAnswer.Comparison(
                    wants: [Message.ChartWant(chart: chart.id, after: VectorClock())], peerKnowsMoreOfMe: true)))
        #expect(said.notes == [.peerKnowsMoreOfMe])
        #expect(said.messages == [.want(1, [(chart, VectorClock())])])
    }

    @Test func whatAPeerMayAskToCompareIsBounded() throws {
        let charts = try (0...ReplicationLimits.chartsPerHeads).map { try PlainChart($0).heads() }
        var long = ScriptedSession()
        #expect(long.hear(.heads(1, charts)).ending == .limit)
        var many = ScriptedSession()
        let full = ChartHeads.many(1, writers: ReplicationLimits.tipsPerHeads)
        for part in 1...ReplicationLimits.tipsUnderWay / full.tips.count {
            #expect(many.hear(.heads(part, [full])).ending == nil)
        }
        var patient = many
        #expect(many.hear(.heads(5, [charts[0]])).ending == .limit)
        patient.answer(.compared(StoreAnswer.Comparison(wants: [], peerKnowsMoreOfMe: false)))
        #expect(patient.hear(.heads(5, [charts[0]])).ending == nil)
        var wide = ScriptedSession()
        #expect(wide.hear(.heads(1, [.many(1, writers: ReplicationLimits.tipsPerHeads + 1)])).ending == .limit)
    }

    // MARK: Batches

    @Test func aBatchIsStoredAsOneAndItsCreditGivenBack() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2))
        var script = ScriptedSession()
        let (first, second) = (try one.run(), try two.run())
        let said = script.hear(first, second, root: root, buckets: [5: 6])
        let completion = StoreRequest.Completion(root: root, buckets: [5: 6])
        #expect(said.requests == [.admit(StoreRequest.Batch(runs: [first, second], completes: completion))])
        #expect(said.messages.isEmpty)
        #expect(!script.status.isUpToDate)
        #expect(script.stored().messages == [.credit(first.byteCount + second.byteCount)])
        #expect(script.status.isUpToDate)
        #expect(script.status.received == 3)
    }

    @Test func anAbsentBodyIsHandedOnAsSuch() throws {
        let chart = try PlainChart(1)
        var run = try chart.run()
        run.events[0].body = nil
        var script = ScriptedSession()
        #expect(script.hear(run).admits.map(\.runs) == [[run]])
        var wrong = ScriptedSession()
        #expect(wrong.hear([run.events[0].envelope, MessageCodec.encode(.absent(root))]).ending == .unexpected)
    }

    @Test func linesOfABatchStandInTheirOrder() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2))
        let (lines, other) = (try one.run().events, try two.run())
        let body = lines[0].body ?? []
        var twice = ScriptedSession()
        #expect(twice.hear([lines[0].envelope, lines[1].envelope]).ending == .unexpected)
        var bodies = ScriptedSession()
        #expect(bodies.hear([lines[0].envelope, body, body]).ending == .unexpected)
        var unfinished = ScriptedSession()
        unfinished.hear([lines[0].envelope])
        #expect(unfinished.hear(root: root).ending == .unexpected)
        var head = ScriptedSession()
        #expect(head.hear(.head(other.heads[0])).ending == .unexpected)
        var count = ScriptedSession()
        count.hear([lines[0].envelope, body])
        #expect(count.hear(root: root).ending == .unexpected)
        var back = ScriptedSession()
        #expect(back.hear(try one.run(0..<1), other, try one.run(1..<2)).ending == .unexpected)
    }

    @Test func aBatchIsBounded() throws {
        let chart = try PlainChart(1)
        let (line, run) = (try chart.run().events[0], try chart.run())
        var events = ScriptedSession()
        let full = Array(repeating: [line.envelope, line.body ?? []], count: ReplicationLimits.batchEvents).flatMap { $0 }
        #expect(events.hear(full).ending == nil)
        #expect(events.hear([line.envelope]).ending == .limit)
        var heads = ScriptedSession()
        heads.hear([line.envelope, line.body ?? []])
        let head = MessageCodec.encode(.head(run.heads[0]))
        #expect(heads.hear(Array(repeating: head, count: ReplicationLimits.headsPerBatch)).ending == nil)
        #expect(heads.hear([head]).ending == .limit)
        var buckets = ScriptedSession()
        #expect(buckets.hear(root: root, buckets: [1024: 1]).ending == .malformed)
    }

    @Test func batchesThatAreNotStoredYetUseUpTheCredit() throws {
        let chart = try PlainChart(1)
        var run = try chart.run()
        // Sixteen of these fill a batch, and two batches the credit.
        run.events[0].body = Array(#"{"salt":"#.utf8) + [UInt8](repeating: 0x20, count: 250_000)
        let event = run.events[0]
        let lines = Array(repeating: [event.envelope, event.body ?? []], count: 16).flatMap { $0 }
        let batch = lines + [MessageCodec.encode(.commit(Message.Commit(events: 16, root: nil, buckets: [])))]
        var script = ScriptedSession()
        #expect(script.hear(batch).ending == nil)
        #expect(script.hear(batch).ending == nil)
        var patient = script
        #expect(script.hear(batch).ending == .limit)
        #expect(patient.stored().messages == [.credit(16 * event.byteCount)])
        #expect(patient.hear(batch).ending == nil)
    }
}
