import CareModel
import Crypto
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// The log itself: what is durable, what cannot be changed, what a thief would see.
@Suite struct DurabilityTests {
    @Test func theWriterSyncsFully() throws {
        #expect(try TestNode().log.synchronousSetting() == 2)
    }

    /// A write-ahead log that grows makes each commit wait for the disk twice.
    @Test func theWriteAheadLogHasItsSizeFromTheStart() async throws {
        let node = try TestNode()
        let size = node.log.fileSizes.writeAhead
        #expect(size > 8_000_000)
        let chart = try await node.openChart(sharedWith: [])
        for _ in 0..<50 { _ = try await node.write(chart, SideEffectReported.kind, Bodies.sideEffect) }
        #expect(node.log.fileSizes.writeAhead == size)
    }

    @Test func aSecondProcessIsKeptOut() throws {
        let node = try TestNode()
        #expect(throws: LogStoreError.self) { try TestNode(node.folder.path) }
    }

    @Test func eventsCannotBeChangedOrDeleted() async throws {
        let node = try TestNode()
        _ = try await node.openChart(sharedWith: [])
        let database = try DatabaseQueue(path: node.folder.log)
        for statement in [
            "UPDATE segment SET envelopes = x'00'", "DELETE FROM segment", "UPDATE segment SET signed = 0",
            "UPDATE segment SET stored = 0", "UPDATE segment SET chain = NULL", "UPDATE segment SET bodies = NULL",
        ] {
            #expect(throws: DatabaseError.self, "\(statement)") { try database.write { try $0.execute(sql: statement) } }
        }
    }

