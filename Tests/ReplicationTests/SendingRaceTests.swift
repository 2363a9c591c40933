import EventLog
@testable import Replication
import TestSupport
import Testing

/// Changes that come while storage is being read: nothing may be forgotten over them, and nothing sent in a wrong order.
extension SendingTests {
    @Test func aChartSharedAgainWhileItsHeadsAreReadIsAskedAboutAgain() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession([chart].offer(arrival: 2))
        script.hear(.differs, .open([chart.id.bucket]))
        #expect(script.open == [.heads([chart.id])])
        script.offer([chart.id: nil], arrival: 3)
        script.offer([chart.id: chart.heads().digest], arrival: 4)
        // Storage read this while the chart was withdrawn.
        #expect(script.answer(.heads([])).requests == [.heads([chart.id])])
        #expect(script.tick().messages.isEmpty)
        #expect(script.answer(.heads([chart.heads()])).messages == [.heads(1, [chart.heads()])])
        script.hear(.want(1, [(chart, VectorClock())]))
        script.answer(try chart.run(), next: 4)
        #expect(script.transcript.batches == [[chart.id]])
    }

    @Test func aChartSharedAgainWhileItsEventsAreReadIsAskedAboutAgain() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(wanting: [chart])
        script.offer([chart.id: nil], arrival: 3)
        script.offer([chart.id: chart.heads().digest], arrival: 4)
        // What was read before belongs to nothing that is under way now.
        #expect(script.answer(try chart.run(), next: 2).envelopes.isEmpty)
        script.answer(.heads([chart.heads()]))
        script.hear(.want(2, [(chart, VectorClock())]))
        #expect(script.transcript.reads.last?.from == 0)
        script.answer(try chart.run(), next: 4)
        #expect(script.transcript.batches == [[chart.id]])
        #expect(script.transcript.roots.count == 1)
    }

    @Test func aChartAskedForAgainIsReadFromItsBeginning() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession([chart].offer(arrival: 4))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads()]))
        script.hear(.want(1, [(chart, chart.clock(3))]))
        // It is being read from its fourth event on when the peer finds that it needs all of it.
        script.hear(.want(0, [(chart, VectorClock())]))
        script.answer(try chart.run(3..<4), next: 4)
        #expect(script.transcript.reads.last?.from == 0)
        #expect(script.transcript.reads.last?.after == VectorClock())
        script.answer(try chart.run(), next: 4)
        // What was read of it before is not sent: it would stand before the beginning.
        #expect(script.transcript.envelopes == (try chart.run().events.map(\.envelope)))
        #expect(script.transcript.roots.count == 1)
    }

    @Test(arguments: [true, false])
    func aChangeIsSentWhoseArrivalAnEarlierOfferAlreadyNamed(beforeTheHello: Bool) throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(
            silentWith: Offer(charts: [one.id: one.heads(1).digest, two.id: two.heads(1).digest], arrival: 2))
        // Both charts got an event, 3 and 4, before the first of the two changes was looked at.
        if beforeTheHello { script.offer([one.id: one.heads().digest], arrival: 4) }
        script.greet()
        script.answer(.pendingStatements([], [], upTo: 0))
        if !beforeTheHello { script.offer([one.id: one.heads().digest], arrival: 4) }
        // The peer has both charts as they were.
        script.hear(.differs, .open([one.id.bucket]))
        script.answer(.heads([one.heads()]))
        script.offer([two.id: two.heads().digest], arrival: 4)
        script.hear(.want(1, [(one, one.clock(1))]))
        script.answerReads([one.id: try one.run(1..<2), two.id: try two.run(1..<2)], upTo: 4)
        let read = script.transcript.reads.first { $0.chart == two.id }
        #expect((read?.from).map { $0 <= 2 } == true)
        #expect(script.transcript.roots.count == 1)
    }

    /// The peer says what it holds as a clock, which names numbers. Of an event that arrived after the heads were read it has been told
    /// nothing: where it holds another branch of a fork, the number is the same and the event is not.
    @Test func whatArrivesAfterTheHeadsIsReadWhateverNumbersThePeerNames() throws {
        let chart = try PlainChart(1, events: 3)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(2).digest], arrival: 2))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads(2)]))
        script.offer([chart.id: chart.heads().digest], arrival: 3)
        script.hear(.want(1, [(chart, chart.clock(3))]))
        let first = try #require(script.transcript.reads.last)
        #expect((first.from, first.upTo) == (0, 2))
        #expect(first.after == chart.clock(3))
        script.answer(try chart.run(0..<0), next: 2)
        let second = try #require(script.transcript.reads.last)
        #expect((second.from, second.upTo) == (2, 3))
        #expect(second.after == VectorClock())
    }

    /// A commit was too large for what was left when it was read; by the time of the answer more is left.
    @Test(arguments: [1000, ReplicationLimits.creditBytes])
    func creditThatComesWhileTooLittleIsReadIsUsed(credit: Int) throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(wanting: [chart], credit: 10)
        #expect(script.hear(.credit(credit)).directives.isEmpty)
        let said = script.answer(try chart.run(0..<0), next: 0, .more)
        #expect(said.ending == nil)
        #expect(said.reads.map(\.maxBytes) == [min(10 + credit, ReplicationLimits.batchBytes)])
        script.answer(try chart.run(), next: 2)
        #expect(script.transcript.roots.count == 1)
    }

    @Test func aBatchThatIsEndedWhileItsRestIsReadLeavesRoom() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.answer(try one.run(), next: 4)
        // The second chart is read into the rest of the batch, which then ends for the first one's sake.
        script.hear(.want(0, [(one, VectorClock())]))
        let said = script.answer(try two.run(0..<0), next: 0, .more)
        #expect(said.ending == nil)
        #expect(said.reads.map(\.maxBytes) == [ReplicationLimits.batchBytes])
    }

    /// Of charts that are read together one may be gone, or asked for anew, by the time of the answer. The others are sent.
    @Test(arguments: [true, false]) func oneOfTheChartsThatAreReadTogetherIsNotSent(isGone: Bool) throws {
        let charts = try (1...3).map { try PlainChart($0, events: 2) }
        var script = ScriptedSession(wanting: charts)
        if isGone {
            script.offer([charts[1].id: nil], arrival: 6)
        } else {
            script.hear(.want(0, [(charts[1], VectorClock())]))
        }
        let said = script.answer(try charts.map { (try $0.run(), 6) })
        #expect(said.envelopes == (try [charts[0], charts[2]].flatMap { try $0.run().events.map(\.envelope) }))
        if !isGone { script.answer(try charts[1].run(), next: 6) }
        #expect(script.transcript.batches == [[charts[0].id, charts[2].id] + (isGone ? [] : [charts[1].id])])
        #expect(script.transcript.roots.count == 1)
    }

    /// A commit did not fit behind a chart that is not sent after all: it is no larger than a batch.
    @Test func whatIsNotSentAfterAllLeavesRoom() throws {
        let (one, two) = (try PlainChart(1, events: 2), try PlainChart(2, events: 2))
        var script = ScriptedSession(wanting: [one, two])
        script.offer([one.id: nil], arrival: 4)
        let said = script.answer(
            .read([
                StoreAnswer.ReadAnswer(run: try one.run(), next: 4, state: .atEnd),
                StoreAnswer.ReadAnswer(run: try two.run(0..<0), next: 0, state: .more),
            ]))
        #expect(said.ending == nil)
        #expect(said.reads.map(\.maxBytes) == [ReplicationLimits.batchBytes])
        script.answer(try two.run(), next: 4)
        #expect(script.transcript.batches == [[two.id]])
    }

    /// Its heads have been told, but the peer needs it from its beginning: it waits for that, and passes over anything else.
    @Test func aChartAskedForAgainWhileItsHeadsAreComparedIsReadFromItsBeginning() throws {
        let chart = try PlainChart(1, events: 4)
        var script = ScriptedSession([chart].offer(arrival: 4))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads()]))
        script.hear(.want(0, [(chart, VectorClock())]))
        script.hear(.want(1, [(chart, chart.clock(3))]))
        script.answerReads([chart.id: try chart.run()], upTo: 4)
        #expect(script.transcript.reads.contains { $0.from == 0 && $0.after == VectorClock() })
        #expect(script.transcript.roots.count == 1)
    }

    /// The withdrawal itself was never told: by the time it was looked at, the chart was shared again.
    @Test func aChartSharedAgainUnnoticedWhileItsHeadsAreReadIsAskedAboutAgain() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(1).digest], arrival: 1))
        script.hear(.differs, .open([chart.id.bucket]))
        script.offer([chart.id: chart.heads().digest], arrival: 4)
        #expect(script.answer(.heads([])).requests == [.heads([chart.id])])
        // The second answer counts: nothing has changed since.
        #expect(script.answer(.heads([])).requests.isEmpty)
    }

    @Test func aChartSharedAgainUnnoticedWhileItsEventsAreReadIsAskedAboutAgain() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession(wanting: [chart])
        script.offer([chart.id: EventHash(of: [1])], arrival: 4)
        #expect(script.answer(try chart.run(0..<0), next: 0, .withdrawn).requests == [.heads([chart.id])])
    }
}
