import EventLog
@testable import Replication
import TestSupport
import Testing

/// What changes while a session is on: new events, charts newly shared, charts withdrawn, charts asked for again.
extension SendingTests {
    /// A session whose peer has all of these charts.
    private func level(_ charts: PlainChart..., arrival: Int) -> ScriptedSession {
        var script = ScriptedSession(charts.offer(arrival: arrival))
        script.hear(.same)
        return script
    }

    // MARK: New events

    @Test func aNewEventIsSentWithoutBeingAskedFor() throws {
        let (chart, other) = (try PlainChart(1, events: 3), try PlainChart(2))
        var script = ScriptedSession(
            Offer(charts: [chart.id: chart.heads(2).digest, other.id: other.heads().digest], arrival: 9))
        script.hear(.same)
        let reads = script.offer([chart.id: chart.heads().digest], arrival: 12).reads
        #expect(reads.map(\.chart) == [chart.id])
        #expect(reads.map(\.from) == [9])
        #expect(reads.map(\.upTo) == [12])
        // It came from somebody else, or from here: what came from the peer is left out.
        #expect(reads.map(\.skipsOwn) == [true])
        let said = script.answer(try chart.run(2..<3), next: 12)
        var tree = OfferTree([chart, other].digests)
        let changed = Message.Bucket(index: chart.id.bucket, word: tree.buckets()[chart.id.bucket])
        #expect(said.messages.last == .commit(Message.Commit(events: 1, root: tree.root(), buckets: [changed])))
    }

