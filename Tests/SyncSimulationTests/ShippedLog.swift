import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import Replication
import Synchronization
import SyncSimulation
import TestSupport

@testable import DuologNode

/// The shipped log and its port, as the simulator drives them: real SQLite files in a folder of their own.
final class ShippedLog: NodeStore {
    private(set) var key: NodeKey
    private let sealer: Sealer
    private let time = NodeClock()
    private let random: Shared
    private var changes = Changes()
    private var folder: URL
    private var log: LogStore
    private var port: SyncPort
    private var backups: [URL] = []

    /// Opens the log in `folder`, or in a new one.
    init(key: NodeKey, clock: Timestamp, random: SplitMix64, folder: URL? = nil, sealer: Sealer? = nil) throws {
        self.key = key
        self.sealer = sealer ?? Sealer(key: SymmetricKey(size: .bits256))
        self.random = Shared(random)
        self.folder = try folder ?? Self.newFolder()
        time.set(clock)
        (log, port) = try Self.open(self.folder, key, self.sealer, time, self.random, changes)
    }

    private static func open(
        _ folder: URL, _ key: NodeKey, _ sealer: Sealer, _ time: NodeClock, _ random: Shared, _ changes: Changes
    ) throws -> (LogStore, SyncPort) {
        let log = try LogStore(
            LogStore.Configuration(
                path: folder.appending(path: "log.sqlite").path, key: key, sealer: sealer, clock: { time.now },
                random: { random.next() }))
        log.observe { changes.add($0) }
        return (log, SyncPort(log: log, clock: time, account: { _ in }, onNewEpoch: { _ in }))
    }

    private func open(_ folder: URL) async throws {
        self.folder = folder
        changes = Changes()
        (log, port) = try Self.open(folder, key, sealer, time, random, changes)
        try await log.announceKey()
    }

    private static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "duolog-simulation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// What a machine that loses its power keeps: the database with its write-ahead log, and the epoch token.
    private static func copy(_ folder: URL, withToken token: URL? = nil) throws -> URL {
        let copy = try newFolder()
        for name in ["log.sqlite", "log.sqlite-wal", "epoch"] {
            let source = (name == "epoch" ? token ?? folder : folder).appending(path: name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: copy.appending(path: name))
        }
        return copy
    }

    deinit { for folder in backups + [folder] { try? FileManager.default.removeItem(at: folder) } }

    var clock: Timestamp {
        get { time.now }
        set { time.set(newValue) }
    }

    var epoch: (epoch: UInt64, instance: UInt64) { log.epoch }

    func pair(_ peer: NodeFingerprint) async throws { try await log.pair(Peer(peer, name: "peer", address: nil)) }

    func rotate(to key: NodeKey) async throws {
        self.key = key
        _ = try await log.rotate(to: key)
    }

    func follow(_ peer: NodeID, _ keys: NodeKeys) async throws { try await log.follow(peer, keys) }

    func unpair(_ peer: NodeID) async throws { _ = try await log.unpair(peer) }

    func openChart(name: String, nonce: [UInt8], salt: [UInt8]) async throws -> ChartID {
        try await log.openChart(name: name, nonce: nonce, when: ClinicalTime(instant: clock, offsetMinutes: 0), salt: salt)
    }

    func author(_ drafts: [Draft], request: String) async throws -> [Authored] {
        try await log.author(drafts, request: request)
    }

    /// What is answered at once must be what is answered otherwise.
    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer {
        let atOnce = port.answerAtOnce(request, for: peer)
        let answer = await port.answer(request, for: peer)
        return atOnce == nil || atOnce == answer ? answer : .failed("\(request) has two answers")
    }

    func admit(_ batches: [StoreRequest.Batch], for peer: NodeID) async -> [StoreAnswer] { await port.admit(batches, for: peer) }

    func offer(to peer: NodeID, among: Set<ChartID>?) async throws -> Offer {
        let (charts, arrival) =
            if let among { try log.offer(to: peer, on: time.today, among: among) } else {
                try await log.offer(to: peer, on: time.today)
            }
        return Offer(charts: charts, arrival: arrival)
    }

    func takeChanges() async -> [StoreChange] {
        changes.take().map { StoreChange(charts: $0.charts, statements: $0.hasStatements, beganNewLife: $0.beganNewLife) }
    }

    func record(of chart: ChartID) async throws -> ChartRecord? { try await log.record(of: chart) }

    func rows(from position: Int) async throws -> [StoredRow] {
        try await log.rows(from: position).map { StoredRow(event: $0.event, source: $0.source) }
    }

    /// What is kept sealed in the database, as bytes; the timeline is read from the events.
    func keptDigest(of chart: ChartID) async throws -> EventHash? {
        guard let record = try await log.record(of: chart) else { return nil }
        let fold = Fold(record)
        guard try await log.stored(MembershipView.self, of: chart) == MembershipView(fold),
            try await log.stored(RegimenView.self, of: chart) == RegimenView(fold),
            try await log.stored(ConflictsView.self, of: chart) == ConflictsView(fold)
        else { return EventHash(of: []) }
        return Projections.digest(fold)
    }

    func crash() async throws { try await open(try Self.copy(folder)) }

    func backUp() async throws -> Int {
        backups.append(try Self.copy(folder))
        return backups.count - 1
    }

    func restore(_ backup: Int, withToken: Bool) async throws {
        try await open(try Self.copy(backups[backup], withToken: withToken ? nil : folder))
    }

    func clone(seed: UInt64) async throws -> any NodeStore {
        try ShippedLog(
            key: key, clock: clock, random: SplitMix64(seed: seed), folder: try Self.copy(folder), sealer: sealer)
    }
}

/// Randomness that a log may use from its own thread.
private final class Shared: Sendable {
    private let random: Mutex<SplitMix64>

    init(_ random: SplitMix64) { self.random = Mutex(random) }

    func next() -> UInt64 { random.withLock { $0.next() } }
}

/// Commits as a log reports them.
private final class Changes: Sendable {
    private let list = Mutex<[LogStore.Change]>([])

    func add(_ change: LogStore.Change) { list.withLock { $0.append(change) } }

    func take() -> [LogStore.Change] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
