import CareModel
import EventLog
import Replication
import SyncSimulation
import TestSupport
import Testing

/// What a session relies on, held against the shipped log and against the simulator's: whoever passes here can stand for the other.
@Suite struct StoreContractTests {
    static let all = Implementation.allCases

    // MARK: Writing

    @Test(arguments: all) func whatIsAcknowledgedSurvivesACrash(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let event = try await pair.session()
        let (before, heads) = (try await pair.left.hashes(), await pair.heads(of: pair.left, for: pair.right))
        try await pair.left.crash()
        #expect(try await pair.left.hashes() == before)
        #expect(before.contains(event))
        #expect(await pair.heads(of: pair.left, for: pair.right) == heads)
        #expect(try await pair.session() != event)
    }

    @Test(arguments: all) func aRequestIsCarriedOutOnce(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let draft = pair.draft(SessionHeld.kind, Bodies.session)
        let first = try await pair.left.author([draft], request: "once")
        #expect(try await pair.left.author([draft], request: "once") == first)
        try await pair.left.crash()
        #expect(try await pair.left.author([draft], request: "once") == first)
    }

    @Test(arguments: all) func draftsAreWrittenAllOrNone(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let before = try await pair.left.hashes()
        let drafts = [pair.draft(SessionHeld.kind, Bodies.session), pair.draft(DoseAdjusted.kind, Bodies.adjusted(1, 2))]
        await #expect(throws: AuthoringError.self) { try await pair.left.author(drafts, request: "both") }
        #expect(try await pair.left.hashes() == before)
        _ = try await pair.session()
    }

    // MARK: Admission

    @Test(arguments: all) func aRunIsAdmittedWithReceipts(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let run = try #require(await pair.run()).run
        let admission = try #require(await pair.admit([run]))
        #expect(admission.refused.isEmpty)
        #expect(admission.newEvents == run.events.count)
        guard
            case .pendingStatements(let receipts, _, _) = await pair.right.answer(
                .pendingStatements(after: 0), for: pair.left.node)
        else {
            Issue.record("no statements")
            return
        }
        #expect(receipts.count == 1)
        #expect(receipts.allSatisfy { $0.isValid(for: pair.right.key.keys) })
        #expect(try await pair.right.hashes() == pair.left.hashes())
        #expect(try #require(await pair.admit([run])).newEvents == 0)
        #expect(await pair.right.takeChanges().contains { $0.charts == [pair.chart] })
    }

    @Test(arguments: all) func aGapIsNamedAndNothingOfTheChartIsStored(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        var run = try #require(await pair.run()).run
        run.events.remove(at: 1)
        let admission = try #require(await pair.admit([run]))
        #expect(admission.refused.map(\.chart) == [pair.chart])
        #expect(admission.refused.allSatisfy { $0.isGap && $0.code == .inadmissible })
        #expect(try await pair.right.rows(from: 0).isEmpty)
    }

    @Test(arguments: all) func whatNobodySignedIsRefused(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        var run = try #require(await pair.run()).run
        run.heads = []
        let admission = try #require(await pair.admit([run]))
        #expect(admission.refused.map(\.isGap) == [false])
        #expect(try await pair.right.rows(from: 0).isEmpty)
    }

    @Test(arguments: all) func headsThatAnotherKeySignedVouchForNothing(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let genuine = try #require(await pair.run()).run
        var run = genuine
        let stranger = Writer.key(from: [UInt8](repeating: 9, count: 32))
        let events = try await pair.left.rows(from: 0).map(\.event)
        run.heads = try genuine.heads.map { head in
            let event = try #require(events.first { $0.hash == head.hash })
            return try SignedHead(signing: event, at: head.at, with: stranger)
        }
        let admission = try #require(await pair.admit([run]))
        #expect(admission.refused.map(\.chart) == [pair.chart])
        #expect(try await pair.right.rows(from: 0).isEmpty)
        #expect(try #require(await pair.admit([genuine])).refused.isEmpty)
    }