    @Test func aChangeWhileItsChartIsReadIsReadAfterIt() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession(wanting: [chart])
        #expect(script.offer([chart.id: EventHash(of: [1])], arrival: 6).directives.isEmpty)
        let reads = script.answer(try chart.run(0..<3), next: 4).reads
        #expect(reads.map(\.from) == [4])
        #expect(reads.map(\.upTo) == [6])
        #expect(reads.map(\.after) == [VectorClock()])
        script.answer(try chart.run(3..<4), next: 6)
        #expect(script.transcript.roots.count == 1)
        #expect(script.status.sent == 4)
    }

    @Test func whatCameFromThePeerIsToldAsARootAtATick() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(1).digest], arrival: 1))
        script.hear(.same)
        script.offer([chart.id: chart.heads().digest], arrival: 2)
        #expect(script.answer(try chart.run(0..<0), next: 2).directives.isEmpty)
        var tree = OfferTree([chart].digests)
        let changed = Message.Bucket(index: chart.id.bucket, word: tree.buckets()[chart.id.bucket])
        #expect(script.tick().messages == [.commit(Message.Commit(events: 0, root: tree.root(), buckets: [changed]))])
        #expect(script.tick().directives.isEmpty)
    }

    /// A chart that the peer had already when it was asked still may have got events since.
    @Test func whatComesBetweenHeadsAndWantIsSent() throws {
        let chart = try PlainChart(1, events: 3)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(2).digest], arrival: 2))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads(2)]))
        #expect(script.offer([chart.id: chart.heads().digest], arrival: 3).directives.isEmpty)
        let reads = script.hear(.want(1, [])).reads
        #expect(reads.map(\.from) == [2])
        #expect(reads.map(\.upTo) == [3])
    }

    @Test func anOfferOlderThanTheSessionIsPassedOver() throws {
        let (chart, late) = (try PlainChart(1), try PlainChart(2))
        var script = level(chart, arrival: 5)
        #expect(script.offer([late.id: late.heads().digest], arrival: 4).directives.isEmpty)
        #expect(script.tick().directives.isEmpty)
    }

    @Test func aChartStandsInABatchOnce() throws {
        let (one, two) = (try PlainChart(1, events: 3), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.answer(try one.run(0..<2), next: 5)
        // The second chart is being read into the same batch; the first one goes on meanwhile.
        script.offer([one.id: EventHash(of: [1])], arrival: 6)
        script.answer(try two.run(), next: 5)
        script.answerReads([one.id: try one.run(2..<3), two.id: try two.run(0..<0)], upTo: 6)
        #expect(script.transcript.batches == [[one.id, two.id], [one.id]])
        #expect(script.transcript.roots.count == 1)
    }

    // MARK: Shared and withdrawn

    @Test func aChartNewlySharedIsAskedAboutFirst() throws {
        let (chart, shared) = (try PlainChart(1), try PlainChart(2, events: 2))
        var script = level(chart, arrival: 7)
        // It was here before, so an arrival number says nothing about what the peer misses of it.
        #expect(script.offer([shared.id: shared.heads().digest], arrival: 7).requests == [.heads([shared.id])])
        #expect(script.tick().directives.isEmpty)
        #expect(script.answer(.heads([shared.heads()])).messages == [.heads(1, [shared.heads()])])
        #expect(script.hear(.want(1, [(shared, VectorClock())])).reads.map(\.from) == [0])
        script.answer(try shared.run(), next: 7)
        var tree = OfferTree([chart, shared].digests)
        #expect(script.transcript.roots == [tree.root()])
    }

    @Test(arguments: [true, false])
    func aChartWithdrawnWhileItIsReadIsNotSent(storageSaysSo: Bool) throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        let answer: Said
        if storageSaysSo {
            answer = script.answer(try one.run(0..<0), next: 0, .withdrawn)
        } else {
            script.offer([one.id: nil], arrival: 4)
            answer = script.answer(try one.run(), next: 4)
        }
        #expect(answer.envelopes.isEmpty)
        #expect(answer.reads.map(\.chart) == [two.id])
        script.answer(try two.run(), next: 4)
        #expect(script.transcript.batches == [[two.id]])
    }

    @Test func theRootOfAWithdrawnChartIsToldAtATick() throws {
        let (one, two) = (try PlainChart(1), try PlainChart(2))
        var script = level(one, two, arrival: 2)
        #expect(script.offer([one.id: nil], arrival: 3).directives.isEmpty)
        var tree = OfferTree([two].digests)
        let changed = Message.Bucket(index: one.id.bucket, word: tree.buckets()[one.id.bucket])
        #expect(script.tick().messages == [.commit(Message.Commit(events: 0, root: tree.root(), buckets: [changed]))])
    }

    @Test func headsThatWereBeingReadAreNotToldOfAWithdrawnChart() throws {
        let (one, two) = (try PlainChart(1), try PlainChart(2))
        var script = ScriptedSession([one, two].offer(arrival: 2))
        script.hear(.differs, .open([one.id.bucket, two.id.bucket]))
        script.offer([one.id: nil], arrival: 3)
        // Storage read this before the chart was withdrawn.
        let said = script.answer(.heads([one.heads(), two.heads()]))
        #expect(said.messages == [.heads(1, [two.heads()])])
        #expect(script.hear(.want(1, [])).ending == nil)
        var tree = OfferTree([two].digests)
        script.answer(try two.run(0..<0), next: 3)
        script.tick()
        #expect(script.transcript.roots == [tree.root()])
    }

    @Test func aChartWithdrawnBeforeItsHeadsAreReadIsNotAskedAbout() throws {
        let charts = try (0...ReplicationLimits.chartsPerHeads).map { try PlainChart($0) }
        var script = ScriptedSession(charts.offer(arrival: 65))
        script.hear(.differs, .open(Set(charts.map(\.id.bucket)).sorted()))
        guard case .heads(let first) = script.open.first, let last = charts.first(where: { !first.contains($0.id) }) else {
            Issue.record("no heads were asked for")
            return
        }
        script.offer([last.id: nil], arrival: 66)
        #expect(script.answer(.heads([])).requests.isEmpty)
        // Shared again, it is asked about as any other.
        #expect(script.offer([last.id: last.heads().digest], arrival: 67).requests == [.heads([last.id])])
    }

    @Test func aChartWithdrawnBeforeItsWantIsNotCountedAndNotRead() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 3))
        var script = ScriptedSession([one, two].offer(arrival: 5))
        script.hear(.differs, .open([one.id.bucket, two.id.bucket]))
        script.answer(.heads([one.heads(), two.heads()]))
        script.offer([one.id: nil], arrival: 6)
        let said = script.hear(.want(1, [(one, VectorClock()), (two, VectorClock())]))
        #expect(said.messages == [.total(Message.Total(events: 3, charts: 1))])
        #expect(said.reads.map(\.chart) == [two.id])
    }

    /// Not shared with us is the answer to what we asked for, and no word on what we send.
    @Test func aChartThatThePeerDoesNotShareIsStillSentToIt() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(1).digest], arrival: 1))
        script.hear(.same, .refused(Message.Refused(chart: chart.id, code: .notShared)))
        #expect(script.status.refusedCharts == 0)
        #expect(script.offer([chart.id: chart.heads().digest], arrival: 2).reads.map(\.chart) == [chart.id])
        #expect(script.answer(try chart.run(1..<2), next: 2).envelopes.count == 1)
    }

    // MARK: Asked for again

    @Test func aChartAskedForAgainIsSentFromItsBeginning() throws {
        let chart = try PlainChart(1, events: 2)
        var script = level(chart, arrival: 2)
        let said = script.hear(.want(0, [(chart, VectorClock())]))
        #expect(said.reads.map(\.from) == [0])
        // The peer may have lost what it wrote itself.
        #expect(said.reads.map(\.skipsOwn) == [false])
        script.answer(try chart.run(), next: 2)
        #expect(script.transcript.roots.count == 1)
    }

    @Test func whatStandsInTheOpenBatchDoesNotPrecedeTheBeginning() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession([chart].offer(arrival: 4))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads()]))
        script.hear(.want(1, [(chart, chart.clock(2))]))
        // The third event stands in the batch and the fourth is being read when all of them are asked for.
        script.answer(try chart.run(2..<3), next: 3, .more)
        script.hear(.want(0, [(chart, VectorClock())]))
        script.answer(try chart.run(3..<4), next: 4)
        script.answer(try chart.run(), next: 4)
        #expect(script.transcript.batches == [[chart.id], [chart.id]])
        #expect(script.transcript.envelopes.suffix(4) == (try chart.run().events.map(\.envelope))[...])
        #expect(script.transcript.roots.count == 1)
    }

    /// Otherwise a chart that is written to all the time would keep all others waiting.
    @Test func aChartThatGoesOnWaitsBehindTheOthers() throws {
        let (one, two) = (try PlainChart(1, events: 3), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.offer([one.id: EventHash(of: [1])], arrival: 6)
        #expect(script.answer(try one.run(0..<2), next: 5).reads.map(\.chart) == [two.id])
    }
}
