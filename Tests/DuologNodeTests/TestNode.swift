import CareModel
import EventLog
import Foundation
import LogStore
import Replication
import Synchronization
import TestSupport

@testable import DuologNode

/// Commits as a log reports them.
final class Changes: Sendable {
    let list = Mutex<[LogStore.Change]>([])

    func take() -> [LogStore.Change] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}

extension IncomingRun {
    /// Both lines of each event, as a session reads them.
    init(chart: ChartID, lines: [(envelope: [UInt8], body: [UInt8]?)], heads: [SignedHead]) {
        self.init(chart: chart, events: lines.map { EventLines(envelope: $0.envelope, body: $0.body).event }, heads: heads)
    }
}

/// A node without network and without sockets: a real log in a folder of its own, and the ports of replication on it.
final class TestNode: Sendable {
    let folder: StateFolder
    let log: LogStore
    let clock = NodeClock()
    let port: SyncPort
    /// Commits that no session has been told of yet.
    let changes = Changes()
    let author = AuthorID(random: (7, 7))
    var node: NodeID { log.node }

    init(
        _ folder: String = TestNode.newFolder(), cache: LogStore.Cache = LogStore.Cache(),
        leisure: Duration = .seconds(1)
    ) throws {
        self.folder = StateFolder(path: folder)
        if !FileManager.default.fileExists(atPath: folder + "/node.key") {
            _ = try self.folder.create(storeKeyFile: folder + "/store.key", fictional: true)
        }
        let clock = clock
        var configuration = LogStore.Configuration(
            path: self.folder.log, key: try self.folder.nodeKey(), sealer: try StateFolder.sealer(folder + "/store.key"),
            clock: { clock.now }, random: SystemRandom.word)
        (configuration.cache, configuration.leisure) = (cache, leisure)
        let log = try LogStore(configuration)
        self.log = log
        log.observe { [changes] change in changes.list.withLock { $0.append(change) } }
        port = SyncPort(log: log, clock: clock, account: { _ in }, onNewEpoch: { _ in })
    }

    static func newFolder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "duolog-test-\(UUID().uuidString)").path
    }

    var now: ClinicalTime { ClinicalTime(instant: clock.now, offsetMinutes: 0) }

    func pair(_ other: TestNode) async throws {
        try await log.pair(Peer(NodeFingerprint(node: other.node, key: other.log.key.publicKey), name: "other", address: nil))
        try await other.log.pair(Peer(NodeFingerprint(node: node, key: log.key.publicKey), name: "other", address: nil))
    }

    func draft(_ chart: ChartID, _ kind: Kind, _ members: String, refs: [EventHash] = [], author: AuthorID? = nil) -> Draft {
        Draft(
            chart: chart, author: author ?? self.author, kind: kind, members: Array(members.utf8), when: now,
            refs: .events(refs), seeing: .everything, salt: SystemRandom.bytes(16))
    }

    /// Opens a chart and admits `members` to it, with consent.
    func openChart(sharedWith members: [(TestNode, String)], name: String = "Sample Fictional") async throws -> ChartID {
        let chart = try await log.openChart(
            name: "founder", nonce: SystemRandom.bytes(16), when: now, salt: SystemRandom.bytes(16))
        var drafts = [
            draft(chart, MemberAdmitted.kind, Self.admission(self, #""steward","primary-care","prescribing""#), author: .node)
        ]
        for (member, scopes) in members {
            drafts.append(draft(chart, MemberAdmitted.kind, Self.admission(member, scopes), author: .node))
        }
        drafts.append(draft(chart, PractitionerEnrolled.kind, #"{"credential":"physician","name":"Dr. Nobody"}"#))
        drafts.append(draft(chart, PatientIdentified.kind, #"{"birth_date":"1990-01-01","name":"\#(name)"}"#))
        if !members.isEmpty {
            let recipients = ([self] + members.map(\.0)).map { "\"\($0.node)\"" }.joined(separator: ",")
            drafts.append(
                draft(
                    chart, ConsentGranted.kind,
                    #"{"purpose":"TREAT","recipients":[\#(recipients)],"signed_document_hash":"\#(EventHash(of: [1]))"}"#))
        }
        _ = try await log.author(drafts, request: UUID().uuidString)
        return chart
    }

    private static func admission(_ node: TestNode, _ scopes: String) -> String {
        #"{"name":"practice","node_key":"\#(node.log.key.publicKey)","scopes":[\#(scopes)]}"#
    }

    func enroll(in chart: ChartID) async throws {
        try await write(chart, PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Dr. Noone"}"#)
    }

    @discardableResult
    func write(_ chart: ChartID, _ kind: Kind, _ members: String, refs: [EventHash] = []) async throws -> EventHash {
        let written = try await log.author([draft(chart, kind, members, refs: refs)], request: UUID().uuidString)
        return written[0].event
    }

    /// What another node lacks of a chart, as a session reads it for it.
    func lacking(_ chart: ChartID, at other: TestNode) async throws -> IncomingRun {
        let held = try await other.log.record(of: chart)?.graph.clock ?? VectorClock()
        let range = LogStore.ReadRange(chart, after: held, from: 0, upTo: .max, skipsOwn: false)
        let read = try await log.read([range], maxEvents: 1000, maxBytes: 1_000_000, for: other.node, on: clock.today)
        guard let excerpt = read.first.flatMap({ $0 }) else { throw NotShared() }
        return IncomingRun(chart: chart, lines: excerpt.events, heads: excerpt.heads)
    }

    private struct NotShared: Error {}

    func digest(_ chart: ChartID) async throws -> EventHash? {
        try await log.record(of: chart).map { Projections.digest(Fold($0)) }
    }

    func timeline(_ chart: ChartID) async throws -> [TimelineView.Entry] {
        try await log.record(of: chart).map { TimelineView(Fold($0)).entries } ?? []
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.path) }
}