    /// One after another or in one commit: what becomes of each is the same.
    @Test(arguments: all) func batchesThatComeTogetherAreDecidedOnOneAfterAnother(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        for _ in 0..<3 { _ = try await pair.session() }
        let root = StoreRequest.Completion(root: EventHash(of: [1]), buckets: [7: 9])
        // Up to the end of a commit, with the heads that vouch for it.
        let most = try #require(await pair.run()).run.events.count - 1
        let first = try #require(await pair.run(maxEvents: most))
        let second = try #require(await pair.run(beginning: first.next)).run
        #expect(!first.run.events.isEmpty && !second.events.isEmpty)
        var unsigned = second
        unsigned.heads = []
        let batches = [
            StoreRequest.Batch(runs: [second], completes: root), StoreRequest.Batch(runs: [first.run], completes: nil),
            StoreRequest.Batch(runs: [unsigned], completes: root),
        ]
        let admissions = await pair.right.admit(batches, for: pair.left.node).map { answer -> StoreAnswer.Admission? in
            if case .admitted(let admission) = answer { admission } else { nil }
        }
        // Without its past; well; without a signature.
        #expect(admissions.map { $0?.refused.map(\.isGap) } == [[true], [], [false]])
        #expect(admissions.map { $0?.newEvents } == [0, first.run.events.count, 0])
        #expect(await pair.root(of: pair.right, from: pair.left) == nil)
        try await pair.right.crash()
        #expect(try await pair.right.rows(from: 0).count == first.run.events.count)
        let rest = await pair.right.admit([StoreRequest.Batch(runs: [second], completes: root)], for: pair.left.node)
        #expect(rest.count == 1)
        #expect(await pair.root(of: pair.right, from: pair.left) == root.root)
        #expect(try await pair.right.hashes() == pair.left.hashes())
    }

    @Test(arguments: all) func aRootIsStoredWithItsEventsOrNotAtAll(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let root = StoreRequest.Completion(root: EventHash(of: [1]), buckets: [7: 9])
        var broken = try #require(await pair.run()).run
        broken.heads = []
        await pair.admit([broken], completes: root)
        #expect(await pair.root(of: pair.right, from: pair.left) == nil)
        await pair.admit([try #require(await pair.run()).run], completes: root)
        try await pair.right.crash()
        #expect(await pair.root(of: pair.right, from: pair.left) == root.root)
        guard case .completedBuckets(let buckets) = await pair.right.answer(.completedBuckets, for: pair.left.node) else {
            Issue.record("no buckets")
            return
        }
        #expect(buckets[7] == 9 && buckets[8] == 0)
        try await pair.right.unpair(pair.left.node)
        try await pair.right.pair(pair.left.key.fingerprint)
        #expect(await pair.root(of: pair.right, from: pair.left) == nil)
    }

    // MARK: Reading

    @Test(arguments: all) func eventsAreReadInOrderOfArrivalAndByWholeCommits(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        _ = try await pair.left.author(
            [pair.draft(SessionHeld.kind, Bodies.session), pair.draft(SessionHeld.kind, Bodies.session)], request: "two at once")
        let all = try #require(await pair.run())
        #expect(all.state == .atEnd)
        #expect(all.run.events.map { EventHash(of: $0.envelope) } == (try await pair.left.hashes()))
        #expect(all.run.heads.count == 1)
        // A limit in the middle of a commit ends the answer before it.
        let part = try #require(await pair.run(maxEvents: all.run.events.count - 1))
        #expect(part.state == .more)
        #expect(part.run.events == Array(all.run.events.dropLast(2)))
        let rest = try #require(await pair.run(beginning: part.next))
        #expect(part.run.events + rest.run.events == all.run.events)
    }

    @Test(arguments: all) func chartsAreReadInTheirOrderUpToTheFirstThatDoesNotFit(_ implementation: Implementation) async throws
    {
        let pair = try await ContractPair(implementation)
        let hidden = try await pair.left.openChart(
            name: "founder", nonce: [UInt8](repeating: 5, count: 16), salt: [UInt8](repeating: 6, count: 16))
        // A commit of two: a limit in its middle leaves room for one event, which must not be another chart's.
        _ = try await pair.left.author(
            [pair.draft(SessionHeld.kind, Bodies.session), pair.draft(SessionHeld.kind, Bodies.session)], request: "two at once")
        let ranges = [hidden, pair.chart, EventHash(of: [1])].map {
            StoreRequest.ChartRange(chart: $0, after: VectorClock(), from: 0, upTo: 1_000_000, skipsOwn: false)
        }
        let all = try #require(await pair.read(ranges))
        #expect(all.map(\.run.chart) == ranges.map(\.chart))
        #expect(all.map(\.state) == [.withdrawn, .atEnd, .withdrawn])
        #expect(all[1].run == (try #require(await pair.run()).run))
        let part = try #require(await pair.read(ranges, maxEvents: all[1].run.events.count - 1))
        #expect(part.map(\.state) == [.withdrawn, .more])
    }

    @Test(arguments: all) func whatTheReceiverHasIsLeftOut(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        try await pair.deliver()
        try await pair.write(
            PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Dr. Noone"}"#, on: pair.right)
        let back = try #require(await pair.run(from: pair.right, to: pair.left, skipsOwn: true))
        #expect(back.run.events.count == 1)
        let all = try #require(await pair.run(from: pair.right, to: pair.left))
        let origin = try #require(try await pair.left.rows(from: 0).first?.event.envelope.origin)
        let after = VectorClock([(origin, all.run.events.count - 1)])
        #expect(try #require(await pair.run(from: pair.right, to: pair.left, after: after)).run.events == back.run.events)
    }

    @Test(arguments: all) func whatIsNotSharedIsNotRead(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let granted = try #require(
            try await pair.left.rows(from: 0).last { $0.event.envelope.kind == ConsentGranted.kind }
        ).event.hash
        try await pair.write(ConsentRevoked.kind, #"{"recipients":["\#(pair.right.node)"]}"#, refs: [granted])
        #expect(try #require(await pair.run()).state == .withdrawn)
        #expect(try #require(await pair.run()).run.events.isEmpty)
        #expect(await pair.heads(of: pair.left, for: pair.right).isEmpty)
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts.isEmpty)
        #expect(try await pair.left.offer(to: pair.right.node, among: [pair.chart]).charts == [pair.chart: .none])
    }

    @Test(arguments: all) func anOfferHoldsTheDigestOfTheHeads(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let heads = try #require(await pair.heads(of: pair.left, for: pair.right).first)
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts == [pair.chart: heads.digest])
        _ = try await pair.session()
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts != [pair.chart: heads.digest])
    }

