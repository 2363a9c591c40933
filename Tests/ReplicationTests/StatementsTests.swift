import EventLog
@testable import Replication
import TestSupport
import Testing

/// Receipts and removal notices: told before a mark, repeated until they are noted, never held back by credit.
@Suite struct StatementsTests {
    private let (receipts, notices): ([Receipt], [RemovalNotice])

    init() throws {
        let chart = try PlainChart(1, events: 3)
        receipts = try chart.run().events.map {
            let event = try Event(line: $0.envelope, body: $0.body)
            return try Receipt(
                signing: PlainChart.key, instance: 1, chart: chart.id, dot: event.envelope.dot, hash: event.hash,
                at: event.envelope.at)
        }
        notices = [
            try RemovalNotice(
                signing: PlainChart.key, chart: chart.id, removed: ScriptedSession.peer, removal: EventHash(of: [1]),
                at: Timestamp(milliseconds: 0))
        ]
    }

    /// A session after the hellos that has asked storage for statements.
    private func greeted(credit: Int = 0) -> ScriptedSession {
        var script = ScriptedSession(silentWith: Offer(charts: [:], arrival: 0))
        script.greet(credit: credit)
        return script
    }

    // MARK: Sending

    @Test func statementsAreToldBeforeAMarkWithoutAnyCredit() {
        var script = greeted()
        #expect(script.open == [.pendingStatements(after: 0)])
        let said = script.answer(.pendingStatements(receipts, notices, upTo: 7))
        #expect(said.messages == receipts.map { .receipt($0) } + notices.map { .removed($0) } + [.mark(1)])
        #expect(script.hear(.noted(1)).requests == [.statementsNoted(upTo: 7)])
        #expect(script.answer(.noted).directives.isEmpty)
    }

    @Test func nothingToTellIsNotMarked() {
        var script = greeted()
        #expect(script.answer(.pendingStatements([], [], upTo: 7)).directives.isEmpty)
    }

    @Test func statementsAreToldOnceInASessionAndAgainInTheNextUntilNoted() {
        var script = greeted()
        script.answer(.pendingStatements(receipts, [], upTo: 7))
        // Not noted yet, but under way.
        #expect(script.handle(.statementsChanged).requests == [.pendingStatements(after: 7)])
        #expect(script.answer(.pendingStatements([], notices, upTo: 8)).messages.last == .mark(2))
        #expect(script.hear(.noted(2)).requests == [.statementsNoted(upTo: 8)])
        #expect(greeted().open == [.pendingStatements(after: 0)])
    }

    @Test func aChangeWhileStatementsAreReadIsReadAfterwards() {
        var script = greeted()
        #expect(script.handle(.statementsChanged).directives.isEmpty)
        #expect(script.handle(.statementsChanged).directives.isEmpty)
        let said = script.answer(.pendingStatements(receipts, [], upTo: 7))
        #expect(said.requests == [.pendingStatements(after: 7)])
        #expect(script.answer(.pendingStatements([], [], upTo: 7)).requests.isEmpty)
    }

    @Test func aFullAnswerIsFollowedByTheNext() {
        var script = greeted()
        let many = Array(repeating: receipts[0], count: ReplicationLimits.statementsAtOnce)
        let said = script.answer(.pendingStatements(many, [], upTo: 1000))
        #expect(said.messages.last == .mark(1))
        #expect(said.requests == [.pendingStatements(after: 1000)])
        #expect(script.answer(.pendingStatements(Array(many.dropLast()), [], upTo: 1999)).requests.isEmpty)
    }

    @Test func aMarkIsNotedOnce() {
        var script = greeted()
        script.answer(.pendingStatements(receipts, [], upTo: 7))
        var never = script
        #expect(never.hear(.noted(2)).ending == .unexpected)
        script.hear(.noted(1))
        #expect(script.hear(.noted(1)).ending == .unexpected)
    }

    // MARK: Receiving

    @Test func aMarkIsNotedOnceAllBeforeItIsStored() {
        var script = ScriptedSession()
        #expect(script.hear(.receipt(receipts[0]), .receipt(receipts[1])).directives.isEmpty)
        let told = script.hear(.removed(notices[0]))
        #expect(told.notes == [.removedFrom(notices[0].chart)])
        #expect(script.hear(.mark(3)).directives == [.store(.statements(Array(receipts.prefix(2)), notices))])
        // The next mark is about what came after the first.
        #expect(script.hear(.receipt(receipts[2]), .mark(4)).requests == [.statements([receipts[2]], [])])
        #expect(script.answer(.statementsStored).messages == [.noted(3)])
        #expect(script.answer(.statementsStored).messages == [.noted(4)])
    }

    /// What was recorded here goes out while storage still writes what the peer has said before.
    @Test func aReadIsAnsweredBesideThem() throws {
        let chart = try PlainChart(1, events: 2)
        var script = ScriptedSession([chart].offer(arrival: 2))
        script.hear(.differs, .open([chart.id.bucket]))
        script.answer(.heads([chart.heads()]))
        script.hear(.receipt(receipts[0]), .mark(3))
        let wanted = script.hear(.want(1, [(chart, chart.clock(1))]))
        #expect(wanted.requests.count == 1)
        let sent = script.answer(try chart.run(1..<2), next: 2)
        #expect(sent.lines.contains { if case .envelope = $0 { true } else { false } })
        #expect(!sent.messages.contains(.noted(3)))
        #expect(script.answer(.statementsStored).messages == [.noted(3)])
        #expect(script.answer(.read([])).ending == .storage, "nothing was to be read")
    }

    @Test func statementsWithoutAMarkAreBounded() {
        let most = ReplicationLimits.headsPerBatch
        var script = ScriptedSession()
        let receipt = MessageCodec.encode(.receipt(receipts[0]))
        #expect(script.hear(Array(repeating: receipt, count: most)).ending == nil)
        #expect(script.hear([receipt]).ending == .limit)
        var other = ScriptedSession()
        let notice = MessageCodec.encode(.removed(notices[0]))
        #expect(other.hear(Array(repeating: notice, count: most)).ending == nil)
        #expect(other.hear([notice]).ending == .limit)
    }

    @Test func aFailureOfStorageEndsTheSession() {
        var script = ScriptedSession()
        script.hear(.receipt(receipts[0]), .mark(1))
        let said = script.answer(.failed("the disk is full"))
        #expect(said.ending == .storage)
        #expect(!said.messages.contains(.noted(1)))
    }
}
