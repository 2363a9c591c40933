import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import Replication
import Synchronization
import TestSupport
import Testing

@testable import DuologNode

/// A peer that is connected and follows a chart: the commit of an event writes down that it will be sent, and the journal says so later. Everybody
/// else's is written down when it is read.
@Suite struct AccountAheadTests {
    private let left: TestNode
    private let right: TestNode
    private let chart: ChartID
    private let journal: ChartID
    private let port: SyncPort
    private let written = Written()

    private final class Written: Sendable {
        let entries = Mutex<[DisclosureRecorded]>([])
        func take() -> [DisclosureRecorded] {
            entries.withLock { entries in
                defer { entries = [] }
                return entries
            }
        }
    }

    init() async throws {
        // Whatever a test waits for, it does not come by itself.
        (left, right) = (try TestNode(leisure: .seconds(86_400)), try TestNode())
        try await left.pair(right)
        journal = try await left.log.openChart(
            name: "journal", nonce: SystemRandom.bytes(16), isLocal: true, when: left.now, salt: SystemRandom.bytes(16))
        chart = try await left.openChart(sharedWith: [(right, #""read""#)])
        port = SyncPort(
            log: left.log, clock: left.clock, account: { [written] new in written.entries.withLock { $0 += new } },
            onNewEpoch: { _ in })
        try await Self.recordDisclosures(of: left, in: journal)
    }

    private static func recordDisclosures(of node: TestNode, in journal: ChartID) async throws {
        try await node.log.recordDisclosures { entry, at in
            Draft(
                chart: journal, author: .node, kind: type(of: entry).kind, members: entry.members,
                when: ClinicalTime(instant: at, offsetMinutes: 0), seeing: .everything, salt: SystemRandom.bytes(16))
        }
    }

    /// Reads what arrived after `from`, as a session does; returns the numbers of the events, and where to go on.
    private func read(from: Int) async throws -> (seqs: [Int], next: Int) {
        let arrival = try left.log.offer(to: right.node, on: left.clock.today, among: []).arrival
        guard case .read(let answers) = await port.answer(request(from: from, upTo: arrival), for: right.node),
            let answer = answers.first
        else {
            throw LogStoreError(.notFound, "no answer")
        }
        let seqs = try answer.run.events.map { try Envelope(line: $0.envelope).seq }
        return (seqs, answer.next)
    }

    /// What the journal says, once it is written down what happened.
    private func journaled(of node: TestNode? = nil) async throws -> [DisclosureRecorded] {
        let node = node ?? left
        try await node.log.writeDisclosures()
        return try #require(try await node.log.record(of: journal)).entries(DisclosureRecorded.self).map(\.body)
    }

    private func commits() async throws -> Int { await left.log.verifier.verify(isQuick: true).commits }

    @Test func theCommitOfAnEventWritesDownThatItWillBeSent() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        #expect(written.take().map(\.events) == [opened.seqs.count])
        #expect(try await journaled().isEmpty, "it is the port that writes down what was read")
        let before = try await commits()
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let last = try #require(opened.seqs.last)
        #expect(try await commits() == before + 1, "and nothing else yet")
        let entry = try #require(try await journaled().first)
        #expect(entry.peer == right.node && entry.chart == chart && entry.consent != nil)
        #expect(entry.ranges.map(\.from) == [last + 1] && entry.ranges.map(\.to) == [last + 1])
        // Two more, before the first is read: all three are accounted for, each once.
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let live = try await read(from: opened.next)
        #expect(live.seqs == [last + 1, last + 2, last + 3])
        #expect(written.take().isEmpty)
        #expect(try await journaled().map(\.events) == [1, 2], "each once, those that came together in one entry")
        #expect(try await journaled().count == 2, "nothing has happened since")
        // What is sent once more is written down once more.
        _ = try await read(from: opened.next)
        #expect(written.take().map(\.events) == [3])
    }

    /// What was sent stands in the log from its commit on: a node that is killed says it in the journal when it begins again, with its time.
    @Test func aNodeThatBeginsAgainWritesDownWhatWasSent() async throws {
        left.log.noteConnected([right.node])
        _ = try await read(from: 0)
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let sent = left.clock.now
        // As the file is now.
        let copy = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: left.folder.path, toPath: copy)
        let again = try TestNode(copy)
        #expect(try await journaled(of: again).isEmpty)
        try await Self.recordDisclosures(of: again, in: journal)
        let said = try await (journaled(), journaled(of: again))
        #expect(said.0.map(\.ranges) == said.1.map(\.ranges) && said.1.map(\.peer) == [right.node])
        let entry = try #require(try await again.log.record(of: journal)?.entries(DisclosureRecorded.self).first)
        #expect(entry.when.instant <= sent)
        try await Self.recordDisclosures(of: again, in: journal)
        #expect(try await journaled(of: again).count == 1)
    }

    /// Who was sent what is under the hash of its commit.
    @Test(arguments: ["peer", "chart", "consent", "nobody"])
    func whatIsSaidOfWhomItWasSentToIsProved(_ change: String) async throws {
        left.log.noteConnected([right.node])
        _ = try await read(from: 0)
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let account = try #require(try await journaled().first)
        #expect(await left.log.verifier.verify(isQuick: true).count == 0)
        let copy = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: left.folder.path, toPath: copy)
        let other = ArrivalChain.Account(
            peer: change == "peer" ? left.node : account.peer, chart: change == "chart" ? journal : account.chart,
            consent: change == "consent" ? nil : account.consent)
        let lines = change == "nobody" ? nil : Data(ArrivalChain.Account.lines([other]))
        try await DatabaseQueue(path: StateFolder(path: copy).log).write { db in
            try db.execute(sql: "DROP TRIGGER commit_is_final")
            try db.execute(sql: "UPDATE segment SET accounts = ? WHERE accounts IS NOT NULL", arguments: [lines])
            #expect(db.changesCount == 1)
        }
        let again = try TestNode(copy)
        let report = await again.log.verifier.verify(isQuick: true)
        withExtendedLifetime(again) {}
        #expect(report.log.count == 1 && report.log.allSatisfy { $0.text.contains("to whom it was sent") }, "\(report.log)")
    }