    // MARK: Statements

    @Test(arguments: all) func statementsArePendingUntilTheyAreNoted(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        try await pair.deliver()
        func pending(after mark: Int = 0) async -> (receipts: Int, upTo: Int) {
            guard
                case .pendingStatements(let receipts, _, let upTo) = await pair.right.answer(
                    .pendingStatements(after: mark), for: pair.left.node)
            else { return (-1, -1) }
            return (receipts.count, upTo)
        }
        let first = await pending()
        #expect(first.receipts == 1)
        #expect(await pending(after: first.upTo).receipts == 0)
        _ = await pair.right.answer(.statementsNoted(upTo: first.upTo), for: pair.left.node)
        #expect(await pending().receipts == 0)
        // It is durable with the next commit: until then a crash has them sent once more.
        try await pair.write(PractitionerEnrolled.kind, #"{"credential":"physician","name":"Dr. Later"}"#, on: pair.right)
        try await pair.right.crash()
        #expect(await pending().receipts == 0)
    }

    @Test(arguments: all) func onlyWhatItsReceiverSignedIsTakenForAReceipt(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let event = try #require(await pair.left.rows(from: 0).last).event
        let stranger = Writer.key(from: [UInt8](repeating: 9, count: 32))
        func receipt(by key: NodeKey, of hash: EventHash) throws -> Receipt {
            try Receipt(
                signing: key, instance: 7, chart: pair.chart, dot: event.envelope.dot, hash: hash, at: pair.left.clock)
        }
        func isTaken(_ receipt: Receipt) async -> Bool {
            _ = await pair.left.takeChanges()
            _ = await pair.left.answer(.statements([receipt], []), for: pair.right.node)
            return await pair.left.takeChanges().contains { $0.statements }
        }
        let forged = Receipt(
            receiver: pair.right.node, instance: 7, chart: pair.chart, dot: event.envelope.dot, hash: event.hash,
            at: pair.left.clock, signature: try receipt(by: stranger, of: event.hash).signature)
        #expect(await !isTaken(forged), "another's signature under the receiver's name")
        #expect(await !isTaken(try receipt(by: stranger, of: event.hash)), "a receiver that is no member")
        #expect(await !isTaken(try receipt(by: pair.right.key, of: EventHash(of: [1]))), "a hash that nobody knows")
        #expect(await isTaken(try receipt(by: pair.right.key, of: event.hash)))
    }

    @Test(arguments: all) func onlyAPeersOwnWordToThisNodeIsTakenForANotice(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let removal = try #require(await pair.left.rows(from: 0).last).event.hash
        let stranger = Writer.key(from: [UInt8](repeating: 9, count: 32))
        func isTaken(by key: NodeKey, removing removed: NodeID) async throws -> Bool {
            let notice = try RemovalNotice(
                signing: key, chart: pair.chart, removed: removed, removal: removal, at: pair.left.clock)
            _ = await pair.left.takeChanges()
            _ = await pair.left.answer(.statements([], [notice]), for: pair.right.node)
            return await pair.left.takeChanges().contains { $0.statements }
        }
        #expect(try await !isTaken(by: stranger, removing: pair.left.node), "signed by another than the peer")
        #expect(try await !isTaken(by: pair.right.key, removing: stranger.node), "about another node")
        #expect(try await isTaken(by: pair.right.key, removing: pair.left.node))
    }

    /// The key outlives the process, the chart is told of it before anything that it signs, and a backup from before is told again.
    @Test(arguments: all) func aNewKeyIsSaidWhereTheNodeWrites(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        try await pair.deliver()
        let backup = try await pair.right.backUp()
        let next = Writer.key(from: [UInt8](repeating: 8, count: 32)).privateKey
        try await pair.right.rotate(to: try #require(try pair.right.key.succeeded(by: next, at: pair.right.clock)))
        func kinds() async throws -> [Kind] {
            let rows = try await pair.right.rows(from: 0)
            return rows.filter { $0.event.envelope.origin.node == pair.right.node }.map(\.event.envelope.kind)
        }
        #expect(try await kinds() == [KeyRotated.kind])
        try await pair.right.crash()
        #expect(try await kinds() == [KeyRotated.kind], "said once")
        try await pair.write(PractitionerEnrolled.kind, #"{"credential":"physician","name":"Dr. Later"}"#, on: pair.right)
        try await pair.left.follow(pair.right.node, pair.right.key.keys)
        let run = try #require(await pair.run(from: pair.right, to: pair.left)).run
        #expect(await pair.admit([run], to: pair.left, from: pair.right)?.refused.isEmpty == true)
        try await pair.right.restore(backup, withToken: false)
        #expect(try await kinds() == [KeyRotated.kind], "said again in the life that begins")
    }

    /// The first event of an epoch has no chain behind it, and may come from a view of before the rotation.
    @Test(arguments: all) func anOldViewInANewEpochIsVouchedForByTheNewKey(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        try await pair.deliver()
        try await pair.write(PractitionerEnrolled.kind, #"{"credential":"physician","name":"Dr. Later"}"#, on: pair.right)
        let view = try #require(await pair.right.record(of: pair.chart)).graph.view
        let next = Writer.key(from: [UInt8](repeating: 8, count: 32)).privateKey
        try await pair.right.rotate(to: try #require(try pair.right.key.succeeded(by: next, at: pair.right.clock)))
        let backup = try await pair.right.backUp()
        _ = try await pair.session(on: pair.right)
        try await pair.right.restore(backup, withToken: false)
        var draft = pair.draft(SessionHeld.kind, Bodies.session)
        draft.seeing = .view(view)
        _ = try await pair.right.author([draft], request: "old view")
        try await pair.left.follow(pair.right.node, pair.right.key.keys)
        // What was restored is held back until it has synced with a member, so it is taken as a peer would be sent it.
        let rows = try await pair.right.rows(from: 0)
        let lines = rows.map { EventLines(envelope: $0.event.line, body: $0.event.bodyLine?.line) }
        let last = try #require(rows.last).event
        var run = ChartRun(chart: pair.chart, events: lines, heads: [])
        run.heads = try rows.filter { $0.source == nil }.map {
            try SignedHead(signing: $0.event, at: pair.right.clock, with: pair.right.key)
        }
        let admission = try #require(await pair.admit([run], to: pair.left, from: pair.right))
        #expect(admission.refused.isEmpty, "\(admission.refused.map(\.text))")
        #expect(try await pair.left.hashes().contains(last.hash))
    }
}
