import CareModel
import DemoCase
import EventLog
import Foundation
import LogStore
import NodeAPI
import Synchronization
import Testing

@testable import DuologNode

/// State folders that released versions wrote: the therapist's, at the end of the 26 weeks, with a notebook. This version takes them over.
@Suite(.serialized) struct UpgradeTests {
    private let folder = Daemons.folder()
    private static let chart = "G05q9Y4lhl41ZKr66DuTUqXNetVDvLG4nWxOOXM2TzI"
    /// What the version that wrote the folder said of its chart. Projections are derived, so a later version may say something else:
    /// with a new `Projections.version` this is looked up anew.
    private static let digest = "vbczdVyNMH8l0VHmwI4v2am3gflY5PLYYAEdQXDeP3U"

    private func node(_ version: String) throws -> DemoNode {
        let node = try Daemons.make("kept", in: folder)
        let state = node.folder + "/state"
        try FileManager.default.removeItem(atPath: state)
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/state-\(version).tar.gz"
        try Faults.tool(["tar", "-C", state, "--no-same-owner", "-xzf", fixture])
        return node
    }

    private func copies(_ node: DemoNode) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: node.folder + "/state").filter { $0.contains(".before-") }
    }

    @Test(arguments: ["0.1.0"]) func aFolderOfAnEarlierVersionIsTakenOver(_ version: String) async throws {
        let node = try node(version)
        // What an interrupted migration may leave behind is in nobody's way.
        try Data("half a copy".utf8).write(
            to: URL(fileURLWithPath: node.folder + "/state/log.sqlite.before-6-revocations.part"))
        try await node.start()
        #expect(try copies(node) == ["log.sqlite.before-6-revocations"])
        let digests = try await node.ask(DigestRequest(chart: nil))
        #expect(digests.map { "\($0.chart) \($0.digest) \($0.events)" } == ["\(Self.chart) \(Self.digest) 79"])
        #expect(try await node.ask(RebuildRequest()).differences.isEmpty)
        #expect(try node.run(["audit", "verify"]).status == 0)
        let status = try await node.ask(StatusRequest())
        #expect(status.epochs.isEmpty, "an upgrade is no new life: \(status.epochs)")
        let chart = try #require(ChartID(Self.chart))
        let show = try await node.ask(ShowRequest<TimelineView>(chart: chart))
        // Whoever made the folder was root, and the therapist.
        if getuid() != 0 {
            _ = try await node.ask(
                AddPractitionerRequest(uid: getuid(), fullName: "Dr. Later Fictional", credential: .psychologist))
        }
        let written = try await node.ask(
            RecordRequest(
                chart: chart, kind: "side_effect.reported", body: #"{"severity":"mild","what":"tired"}"#, refs: [], about: nil,
                view: show.view, request: "later"))
        // What is erased is erased in the copy as well: with the copy.
        _ = try await node.ask(EraseRequest(event: written.event, authority: "asked for", request: "erase"))
        #expect(try copies(node).isEmpty)
        node.stop()
        try await node.start()
        #expect(try copies(node).isEmpty, "nothing is left to migrate")
        node.stop()
    }

    /// The whole case, a notebook and their projections lie in that folder; without the store key there is nothing to read in it.
    @Test func aStolenFolderShowsNoText() throws {
        let state = try node("0.1.0").folder + "/state"
        let said = try CombinedCareCase().steps.flatMap { step in
            step.body.matches(of: /"([^"]*[a-z] [^"]*)"/).map { String($0.1) }
        }
        #expect(said.count > 30)
        for text in Set(said + ["Sample Q. Fictional", "sertraline", "Dr. Pat Pretend"]) {
            let files = try Daemons.grep(text, in: state)
            #expect(files.isEmpty, "\(text) stands in \(files)")
        }
    }

    /// As a backup of an earlier version is checked, and a folder that was not opened by this one yet.
    @Test func aLogOfAnEarlierVersionIsCheckedAsItIs() async throws {
        let state = try node("0.1.0").folder + "/state"
        let before = try FileManager.default.contentsOfDirectory(atPath: state).sorted()
        let place = StateFolder(path: state)
        let configuration = LogStore.Configuration(
            path: place.log, key: try place.nodeKey(), sealer: try StateFolder.sealer(state + "/store.key"),
            clock: { Timestamp(milliseconds: 1_950_000_000_000) }, random: { 7 })
        for isQuick in [false, true] {
            let report = try await LogVerifier.closed(configuration) { await $0.verify(isQuick: isQuick) }
            #expect(report.count == 0 && report.events > 79, "\(report)")
        }
        #expect(try LogStore.copyClosed(place.log, to: folder + "/still.sqlite").schema == "5-audit")
        let after = try FileManager.default.contentsOfDirectory(atPath: state).sorted()
        #expect(
            after.filter { !before.contains($0) && !$0.hasSuffix(".lock") && !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal") }
                .isEmpty)
    }

    @Test func aMigrationSaysHowFarItIsAndTheCopyIsWhatItWas() throws {
        let node = try node("0.1.0")
        let state = node.folder + "/state"
        let before = try LogStore.copyClosed(state + "/log.sqlite", to: folder + "/before.sqlite")
        let said = Said()
        let place = StateFolder(path: state)
        var configuration = LogStore.Configuration(
            path: place.log, key: try place.nodeKey(), sealer: try StateFolder.sealer(state + "/store.key"),
            clock: { Timestamp(milliseconds: 1_950_000_000_000) }, random: { 7 })
        configuration.progress = { said.add($0, $1, $2) }
        _ = try LogStore(configuration)
        #expect(said.all.contains { $0.hasPrefix("copying the log before it is migrated") })
        #expect(said.all.contains("migrating the log, 6-revocations: 0 of 9"))
        let copy = try LogStore.copyClosed(state + "/log.sqlite.before-6-revocations", to: folder + "/copy.sqlite")
        #expect(copy == before)
        #expect(copy.schema == "5-audit")
    }
}

/// What a migration said.
private final class Said: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ what: String, _ done: Int, _ all: Int) { lines.withLock { $0.append("\(what): \(done) of \(all)") } }
}
