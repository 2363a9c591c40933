import EventLog
@testable import Replication
import TestSupport
import Testing

/// The sending half: what the peer is told, asked and sent, in which order.
@Suite struct SendingTests {
    // MARK: What are you missing?

    @Test func nothingIsSentToAPeerThatHasTheRoot() throws {
        let chart = try PlainChart(1)
        var script = ScriptedSession([chart].offer(arrival: 1))
        var tree = OfferTree([chart].digests)
        #expect(script.transcript.messages.last == .root(tree.root()))
        let said = script.hear(.same)
        #expect(said.directives == [.note(.upToDate)])
        #expect(script.status.peerIsUpToDate)
        #expect(script.tick().directives.isEmpty)
    }

    @Test func fromTheRootToTheLastCommit() throws {
        let (one, two) = (try PlainChart(1, events: 3), try PlainChart(2, events: 2))
        var script = ScriptedSession([one, two].offer(arrival: 5))
        var tree = OfferTree([one, two].digests)
        #expect(script.hear(.differs).messages == [.buckets(tree.buckets())])
        #expect(script.hear(.open([one.id.bucket])).requests == [.heads([one.id])])
        #expect(script.answer(.heads([one.heads()])).messages == [.heads(1, [one.heads()])])
        let wanted = script.hear(.want(1, [(one, one.clock(1))]))
        #expect(wanted.messages == [.total(Message.Total(events: 2, charts: 1))])
        #expect(script.status.toSend == 2)
        let read = StoreRequest.ReadRequest(
            charts: [StoreRequest.ChartRange(chart: one.id, after: one.clock(1), from: 0, upTo: 5, skipsOwn: false)],
            maxEvents: ReplicationLimits.batchEvents, maxBytes: ReplicationLimits.batchBytes)
        #expect(wanted.requests == [.read(read)])
        let run = try one.run(1..<3)
        let sent = script.answer(run, next: 5)
        // No bucket changed since the peer was told them, so the commit names none.
        #expect(
            sent.lines == run.events.flatMap { [.envelope($0.envelope), .body($0.body ?? [])] }
                + run.heads.map { .message(.head($0)) }
                + [.message(.commit(Message.Commit(events: 2, root: tree.root(), buckets: [])))])
        #expect(sent.notes == [.upToDate])
        #expect(script.status.peerIsUpToDate)
        #expect((script.status.sent, script.status.toSend) == (2, 0))
    }

    @Test func aPeerThatMissesNothingAfterAllIsToldTheRootAtATick() throws {
        let chart = try PlainChart(1)
        var script = ScriptedSession([chart].offer(arrival: 1))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads()]))
        #expect(script.hear(.want(1, [])).directives.isEmpty)
        var tree = OfferTree([chart].digests)
        #expect(script.tick().messages == [.commit(Message.Commit(events: 0, root: tree.root(), buckets: []))])
        #expect(script.tick().directives.isEmpty)
    }

    @Test func headsAreToldInPieces() throws {
        let charts = try (0..<200).map { try PlainChart($0) }
        var script = ScriptedSession(charts.offer(arrival: 200))
        script.hear(.differs, .open(Set(charts.map(\.id.bucket)).sorted()))
        var sizes: [Int] = []
        while case .heads(let asked) = script.open.first {
            sizes.append(asked.count)
            // The next piece does not wait for the want.
            script.answer(.heads(charts.filter { asked.contains($0.id) }.map { $0.heads() }))
        }
        #expect(sizes == [64, 64, 64, 8])
        for part in 1...3 { #expect(script.hear(.want(part, [])).ending == nil) }
        #expect(script.tick().roots.isEmpty)
        script.hear(.want(4, []))
        #expect(script.tick().roots.count == 1)
    }

    /// The peer takes no more at once; and what it holds of them need not be kept here either.
    @Test func headsWaitWhileManyAwaitTheirWant() {
        let charts = (0..<20).map { ChartHeads.many($0, writers: ReplicationLimits.tipsPerHeads / 2 + 1) }
        var script = ScriptedSession(
            Offer(charts: Dictionary(uniqueKeysWithValues: charts.map { ($0.chart, $0.digest) }), arrival: 1))
        script.hear(.differs, .open(Set(charts.map(\.chart.bucket)).sorted()))
        // Two of them do not fit into a line.
        #expect(script.answer(.heads(charts)).messages == (0..<8).map { .heads($0 + 1, [charts[$0]]) })
        // One that is withdrawn before its turn is left out.
        script.offer([charts[8].chart: nil], arrival: 1)
        #expect(script.hear(.want(1, [])).messages == [.heads(9, [charts[9]])])
        for part in 2...18 { script.hear(.want(part, [])) }
        #expect(script.tick().roots.isEmpty)
        script.hear(.want(19, []))
        #expect(script.tick().roots.count == 1)
        #expect(script.transcript.ending == nil)
    }

    @Test func aWantIsForAPartThatWasTold() throws {
        let (one, two) = (try PlainChart(1), try PlainChart(2))
        var script = ScriptedSession([one].offer(arrival: 1))
        script.hear(.differs, .open([one.id.bucket]))
        script.answer(.heads([one.heads()]))
        var (unknown, foreign, twice) = (script, script, script)
        #expect(unknown.hear(.want(2, [])).ending == .unexpected)
        #expect(foreign.hear(.want(1, [(two, VectorClock())])).ending == .unexpected)
        #expect(twice.hear(.want(1, []), .want(1, [])).ending == .unexpected)
    }

    @Test func bucketsAreOpenedOnceAndByTheirNumbers() throws {
        var script = ScriptedSession()
        script.hear(.differs)
        var (high, low, twice) = (script, script, script)
        #expect(high.hear(.open([ReplicationLimits.buckets])).ending == .limit)
        #expect(low.hear(.open([-1])).ending == .limit)
        #expect(twice.hear(.open([0]), .open([0])).ending == .unexpected)
    }

    // MARK: Batches and credit

    @Test func chartsFollowEachOtherInABatch() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        let first = script.answer(try one.run(), next: 4)
        #expect(first.reads.map(\.chart) == [two.id])
        #expect(first.reads.map(\.maxEvents) == [ReplicationLimits.batchEvents - 2])
        #expect(first.reads.map(\.maxBytes) == [ReplicationLimits.batchBytes - (try one.run().byteCount)])
        script.answer(try two.run(), next: 4)
        #expect(script.transcript.batches == [[one.id, two.id]])
        #expect(script.transcript.roots.count == 1)
    }

    /// So that what is written down of their disclosure shares a commit.
    @Test func chartsOfABatchAreReadTogether() throws {
        let charts = try (0..<200).map { try PlainChart($0, events: 2) }
        var script = ScriptedSession(wanting: [charts[0], charts[1], charts[2]])
        #expect(script.transcript.reads.map { $0.charts.map(\.chart) } == [charts.prefix(3).map(\.id)])
        let said = try script.answer(charts.prefix(2).map { (try $0.run(), 6) })
        // Storage may answer for as many as it likes.
        #expect(said.reads.map { $0.charts.map(\.chart) } == [[charts[2].id]])
        script.answer(try charts[2].run(), next: 6)
        #expect(script.transcript.batches == [charts.prefix(3).map(\.id)])
        #expect(script.transcript.roots.count == 1)
        var many = ScriptedSession(charts.offer(arrival: 400))
        many.hear(.differs, .open(Set(charts.map(\.id.bucket)).sorted()))
        while case .heads(let asked) = many.open.first {
            many.answer(.heads(charts.filter { asked.contains($0.id) }.map { $0.heads() }))
        }
        for part in 1...4 {
            let told = many.transcript.messages.compactMap { message in
                if case .heads(let heads) = message, heads.part == part { heads.charts.map(\.chart) } else { nil }
            }
            many.hear(.want(part, charts.filter { told.joined().contains($0.id) }.map { ($0, VectorClock()) }))
        }
        // The first want found nothing that was being read.
        many.answer(try #require(charts.first { $0.id == many.transcript.reads[0].chart }).run(), next: 400)
        #expect(many.transcript.reads.map(\.charts.count) == [64, ReplicationLimits.chartsPerRead])
    }

    @Test func anAnswerForOtherChartsEndsTheSession() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        var none = script
        #expect(script.answer(try two.run(), next: 4).ending == .storage)
        #expect(none.answer(.read([])).ending == .storage)
    }

    @Test func aCommitThatDoesNotFitBeginsTheNextBatch() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.answer(try one.run(), next: 4)
        // The first commit of the second chart is larger than what is left.
        let full = script.answer(try two.run(0..<0), next: 0, .more)
        #expect(full.messages == [.commit(Message.Commit(events: 2, root: nil, buckets: []))])
        #expect(full.reads.map(\.chart) == [two.id])
        #expect(full.reads.map(\.maxBytes) == [ReplicationLimits.batchBytes])
        #expect(full.reads.map(\.maxEvents) == [ReplicationLimits.batchEvents])
        script.answer(try two.run(), next: 4)
        #expect(script.transcript.batches == [[one.id], [two.id]])
    }

    @Test func aCommitLargerThanABatchEndsTheSession() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(wanting: [chart])
        #expect(script.answer(try chart.run(0..<0), next: 0, .more).ending == .storage)
    }

    @Test func aChartGoesOnWhereItWasReadTo() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession(wanting: [chart])
        let reads = script.answer(try chart.run(0..<3), next: 17, .more).reads
        #expect(reads.map(\.from) == [17])
        script.answer(try chart.run(3..<4), next: 20)
        #expect(script.transcript.batches == [[chart.id]])
        #expect(script.status.sent == 4)
    }

    @Test func nothingIsSentWithoutCredit() throws {
        let chart = try PlainChart(1, events: 3)
        let run = try chart.run(0..<2)
        var script = ScriptedSession(wanting: [chart], credit: run.byteCount)
        #expect(script.transcript.reads.map(\.maxBytes) == [run.byteCount])
        let spent = script.answer(run, next: 2, .more)
        #expect(spent.messages.last == .commit(Message.Commit(events: 2, root: nil, buckets: [])))
        #expect(spent.requests.isEmpty)
        #expect(script.tick().directives.isEmpty)
        #expect(!script.status.peerIsUpToDate)
        let given = script.hear(.credit(1000))
        #expect(given.reads.map(\.maxBytes) == [1000])
        #expect(given.reads.map(\.from) == [2])
        script.answer(try chart.run(2..<3), next: 3)
        #expect(script.transcript.roots.count == 1)
    }

    /// Commits are sent whole: what is left of the credit may be too little for the next one.
    @Test func aCommitLargerThanTheCreditWaitsForMore() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(wanting: [chart], credit: 10)
        #expect(script.answer(try chart.run(0..<0), next: 0, .more).directives.isEmpty)
        #expect(script.hear(.credit(10_000)).reads.map(\.maxBytes) == [10_010])
    }

    @Test func aLostBodyIsSentAsAbsent() throws {
        let chart = try PlainChart(1)
        var script = ScriptedSession(wanting: [chart])
        var run = try chart.run()
        run.events[0].body = nil
        let said = script.answer(run, next: 1)
        #expect(said.lines.first == .envelope(run.events[0].envelope))
        #expect(said.messages.first == .absent(run.events[0].bodyHash))
    }

    @Test func aChartThatThePeerRefusesIsNotSentOn() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.hear(.refused(Message.Refused(chart: one.id, code: .inadmissible)))
        // It was being read meanwhile.
        #expect(script.answer(try one.run(), next: 4).envelopes.isEmpty)
        script.answer(try two.run(), next: 4)
        script.offer([one.id: EventHash(of: [1])], arrival: 5)
        #expect(script.open.isEmpty)
        #expect(script.transcript.batches == [[two.id]])
        #expect(script.transcript.notes.contains(.refused(one.id, .inadmissible)))
        #expect(script.status.refusedCharts == 1)
    }
}