    @Test func replacingAnEventIsRefusedToo() async throws {
        let node = try TestNode()
        _ = try await node.openChart(sharedWith: [])
        var settings = Configuration()
        settings.prepareDatabase { try $0.execute(sql: "PRAGMA recursive_triggers = ON") }
        let database = try DatabaseQueue(path: node.folder.log, configuration: settings)
        #expect(throws: DatabaseError.self) {
            try database.write { try $0.execute(sql: "INSERT OR REPLACE INTO segment SELECT * FROM segment LIMIT 1") }
        }
    }

    /// Nothing is left in the write-ahead log once it is closed.
    @Test func whatIsClosedStandsInOneFile() async throws {
        let path = TestNode.newFolder()
        let folder = StateFolder(path: path)
        _ = try folder.create(storeKeyFile: path + "/store.key", fictional: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let when = ClinicalTime(instant: Timestamp(milliseconds: 1_925_000_000_000), offsetMinutes: 0)
        var log: LogStore? = try LogStore(
            LogStore.Configuration(
                path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(path + "/store.key"),
                clock: { when.instant }, random: SystemRandom.word))
        _ = try await log?.openChart(name: "founder", nonce: SystemRandom.bytes(16), when: when, salt: SystemRandom.bytes(16))
        log = nil
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(!names.contains { $0.hasSuffix("-wal") }, "\(names)")
    }

    @Test func aRepeatedRequestWritesNothingTwice() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let draft = node.draft(chart, SideEffectReported.kind, #"{"severity":"mild","what":"nausea"}"#)
        let first = try await node.log.author([draft], request: "the same")
        let events = try await node.log.record(of: chart)?.graph.nodes.count
        let second = try await node.log.author([draft], request: "the same")
        #expect(first == second)
        #expect(try await node.log.record(of: chart)?.graph.nodes.count == events)
    }

    @Test func concurrentAppendsShareCommitsAndAreAllAnswered() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let before = try commits(node)
        // One that takes a while goes first: where other tests hold all threads but one, each of the others would be over before the next begins.
        let many = (0..<500).map { node.draft(chart, SideEffectReported.kind, #"{"severity":"mild","what":"before \#($0)"}"#) }
        async let first = node.log.author(many, request: nil)
        let written = try await withThrowingTaskGroup(of: EventHash.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await node.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"number \#(number)"}"#)
                }
            }
            return try await group.reduce(into: Set<EventHash>()) { $0.insert($1) }
        }
        #expect(written.count == 200)
        #expect(try await first.count == 500)
        let shared = try commits(node) - before
        #expect(shared < 100, "\(shared) commits for 200 events")
        let nodes = try #require(try await node.log.record(of: chart)).graph
        #expect(written.allSatisfy { nodes.position(of: $0) != nil })
    }

    private func commits(_ node: TestNode) throws -> Int {
        try DatabaseQueue(path: node.folder.log).read { try Int.fetchOne($0, sql: "SELECT max(batch) FROM segment") ?? 0 }
    }

    @Test func oneFailedAppendDoesNotTakeItsNeighboursAlong() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let good = number % 3 != 0
                    let body = good ? #"{"severity":"mild","what":"good"}"# : #"{"from":{"unit":"mg","value":"1"}}"#
                    let kind: Kind = good ? SideEffectReported.kind : DoseAdjusted.kind
                    return (try? await node.write(chart, kind, body)) != nil
                }
            }
            #expect(await group.reduce(into: 0) { $0 += $1 ? 1 : 0 } == 40)
        }
        let entries = try await node.timeline(chart)
        #expect(entries.filter { $0.label.kind == SideEffectReported.kind }.count == 40)
        #expect(try await node.log.rebuild().isEmpty)
    }

    @Test func aStolenFolderShowsNoText() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [], name: "Quetzalcoatl Fictional")
        try await node.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"popocatepetl"}"#)
        for file in try FileManager.default.contentsOfDirectory(atPath: node.folder.path) {
            let bytes = FileManager.default.contents(atPath: node.folder.path + "/" + file) ?? Data()
            for word in ["Quetzalcoatl", "popocatepetl", "TREAT"] {
                #expect(bytes.range(of: Data(word.utf8)) == nil, "\(word) in \(file)")
            }
        }
    }

    @Test func whatWasStoredIsReadBackAfterReopening() async throws {
        let path = TestNode.newFolder()
        let kept = TestNode.newFolder()
        var node: TestNode? = try TestNode(path)
        let chart = try #require(try await node?.openChart(sharedWith: []))
        let digest = try await node?.digest(chart)
        let epoch = node?.log.epoch.epoch
        try FileManager.default.copyItem(atPath: path, toPath: kept)
        node = nil
        let again = try TestNode(kept)
        #expect(try await again.digest(chart) == digest)
        #expect(again.log.epoch.epoch == epoch)
        #expect(try await again.log.rebuild().isEmpty)
    }

    @Test func aDatabaseWithoutItsTokenDrawsANewEpoch() async throws {
        let (path, kept) = (TestNode.newFolder(), TestNode.newFolder())
        var node: TestNode? = try TestNode(path)
        let epoch = node?.log.epoch.epoch
        try FileManager.default.copyItem(atPath: path, toPath: kept)
        node = nil
        try FileManager.default.removeItem(atPath: kept + "/epoch")
        #expect(try TestNode(kept).log.epoch.epoch != epoch)
    }

    /// Opens a copy of a new node's log whose list of migrations was altered.
    private func openAfter(_ sql: String) async throws -> LogStoreError? {
        let (path, kept) = (TestNode.newFolder(), TestNode.newFolder())
        var node: TestNode? = try TestNode(path)
        try FileManager.default.copyItem(atPath: path, toPath: kept)
        #expect(node != nil)
        node = nil
        try await DatabaseQueue(path: kept + "/log.sqlite").write { try $0.execute(sql: sql) }
        return #expect(throws: LogStoreError.self) { try TestNode(kept) }
    }

    @Test func aNewerSchemaIsRefusedByName() async throws {
        let error = try await openAfter("INSERT INTO grdb_migrations (identifier) VALUES ('99-from-the-future')")
        #expect(error?.code == .newerSchema)
        #expect(error?.text.contains("99-from-the-future") == true)
    }

    @Test func aSchemaWithAGapIsRefused() async throws {
        let error = try await openAfter("DELETE FROM grdb_migrations WHERE identifier = '7-sign-in'")
        #expect(error?.code == .damaged)
        #expect(error?.text.contains("7-sign-in") == true)
    }

    @Test func theArrivalLogIsAChain() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        try await node.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"nausea"}"#)
        let database = try DatabaseQueue(path: node.folder.log)
        try await database.read { db in
            var chain: [UInt8] = []
            for row in try Row.fetchAll(db, sql: "SELECT * FROM segment WHERE chain IS NOT NULL ORDER BY id") {
                var hasher = SHA256()
                hasher.update(data: chain)
                hasher.update(data: Array("\(row["batch"] as Int64) \(Timestamp(milliseconds: row["stored"]))\n".utf8))
                for segment in try Row.fetchAll(
                    db, sql: "SELECT names, signed, signature FROM segment WHERE batch = ? ORDER BY id",
                    arguments: [row["batch"] as Int64])
                {
                    let names = segment["names"] as Data
                    for start in stride(from: 0, to: names.count, by: 32) {
                        hasher.update(data: names[start..<start + 32])
                        // Whom it came from: this node itself.
                        hasher.update(data: Array("-\n".utf8))
                    }
                    guard let signature = segment["signature"] as Data? else { continue }
                    hasher.update(data: Array("\(Timestamp(milliseconds: segment["signed"]))\n".utf8))
                    hasher.update(data: signature)
                }
                chain = Array(hasher.finalize())
                #expect(chain == [UInt8](row["chain"] as Data))
            }
            #expect(!chain.isEmpty)
        }
    }
}
