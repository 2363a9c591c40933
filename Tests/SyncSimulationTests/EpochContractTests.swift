import CareModel
import EventLog
import Replication
import SyncSimulation
import TestSupport
import Testing

/// A node that was put back, copied, or runs twice never goes on in its epoch: the shipped log and the simulator's alike.
@Suite struct EpochContractTests {
    static let all = Implementation.allCases

    @Test(arguments: all) func aCrashIsNoNewLife(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let before = await pair.left.epoch
        try await pair.left.crash()
        #expect(await pair.left.epoch == before)
    }

    /// The epoch of the copy is the present one: only the number of commits shows that it is older.
    @Test(arguments: all) func anOlderDatabaseOfTheSameEpochIsFound(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let before = await pair.left.epoch
        let backup = try await pair.left.backUp()
        _ = try await pair.session()
        try await pair.left.restore(backup, withToken: false)
        let first = await pair.left.epoch
        #expect(first.epoch != before.epoch && first.instance != before.instance)
        _ = try await pair.session()
        // The same backup a second time: again a life of its own.
        try await pair.left.restore(backup, withToken: false)
        #expect(await pair.left.epoch.epoch != first.epoch)
        #expect(await pair.left.epoch.epoch != before.epoch)
    }

    /// Nothing beside the database tells it: a peer does.
    @Test(arguments: all) func aCopiedFolderIsFoundByWhatAPeerHolds(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let before = await pair.left.epoch
        let backup = try await pair.left.backUp()
        let lost = try await pair.session()
        try await pair.deliver()
        try await pair.left.restore(backup, withToken: true)
        #expect(await pair.left.epoch == before)
        let known = await pair.heads(of: pair.right, for: pair.left)
        let comparison = try #require(await pair.compare(known, on: pair.left, for: pair.right))
        #expect(comparison.peerKnowsMoreOfMe)
        #expect(comparison.wants.map(\.chart) == [pair.chart])
        let after = await pair.left.epoch
        #expect(after.epoch != before.epoch && after.instance != before.instance)
        // Asked again, the same events are of an earlier epoch: no reason for another one.
        _ = await pair.compare(known, on: pair.left, for: pair.right)
        #expect(await pair.left.epoch == after)
        #expect(try await !pair.left.hashes().contains(lost))
    }

    /// It may hold what was erased since: nothing of a chart leaves before the chart has synced with a member.
    @Test(arguments: all) func aNodeThatWasPutBackSendsNothingBeforeItHasSynced(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let backup = try await pair.left.backUp()
        _ = try await pair.session()
        try await pair.left.restore(backup, withToken: false)
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts.isEmpty)
        #expect(try #require(await pair.run()).state == .withdrawn)
        #expect(await pair.heads(of: pair.left, for: pair.right).isEmpty)
        // A crash is no way around it.
        try await pair.left.crash()
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts.isEmpty)
        _ = await pair.left.takeChanges()
        let root = StoreRequest.Completion(root: EventHash(of: [1]), buckets: [:])
        await pair.admit([], completes: root, to: pair.left, from: pair.right)
        #expect(try await pair.left.offer(to: pair.right.node, among: nil).charts.keys.contains(pair.chart))
        #expect(try #require(await pair.run()).state == .atEnd)
        #expect(await pair.left.takeChanges().contains { $0.charts.contains(pair.chart) }, "sessions are told")
    }

    @Test(arguments: all) func aForeignEventOfTheOwnEpochDrawsANewOne(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        let copy = try await pair.left.clone(seed: 5)
        let before = await pair.left.epoch
        #expect(await copy.epoch == before)
        try await pair.deliver()
        let foreign = try await pair.session(on: copy)
        let run = try #require(await pair.run(from: copy)).run
        await pair.admit([run], from: pair.left)
        let known = try await pair.right.rows(from: 0)
        let lines = ChartRun(
            chart: pair.chart, events: known.map { EventLines(envelope: $0.event.line, body: $0.event.bodyLine?.line) },
            heads: run.heads)
        let admission = try #require(await pair.admit([lines], to: pair.left, from: pair.right))
        #expect(admission.refused.isEmpty && admission.newEvents == 1)
        #expect(try await pair.left.hashes().contains(foreign))
        #expect(await pair.left.epoch.epoch != before.epoch)
        // Both branches stay, and are known as a fork, once the other one is written too.
        let own = try await pair.session()
        #expect(try await pair.left.hashes().contains(own))
    }

    /// Whoever was removed must not learn how far a chart has come since.
    @Test(arguments: all) func whoMayNotHaveAChartIsToldNoNumber(_ implementation: Implementation) async throws {
        let pair = try await ContractPair(implementation)
        try await pair.deliver()
        var heads = try await Self.heads(of: pair.right, pair.chart)
        let granted = try #require(
            try await pair.left.rows(from: 0).last { $0.event.envelope.kind == ConsentGranted.kind }
        ).event.hash
        _ = try await pair.session()
        let open = try #require(await pair.compare([Self.madeUp(heads)], on: pair.left, for: pair.right))
        try await pair.write(ConsentRevoked.kind, #"{"recipients":["\#(pair.right.node)"]}"#, refs: [granted])
        heads = Self.madeUp(heads)
        let closed = try #require(await pair.compare([heads], on: pair.left, for: pair.right))
        #expect(open.wants.count == 1 && closed.wants.count == 1)
        #expect(closed.wants.first?.after == VectorClock())
    }

    /// A tip that nobody has, of an origin that everybody knows.
    private static func madeUp(_ heads: ChartHeads) -> ChartHeads {
        ChartHeads(
            chart: heads.chart,
            tips: heads.tips.map { Tip(origin: $0.origin, seq: 1_000_000, hash: EventHash(of: [9])) })
    }

    private static func heads(of store: any NodeStore, _ chart: ChartID) async throws -> ChartHeads {
        let graph = try #require(try await store.record(of: chart)).graph
        return ChartHeads(
            chart: chart,
            tips: graph.origins.flatMap { origin in
                graph.tips(of: origin).map { Tip(origin: origin, seq: graph.nodes[$0].envelope.seq, hash: graph.nodes[$0].hash) }
            })
    }
}