    /// It says so of each chart, beside the last event of all.
    @Test func aCommitOfTwoChartsSaysItOfBoth() async throws {
        left.log.noteConnected([right.node])
        _ = try await read(from: 0)
        let other = try await left.openChart(sharedWith: [(right, #""read""#)])
        left.log.noteFollowed(other, by: right.node)
        let drafts = [chart, other, chart].map { left.draft($0, SideEffectReported.kind, Bodies.sideEffect) }
        _ = try await left.log.author(drafts, request: nil)
        let before = try await commits()
        #expect(Set(try await journaled().map { "\($0.chart) \($0.events)" }) == ["\(chart) 2", "\(other) 1"])
        #expect(try await commits() == before + 1)
        #expect(await left.log.verifier.verify(isQuick: true).count == 0)
        let copy = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: left.folder.path, toPath: copy)
        try await DatabaseQueue(path: StateFolder(path: copy).log).write {
            try $0.execute(sql: "UPDATE segment SET accounts = x'00' WHERE chain IS NULL")
            #expect($0.changesCount > 0)
        }
        let again = try TestNode(copy)
        let report = await again.log.verifier.verify(isQuick: true)
        withExtendedLifetime(again) {}
        #expect(report.log.contains { $0.text.contains("does not end it") }, "\(report.log)")
    }

    /// What erases is stored before its commit ends: the end is added to it.
    @Test func aCommitThatIsStoredBeforeItsEndSaysItToo() async throws {
        left.log.noteConnected([right.node])
        _ = try await read(from: 0)
        let hash = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        _ = try await journaled()
        try await left.write(chart, EventErased.kind, #"{"authority":"asked for"}"#, refs: [hash])
        #expect(try await journaled().map(\.events) == [1, 1])
        #expect(await left.log.verifier.verify(isQuick: true).count == 0)
    }

    @Test func nothingIsWrittenDownForWhoIsAwayOrMayNotHaveItAnyMore() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        left.log.noteConnected([])
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(try await journaled().isEmpty)
        _ = written.take()
        _ = try await read(from: opened.next)
        #expect(written.take().map(\.events) == [1])
        // Connected again: it follows the chart once it was sent all of it.
        left.log.noteConnected([right.node])
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(try await journaled().isEmpty)
        _ = try await read(from: opened.next)
        let consent = try #require(try await left.log.record(of: chart)).graph.nodes.last {
            $0.envelope.kind == ConsentGranted.kind
        }
        try await left.write(
            chart, ConsentRevoked.kind, #"{"recipients":["\#(right.node)"]}"#, refs: [try #require(consent).hash])
        #expect(try await journaled().isEmpty, "it may not have the event that says so either")
    }

    // MARK: What is read ahead

    /// What a session asks for when it is told of what arrived after `from`.
    private func request(
        from: Int, upTo arrival: Int, skipsOwn: Bool = true, after: VectorClock = VectorClock(), maxEvents: Int = 1000,
        maxBytes: Int = 1_000_000
    ) -> StoreRequest {
        let range = StoreRequest.ChartRange(chart: chart, after: after, from: from, upTo: arrival, skipsOwn: skipsOwn)
        return .read(StoreRequest.ReadRequest(charts: [range], maxEvents: maxEvents, maxBytes: maxBytes))
    }

    private final class Kept: Sendable { let ahead = Mutex<[AnswerAhead?]>([]) }

    @Test func whatIsReadAheadIsWhatIsReadBehindTheCommit() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        _ = written.take()
        let kept = Kept()
        left.log.anticipate { [self] change in
            let ahead = port.answerAhead(request(from: opened.next, upTo: change.arrival), for: right.node)
            #expect(ahead?.isDue() == false, "it is on its way")
            #expect(change.offers.keys.sorted() == [right.node])
            kept.ahead.withLock { $0.append(ahead) }
        }
        // In one commit, so in one segment.
        let drafts = [Bodies.sideEffect, Bodies.sideEffect].map { left.draft(chart, SideEffectReported.kind, $0) }
        _ = try await left.log.author(drafts, request: nil)
        let ahead = try #require(kept.ahead.withLock { $0.last ?? nil })
        #expect(ahead.isDue() && !ahead.isDue(), "it counts as sent")
        let arrival = try left.log.offer(to: right.node, on: left.clock.today, among: []).arrival
        let behind = await port.answer(request(from: opened.next, upTo: arrival), for: right.node)
        #expect(behind == ahead.answer)
        guard case .read(let answers) = behind else { throw LogStoreError(.notFound, "no answer") }
        #expect(answers.map(\.run.events.count) == [2])
        #expect(written.take().map(\.events) == [2], "only what was read behind it is written down once more")
    }

    @Test func whatACommitHasFollowedIsReadAgain() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        let kept = Kept()
        left.log.anticipate { [self] change in
            let ahead = port.answerAhead(request(from: opened.next, upTo: change.arrival), for: right.node)
            kept.ahead.withLock { $0.append(ahead) }
        }
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        // It may have changed who may have what.
        try await left.pair(try TestNode())
        let ahead = try #require(kept.ahead.withLock { $0.first ?? nil })
        #expect(!ahead.isDue())
        // Nor is the second of two what a session wants that has not been told of the first.
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(kept.ahead.withLock { $0.count } == 2 && kept.ahead.withLock { $0[1] } == nil)
        #expect(try await read(from: opened.next).seqs.count == 2)
    }

