import EventLog
import TestSupport
import Testing

@testable import Replication

/// What a session will do about a commit, made ready before that is durable.
@Suite struct StepAheadTests {
    private let chart: PlainChart
    /// A session whose peer has two of three events.
    private let script: ScriptedSession
    /// What the third one brings.
    private let offer: Offer
    private let answer: StoreAnswer

    init() throws {
        chart = try PlainChart(1, events: 4)
        var script = ScriptedSession(Offer(charts: [chart.id: chart.heads(2).digest], arrival: 2))
        script.hear(.same)
        self.script = script
        offer = Offer(charts: [chart.id: chart.heads(3).digest], arrival: 3)
        answer = .read([StoreAnswer.ReadAnswer(run: try chart.run(2..<3), next: 3, state: .atEnd)])
    }

    @Test func itDirectsWhatTheSessionWouldHaveDone() throws {
        var script = script
        var asked: [StoreRequest] = []
        let ahead = try #require(
            script.ahead(at: offer) { request in
                asked.append(request)
                return AnswerAhead(answer) { true }
            })
        // Nothing has happened to the session itself.
        #expect(script.handle(.offerChanged(offer)).requests == asked)
        let said = script.answer(answer)
        #expect(ahead.directives == said.directives && said.messages.count > 1)
        // And it goes on from there.
        let next = Session.Input.offerChanged(Offer(charts: [chart.id: chart.heads().digest], arrival: 4))
        var taken = ahead.session
        #expect(taken.status == script.status)
        #expect(taken.handle(next, now: script.now) == script.handle(next).directives)
    }

    @Test func itIsDueAtThatOfferOnlyAndNotBeforeItIsDurable() throws {
        let durable = try #require(script.ahead(at: offer) { _ in AnswerAhead(answer) { true } })
        #expect(durable.isDue(at: offer))
        #expect(!durable.isDue(at: Offer(charts: offer.charts, arrival: 4)))
        #expect(!durable.isDue(at: Offer(charts: [chart.id: chart.heads().digest], arrival: 3)))
        let underWay = try #require(script.ahead(at: offer) { _ in AnswerAhead(answer) { false } })
        #expect(!underWay.isDue(at: offer))
    }

    @Test func thereIsNoneWhereMoreIsToBeDone() throws {
        func hasStep(_ script: ScriptedSession, at offer: Offer, isKnown: Bool = true) -> Bool {
            script.ahead(at: offer) { _ in isKnown ? AnswerAhead(answer) { true } : nil } != nil
        }
        let unknown = hasStep(script, at: offer, isKnown: false)
        #expect(!unknown, "it is not known what will be read")
        let other = hasStep(script, at: Offer(charts: [try PlainChart(2).id: EventHash(of: [1])], arrival: 3))
        #expect(!other, "the peer is told of a new chart")
        var reading = script
        reading.handle(.offerChanged(offer))
        let second = hasStep(reading, at: Offer(charts: [chart.id: chart.heads().digest], arrival: 4))
        #expect(!second, "something is being read already")
    }
}
