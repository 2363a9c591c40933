import CareModel
import EventLog
import LogStore
import Logging
import NIOPosix
import PeerNetwork
import Replication
import Synchronization
import TestSupport
import Testing

@testable import DuologNode

/// A real log, over real connections, told of its commits as the daemon's is.
@Suite struct LiveTests {
    /// What is recorded while both are in step is made ready while the disk writes it, and sent without being read. (Where the peer says something in
    /// between, it is read.)
    @Test func whatIsRecordedIsSentWithoutBeingRead() async throws {
        let commits = Commits()
        let (one, two) = (try await LiveNode(commits), try await LiveNode(commits))
        try await one.pair(two)
        let chart = try await one.node.openChart(sharedWith: [(two.node, #""read""#)])
        try await commits.until { try await one.isVouchedFor(chart, by: two) }
        var unread = 0
        for _ in 1...20 {
            let before = one.port.reads
            let event = try await one.node.write(chart, SideEffectReported.kind, Bodies.sideEffect)
            try await commits.until { try await one.isVouchedFor(chart, by: two) }
            #expect(try await two.node.log.record(of: chart)?.graph.nodes.last?.hash == event)
            if one.port.reads == before { unread += 1 }
        }
        #expect(unread > 0)
        #expect(try await one.node.digest(chart) == two.node.digest(chart))
        await one.network.stop()
        await two.network.stop()
    }
}

/// Wakes up whoever waits for what a commit brings.
private struct Commits {
    private let made: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (made, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func note() { continuation.yield() }

    /// Waits for a commit behind which this is so.
    func until(_ isSo: () async throws -> Bool) async throws {
        var made = made.makeAsyncIterator()
        while try await !isSo() { await made.next() }
    }
}

/// A node on the network.
private struct LiveNode {
    let node: TestNode
    let port: CountingPort
    let network: PeerNetwork
    private let address: PeerAddress

    init(_ commits: Commits) async throws {
        let node = try TestNode()
        let (log, clock, logger) = (node.log, node.clock, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let journal = Journal(log: log, clock: clock)
        try await journal.open()
        let port = SyncPort(
            log: log, clock: clock, account: { try await journal.note($0) }, onNewEpoch: { _ in })
        self.port = CountingPort(port: port)
        network = try PeerNetwork(
            PeerNetwork.Configuration(
                key: log.key, instance: { log.epoch.instance }, listen: PeerAddress(host: "127.0.0.1", port: 0)),
            store: self.port, policy: port, clock: { clock.moment }, logger: logger, group: MultiThreadedEventLoopGroup.singleton)
        ChangeTeller(log: log, network: network, journal: journal, clock: clock, logger: logger).begin()
        try await log.recordDisclosures(try #require(journal.entry()))
        log.observe { _ in commits.note() }
        await network.onConnected { log.noteConnected($0) }
        address = try await network.start()
        self.node = node
    }

    func pair(_ other: LiveNode) async throws {
        try await node.pair(other.node)
        await network.setPeers([PairedPeer(node: other.node.node, key: other.node.log.key.publicKey, address: nil)])
        await other.network.setPeers([PairedPeer(node: node.node, key: node.log.key.publicKey, address: address)])
    }

    /// True where the other one's receipt is here for all that this one has written.
    func isVouchedFor(_ chart: ChartID, by other: LiveNode) async throws -> Bool {
        let last = try await node.log.record(of: chart)?.graph.nodes.last?.envelope
        return try await node.log.receipts(of: chart).contains { $0.receiver == other.node.node && $0.dot == last?.dot }
    }
}

/// Counts what a session has to read.
private final class CountingPort: ReplicaStore {
    private let port: SyncPort
    private let count = Atomic(0)
    var reads: Int { count.load(ordering: .sequentiallyConsistent) }

    init(port: SyncPort) { self.port = port }

    private func note(_ request: StoreRequest) {
        if case .read = request { count.add(1, ordering: .sequentiallyConsistent) }
    }

    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer {
        note(request)
        return await port.answer(request, for: peer)
    }

    func answerAtOnce(_ request: StoreRequest, for peer: NodeID) -> StoreAnswer? {
        note(request)
        return port.answerAtOnce(request, for: peer)
    }

    func answerAhead(_ request: StoreRequest, for peer: NodeID) -> AnswerAhead? { port.answerAhead(request, for: peer) }

    func lookAhead(at batches: [StoreRequest.Batch]) { port.lookAhead(at: batches) }

    func beginAdmission(
        of batches: [StoreRequest.Batch], for peer: NodeID
    ) async -> @Sendable () async -> [StoreAnswer] { await port.beginAdmission(of: batches, for: peer) }
}
