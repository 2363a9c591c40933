import CareModel
import EventLog
import Replication
import SyncSimulation
import TestSupport
import Testing

/// Which log: the shipped one, and the simulator's.
enum Implementation: String, CaseIterable, CustomTestStringConvertible {
    case shipped, memory

    var testDescription: String { rawValue }

    func make(_ seed: UInt64) throws -> any NodeStore {
        var random = SplitMix64(seed: seed)
        let key = Writer.key(from: random.bytes(32))
        let clock = Timestamp(milliseconds: 1_925_000_000_000)
        return switch self {
        case .shipped: try ShippedLog(key: key, clock: clock, random: random)
        case .memory: MemoryLog(key: key, clock: clock, random: random)
        }
    }
}

/// Two logs that are paired, and a chart that the first one founded and shares with the second.
final class ContractPair {
    let left: any NodeStore
    let right: any NodeStore
    let chart: ChartID
    private var random = SplitMix64(seed: 99)
    private var requests = 0

    init(_ implementation: Implementation) async throws {
        (left, right) = (try implementation.make(1), try implementation.make(2))
        try await left.pair(right.key.fingerprint)
        try await right.pair(left.key.fingerprint)
        chart = try await left.openChart(name: "founder", nonce: random.bytes(16), salt: random.bytes(16))
        for (store, scopes) in [(left, #""steward","prescribing","therapy""#), (right, #""prescribing","therapy""#)] {
            try await write(
                MemberAdmitted.kind, #"{"name":"practice","node_key":"\#(store.key.publicKey)","scopes":[\#(scopes)]}"#,
                author: .node)
        }
        try await write(PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Dr. Nobody"}"#)
        try await consent()
    }

    func consent() async throws {
        try await write(
            ConsentGranted.kind,
            #"{"purpose":"TREAT","recipients":["\#(left.node)","\#(right.node)"],"signed_document_hash":"\#(EventHash(of: [1]))"}"#
        )
    }

    func draft(_ kind: Kind, _ members: String, refs: [EventHash] = [], author: AuthorID? = nil) -> Draft {
        Draft(
            chart: chart, author: author ?? AuthorID("person") ?? .node, kind: kind, members: Array(members.utf8),
            when: ClinicalTime(instant: left.clock, offsetMinutes: 0), refs: .events(refs), seeing: .everything,
            salt: random.bytes(16))
    }

    @discardableResult
    func write(
        _ kind: Kind, _ members: String, refs: [EventHash] = [], author: AuthorID? = nil, on store: (any NodeStore)? = nil
    ) async throws -> EventHash {
        requests += 1
        let draft = draft(kind, members, refs: refs, author: author)
        return try await (store ?? left).author([draft], request: "request \(requests)")[0].event
    }

    func session(on store: (any NodeStore)? = nil) async throws -> EventHash {
        try await write(SessionHeld.kind, Bodies.session, on: store)
    }

    /// What one store would send the other.
    func run(
        from: (any NodeStore)? = nil, to: (any NodeStore)? = nil, after: VectorClock = VectorClock(), beginning start: Int = 0,
        skipsOwn: Bool = false, maxEvents: Int = 1024
    ) async -> StoreAnswer.ReadAnswer? {
        let range = StoreRequest.ChartRange(chart: chart, after: after, from: start, upTo: 1_000_000, skipsOwn: skipsOwn)
        return await read([range], from: from, to: to, maxEvents: maxEvents)?.first
    }

    func read(
        _ ranges: [StoreRequest.ChartRange], from: (any NodeStore)? = nil, to: (any NodeStore)? = nil, maxEvents: Int = 1024
    ) async -> [StoreAnswer.ReadAnswer]? {
        let request = StoreRequest.ReadRequest(charts: ranges, maxEvents: maxEvents, maxBytes: ReplicationLimits.batchBytes)
        guard case .read(let answers) = await (from ?? left).answer(.read(request), for: (to ?? right).node) else { return nil }
        return answers
    }

    @discardableResult
    func admit(
        _ runs: [ChartRun], completes: StoreRequest.Completion? = nil, to: (any NodeStore)? = nil, from: (any NodeStore)? = nil
    ) async -> StoreAnswer.Admission? {
        let answer = await (to ?? right).answer(
            .admit(StoreRequest.Batch(runs: runs, completes: completes)), for: (from ?? left).node)
        guard case .admitted(let admission) = answer else { return nil }
        return admission
    }

    /// The right one gets all that the left one may send.
    func deliver() async throws { await admit([try #require(await run()).run]) }

    func heads(of store: any NodeStore, for peer: any NodeStore) async -> [ChartHeads] {
        guard case .heads(let heads) = await store.answer(.heads([chart]), for: peer.node) else { return [] }
        return heads
    }

    func root(of store: any NodeStore, from peer: any NodeStore) async -> EventHash? {
        guard case .completedRoot(let root) = await store.answer(.completedRoot, for: peer.node) else { return nil }
        return root
    }

    func compare(_ heads: [ChartHeads], on store: any NodeStore, for peer: any NodeStore) async -> StoreAnswer.Comparison? {
        guard case .compared(let comparison) = await store.answer(.compare(heads), for: peer.node) else { return nil }
        return comparison
    }
}

extension NodeStore {
    var node: NodeID { key.node }

    func hashes() async throws -> [EventHash] { try await rows(from: 0).map(\.event.hash) }
}