    @Test func nothingIsReadAheadWhereThereMayBeMoreOrLess() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        let seen = Kept()
        let one = VectorClock([(Origin(node: left.node, epoch: left.log.epoch.epoch), 1)])
        left.log.anticipate { [self] change in
            let (from, upTo) = (opened.next, change.arrival)
            for request in [
                request(from: from, upTo: upTo), request(from: from - 1, upTo: upTo), request(from: 0, upTo: upTo),
                request(from: from, upTo: from), request(from: upTo, upTo: upTo),
                request(from: from, upTo: upTo, skipsOwn: false), request(from: from, upTo: upTo, after: one),
                request(from: from, upTo: upTo, maxEvents: 0), request(from: from, upTo: upTo, maxBytes: 100),
            ] {
                seen.ahead.withLock { $0.append(port.answerAhead(request, for: right.node)) }
            }
            seen.ahead.withLock { $0.append(port.answerAhead(request(from: from, upTo: upTo), for: left.node)) }
        }
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(seen.ahead.withLock { $0.map { $0 != nil } } == [true] + Array(repeating: false, count: 9))
        // Whoever does not follow the chart is sent nothing at once.
        left.log.noteConnected([])
        left.log.noteConnected([right.node])
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(seen.ahead.withLock { $0.count } == 10)
    }

    /// What comes and is erased in one commit is not sent from memory.
    @Test func whatIsErasedAtOnceIsNotReadAhead() async throws {
        left.log.noteConnected([right.node])
        _ = try await read(from: 0)
        let told = Kept()
        left.log.anticipate { _ in told.ahead.withLock { $0.append(nil) } }
        _ = try await left.log.author(request: "both", by: left.author) { [left, chart] write in
            let event = try write(left.draft(chart, SideEffectReported.kind, Bodies.sideEffect)).event
            _ = try write(left.draft(chart, EventErased.kind, #"{"authority":"asked for"}"#, refs: [event]))
        }
        #expect(left.changes.take().last?.erased.count == 1)
        #expect(told.ahead.withLock { $0.isEmpty })
    }

    // MARK: What a commit says

    /// What a commit says that its peers may have now is what is read of it.
    @Test func theCommitSaysWhatPeersMayHave() async throws {
        func last() throws -> LogStore.Change { try #require(left.changes.take().last { !$0.charts.isEmpty }) }
        func read(_ change: LogStore.Change) throws -> [ChartID: EventHash?] {
            try left.log.offer(to: right.node, on: left.clock.today, among: change.charts).charts
        }
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        #expect(try last().offers.isEmpty, "nobody is connected")
        left.log.noteConnected([right.node])
        let hash = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let shared = try last()
        #expect(try shared.offers == [right.node: read(shared)])
        #expect(shared.offers[right.node]?[chart] != .some(nil))
        try await left.write(chart, RecordWithdrawn.kind, #"{"reason":"entered-in-error"}"#, refs: [hash])
        #expect(try last().offers[right.node] != shared.offers[right.node], "another digest")
        let consent = try #require(try await left.log.record(of: chart)).graph.nodes.last {
            $0.envelope.kind == ConsentGranted.kind
        }
        try await left.write(
            chart, ConsentRevoked.kind, #"{"recipients":["\#(right.node)"]}"#, refs: [try #require(consent).hash])
        let withdrawn = try last()
        #expect(try withdrawn.offers == [right.node: [chart: nil]] && withdrawn.offers[right.node] == read(withdrawn))
        // Whoever writes to many charts is not kept waiting for it.
        var drafts: [Draft] = []
        for _ in 0..<9 {
            drafts.append(left.draft(try await left.openChart(sharedWith: []), SideEffectReported.kind, Bodies.sideEffect))
        }
        _ = try await left.log.author(drafts, request: nil)
        let many = try last()
        #expect(many.charts.count == 9 && many.offers.isEmpty)
    }

    /// A consent that is another by now: what was written down says what was relied on.
    @Test func whatReliesOnAnotherConsentIsWrittenDownAnew() async throws {
        left.log.noteConnected([right.node])
        let opened = try await read(from: 0)
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let open = try #require(try await journaled().first)
        _ = written.take()
        let other = DisclosureRecorded(
            peer: open.peer, chart: open.chart, ranges: open.ranges, consent: EventHash(of: [1]), events: open.events)
        #expect(!left.log.takeAccount(of: other))
        #expect(try await read(from: opened.next).seqs.count == 1)
        #expect(written.take().map(\.consent) == [open.consent])
    }
}
