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

/// The shipped session over the shipped storage.
@Suite struct ExchangeTests {
    @Test func aChartReachesItsMemberAndBothAgree() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""prescribing""#)])
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        #expect(exchange.closings.isEmpty)
        #expect(try await left.digest(chart) == right.digest(chart))
        try await right.enroll(in: chart)
        try await exchange.run()
        #expect(try await left.digest(chart) == right.digest(chart))
        // Proof of delivery, both ways.
        #expect(try await left.log.receipts(of: chart).contains { $0.receiver == right.node })
        #expect(try await right.log.receipts(of: chart).contains { $0.receiver == left.node })
        if let path = ProcessInfo.processInfo.environment["EXCHANGE_DUMP"] {
            try Data(exchange.transcript.utf8).write(to: URL(fileURLWithPath: path))
        }
    }

    @Test func aReconnectWithNothingNewCostsTheSameWithOneChartAndWithTwoThousand() async throws {
        func reconnectBytes(charts: Int) async throws -> Int {
            let (left, right) = (try TestNode(), try TestNode())
            try await left.pair(right)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<charts { group.addTask { _ = try await left.openChart(sharedWith: [(right, #""read""#)]) } }
                try await group.waitForAll()
            }
            var first = try await PlainExchange(left, right)
            try await first.run()
            #expect(try await right.log.charts().count == charts)
            var second = try await PlainExchange(left, right)
            try await second.run()
            #expect(!second.lines.contains { String(decoding: $0.1, as: UTF8.self).contains("differs") })
            return second.byteCount
        }
        let one = try await reconnectBytes(charts: 1)
        let many = try await reconnectBytes(charts: 2000)
        // An instance is a number of up to 20 digits; nothing else varies.
        #expect(abs(one - many) <= 8, "\(one) bytes with 1 chart, \(many) with 2,000")
        #expect(one < 1000)
    }

    /// One commit for all charts that are read together, before any of them is handed to the session; nothing leaves that could not be
    /// written down.
    @Test func whatLeavesIsWrittenDownBefore() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        var charts: [ChartID] = []
        for _ in 0..<3 { charts.append(try await left.openChart(sharedWith: [(right, #""read""#)])) }
        let request = StoreRequest.read(
            StoreRequest.ReadRequest(
                charts: charts.map {
                    StoreRequest.ChartRange(chart: $0, after: VectorClock(), from: 0, upTo: 1000, skipsOwn: false)
                }, maxEvents: 1000, maxBytes: 1_000_000))
        let written = Mutex<[[DisclosureRecorded]]>([])
        func port(_ account: @escaping @Sendable ([DisclosureRecorded]) async throws -> Void) -> SyncPort {
            SyncPort(
                log: left.log, clock: left.clock, account: account, onNewEpoch: { _ in })
        }
        let answer = await port { entries in written.withLock { $0.append(entries) } }.answer(request, for: right.node)
        guard case .read(let read) = answer else {
            Issue.record("no events: \(answer)")
            return
        }
        #expect(read.map(\.run.chart) == charts)
        let entries = written.withLock { $0 }
        #expect(entries.map { $0.map(\.chart) } == [charts])
        #expect(entries[0].map(\.events) == read.map(\.run.events.count))
        #expect(entries[0].allSatisfy { $0.peer == right.node })
        let failed = await port { _ in throw CancellationError() }.answer(request, for: right.node)
        guard case .failed = failed else {
            Issue.record("sent without a word: \(failed)")
            return
        }
    }

    /// What is passed on is not parsed. A byte that changed in the file is found all the same, before it is somebody else's.
    @Test(arguments: [
        "UPDATE segment SET envelopes = CAST(replace(CAST(envelopes AS TEXT), '\"kv\":1', '\"kv\":2') AS BLOB)",
        "UPDATE segment SET names = zeroblob(32) WHERE id = (SELECT max(id) FROM segment WHERE chart = 1)",
        "UPDATE segment SET names = substr(names, 1, length(names) - 32), count = count - 1",
        "UPDATE segment SET envelopes = CAST(replace(CAST(envelopes AS TEXT), char(10), ' ') AS BLOB) WHERE count > 1",
        "UPDATE segment SET bodies = substr(bodies, 1, 40) || x'00' || substr(bodies, 42)",
        "UPDATE segment SET bodies = (SELECT max(bodies) FROM segment)",
        "UPDATE segment SET bodies = CAST(bodies AS TEXT)",
    ]) func whatWasAlteredInTheFileIsNotSent(alteration: String) async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let range = LogStore.ReadRange(chart, after: VectorClock(), from: 0, upTo: 1000, skipsOwn: false)
        func read() async throws -> Int? {
            try await left.log.read([range], maxEvents: 1000, maxBytes: 1_000_000, for: right.node, on: left.clock.today)[0]?
                .events.count
        }
        #expect(try await read() ?? 0 > 6)
        try await DatabaseQueue(path: left.folder.log).write { db in
            for trigger in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(trigger)")
            }
            try db.execute(sql: alteration)
            #expect(db.changesCount > 0)
        }
        await #expect(throws: LogStoreError.self) { try await read() }
    }

    @Test func nothingOfAnUnsharedChartLeaves() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let shared = try await left.openChart(sharedWith: [(right, #""read""#)], name: "Shared Fictional")
        let secret = try await left.openChart(sharedWith: [], name: "Hidden Fictional")
        try await left.write(secret, SideEffectReported.kind, #"{"severity":"mild","what":"zanzibar"}"#)
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        try await left.write(secret, SideEffectReported.kind, #"{"severity":"mild","what":"mombasa"}"#)
        try await left.write(shared, SideEffectReported.kind, #"{"severity":"mild","what":"visible"}"#)
        try await exchange.run()
        var again = try await PlainExchange(left, right)
        try await again.run()
        let sent = exchange.transcript + again.transcript
        #expect(sent.contains("visible") && sent.contains("Shared Fictional"))
        let record = try #require(try await left.log.record(of: secret))
        for node in record.graph.nodes {
            #expect(!sent.contains(node.hash.description))
            #expect(!sent.contains(node.envelope.body.description))
        }
        for word in [secret.description, "Hidden", "zanzibar", "mombasa"] { #expect(!sent.contains(word)) }
        #expect(try await right.log.charts().count == 1)
        // Nor does a number tell: the totals and batches count what is shared only.
        let total = try #require(try await left.log.record(of: shared)).graph.nodes.count - 1
        #expect(sent.contains(#""events":\#(total),"t":"total""#))
    }

    @Test func eventsTravelOverARelay() async throws {
        let (founder, relay, far) = (try TestNode(), try TestNode(), try TestNode())
        try await founder.pair(relay)
        try await relay.pair(far)
        let chart = try await founder.openChart(sharedWith: [(relay, #""therapy""#), (far, #""prescribing""#)])
        var near = try await PlainExchange(founder, relay)
        try await near.run()
        var onward = try await PlainExchange(relay, far)
        try await onward.run()
        #expect(try await far.digest(chart) == founder.digest(chart))
        try await far.enroll(in: chart)
        try await onward.run()
        var back = try await PlainExchange(relay, founder)
        try await back.run()
        #expect(try await far.digest(chart) == founder.digest(chart))
        // The founder holds proof that the far node has its events, though they never met.
        #expect(try await founder.log.receipts(of: chart).contains { $0.receiver == far.node })
    }

    @Test func whoIsPairedButNoMemberIsRefused() async throws {
        let (founder, member, outsider) = (try TestNode(), try TestNode(), try TestNode())
        try await founder.pair(member)
        try await founder.pair(outsider)
        try await outsider.pair(member)
        let chart = try await founder.openChart(sharedWith: [(member, #""read""#)])
        // The outsider has come by the events all the same.
        let range = LogStore.ReadRange(chart, after: VectorClock(), from: 0, upTo: 1000, skipsOwn: false)
        let stolen = try #require(
            try await founder.log.read([range], maxEvents: 1000, maxBytes: 1_000_000, for: member.node, on: founder.clock.today)[
                0])
        let run = IncomingRun(chart: chart, lines: stolen.events, heads: stolen.heads)
        _ = try await outsider.log.admit([IncomingBatch(runs: [run])], from: founder.node)
        var exchange = try await PlainExchange(outsider, member)
        try await exchange.run()
        let refused = exchange.notes.contains { node, note in
            if case .refusing(let refusal) = note { node == member.node && refusal.code == .notAMember } else { false }
        }
        #expect(refused)
        #expect(try await member.log.charts().isEmpty)
    }

    @Test func aRestoredNodeReadsItsEventsBackAndWritesInANewEpoch() async throws {
        let path = TestNode.newFolder()
        let right = try TestNode()
        var left: TestNode? = try TestNode(path)
        try await left?.pair(right)
        let chart = try #require(try await left?.openChart(sharedWith: [(right, #""read""#)]))
        let backup = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: path, toPath: backup)
        let lost = try #require(try await left?.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"lost"}"#))
        let oldEpoch = try #require(left?.log.epoch.epoch)
        if let left {
            var exchange = try await PlainExchange(left, right)
            try await exchange.run()
        }
        left = nil
        let restored = try TestNode(backup)
        #expect(restored.log.epoch.epoch == oldEpoch, "a copied folder carries its token along: only a peer can tell")
        var exchange = try await PlainExchange(restored, right)
        try await exchange.run()
        #expect(exchange.notes.contains { $0.0 == restored.node && $0.1 == .peerKnowsMoreOfMe })
        #expect(restored.log.epoch.epoch != oldEpoch)
        #expect(try await restored.timeline(chart).contains { $0.label.event == lost })
        try await restored.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"after"}"#)
        try await exchange.run()
        #expect(try await restored.digest(chart) == right.digest(chart))
        #expect(try await right.log.forkedCharts().isEmpty)
    }

    @Test func aRemovedNodeIsToldAndGetsNothingMore() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""read""#)])
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        let members = MembershipView(Fold(try #require(try await left.log.record(of: chart)))).members
        let admission = try #require(members.first { $0.node == right.node }).decided_by
        try await left.write(chart, MemberRemoved.kind, #"{"reason":"moved away"}"#, refs: admission)
        let secret = try await left.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"later"}"#)
        try await exchange.run()
        #expect(try await right.log.removedFrom().map(\.chart) == [chart])
        #expect(!exchange.transcript.contains(secret.description))
        #expect(!exchange.transcript.contains("moved away"))
    }

    @Test func contentThatIsWrongIsStoredWithoutEffectOnEveryNode() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        try await right.enroll(in: chart)
        // A peer of another make that does not check what it writes.
        let record = try #require(try await right.log.record(of: chart))
        let origin = Origin(node: right.node, epoch: right.log.epoch.epoch)
        let next = record.graph.next(in: origin, seeing: record.graph.frontier)
        let body = try BodyLine(
            salt: SystemRandom.bytes(16), when: right.now,
            members: Array(#"{"instrument":"PHQ-9","items":[3,3,3,3,3,3,3,3,3],"total":3}"#.utf8))
        let event = Event(
            envelope: Envelope(
                chart: chart, origin: origin, seq: next.seq, prev: next.prev, seen: next.seen, after: next.after, refs: [],
                at: right.clock.now, author: right.author, kind: ScaleCompleted.kind, version: 1, critical: false, body: body.hash
            ),
            body: body)
        let key = try right.folder.nodeKey()
        let range = LogStore.ReadRange(chart, after: VectorClock(), from: 0, upTo: 1000, skipsOwn: false)
        let all = try #require(
            try await right.log.read([range], maxEvents: 1000, maxBytes: 1_000_000, for: left.node, on: right.clock.today)[0])
        let run = IncomingRun(
            chart: chart, lines: all.events + [(event.line, body.line)],
            heads: all.heads + [try SignedHead(signing: event, at: right.clock.now, with: key)])
        let outcome = try await left.log.admit([IncomingBatch(runs: [run])], from: right.node)[0]
        #expect(outcome.refused.isEmpty)
        let third = try TestNode()
        try await third.pair(left)
        _ = try await third.log.admit([IncomingBatch(runs: [run])], from: left.node)
        for node in [left, third] {
            let entry = try #require(try await node.timeline(chart).first { $0.label.event == event.hash })
            #expect(entry.standing == .withoutEffect)
            #expect(entry.because?.contains("total") == true)
        }
        // Without its signed head it is not even that.
        let unsigned = IncomingRun(chart: chart, events: run.events, heads: [])
        let fourth = try TestNode()
        try await fourth.pair(left)
        let refused = try await fourth.log.admit([IncomingBatch(runs: [unsigned])], from: left.node)[0].refused
        #expect(refused.count == 1)
    }
}
