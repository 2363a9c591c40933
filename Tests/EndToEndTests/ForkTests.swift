import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// A node that was put back, copied or runs twice, with real daemons: found, said in words, nothing lost, closed by a person.
@Suite(.serialized) struct ForkTests {
    private let folder = Daemons.folder()
    private let report = #"{"severity":"mild","what":"tired"}"#

    /// What a backup of the whole folder keeps.
    private func copy(_ state: String, to place: String) throws {
        try? FileManager.default.removeItem(atPath: place)
        try FileManager.default.copyItem(atPath: state, toPath: place)
    }

    @Test func bothBranchesAreKeptEverywhereUntilAPersonHasReviewedThem() async throws {
        let pair = try await Daemons.pair(in: folder)
        let state = pair.right.folder + "/state"
        pair.right.stop()
        try copy(state, to: folder + "/copy")
        // The node goes on, and what it writes reaches the other practice.
        try await pair.right.start()
        let first = try await pair.record(pair.right, "side_effect.reported", report, refs: [try #require(pair.root)])
        try await pair.settle()
        // Then the copy takes its place, and writes before it meets anybody: the same number twice.
        pair.right.stop()
        try copy(folder + "/copy", to: state)
        _ = try await pair.left.ask(SetOnlineRequest(online: false))
        try await pair.right.start()
        let second = try await pair.record(pair.right, "side_effect.reported", report, refs: [try #require(pair.root)])
        _ = try await pair.left.ask(SetOnlineRequest(online: true))
        try await pair.right.wait(for: try await pair.left.clock(of: pair.chart), of: pair.chart)
        try await waitForForks(pair)
        // Sessions of the earlier life are over, with every peer.
        #expect(pair.right.log.contains("begun a new epoch"))

        for node in [pair.left, pair.right] {
            let report = try #require(try await node.ask(ListIntegrityRequest(chart: nil)).first)
            let fork = try #require(report.viewed.content.forks.first)
            #expect(Set(fork.branches.map(\.tip)) == [first.event, second.event])
            #expect(report.evidence.count == 2 && report.evidence.allSatisfy(\.valid))
            #expect(try await node.ask(StatusRequest()).integrity_alerts.count == 1)
        }
        let status = try await pair.right.ask(StatusRequest())
        #expect(status.epochs.count == 1)

        // Closed by a person who names both; the alert goes out everywhere.
        let shown = try await pair.left.ask(ListIntegrityRequest(chart: pair.chart))
        let adopted = try pair.left.run(
            ["audit", "integrity", "adopt", "--chart", "\(pair.chart)", "--view", shown[0].viewed.view],
            input: #"{"rationale":"both calls were made; a copy of the folder was put back"}"#)
        #expect(adopted.status == 0, "\(adopted.errors)")
        try await pair.settle()
        for node in [pair.left, pair.right] {
            #expect(try await node.ask(StatusRequest()).integrity_alerts.isEmpty)
            #expect(try node.run(["audit", "integrity", "list"]).output.contains("reviewed by"))
        }
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
        pair.left.stop()
        pair.right.stop()
    }

    private func waitForForks(_ pair: Pair) async throws {
        try await Daemons.wait("an alert of the fork on both", of: pair.left, pair.right) {
            let left = try await pair.left.ask(ListIntegrityRequest(chart: pair.chart)).flatMap(\.viewed.content.forks)
            let right = try await pair.right.ask(ListIntegrityRequest(chart: pair.chart)).flatMap(\.viewed.content.forks)
            return !left.isEmpty && !right.isEmpty
        }
    }

    @Test func anOlderDatabaseIsNamedInStatus() async throws {
        let pair = try await Daemons.pair(in: folder)
        let state = pair.right.folder + "/state"
        pair.right.stop()
        try copy(state, to: folder + "/backup")
        try await pair.right.start()
        let lost = try await pair.record(pair.right, "side_effect.reported", report, refs: [try #require(pair.root)])
        try await pair.settle()
        let before = try await pair.right.ask(StatusRequest()).origin
        pair.right.stop()
        // The database alone is put back: the number of commits beside it tells.
        for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
            try? FileManager.default.removeItem(atPath: "\(state)/\(name)")
            let backup = "\(folder)/backup/\(name)"
            if FileManager.default.fileExists(atPath: backup) {
                try FileManager.default.copyItem(atPath: backup, toPath: "\(state)/\(name)")
            }
        }
        try await pair.right.start()
        let after = try await pair.right.ask(StatusRequest())
        #expect(after.origin != before)
        #expect(after.epochs.contains { $0.contains("older than what this node had written") })
        // It comes back from the other practice, and nothing forks.
        try await pair.right.wait(for: try await pair.left.clock(of: pair.chart), of: pair.chart)
        let timeline = try await pair.right.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries
        #expect(timeline.contains { $0.label.event == lost.event })
        #expect(try await pair.right.ask(StatusRequest()).epochs.contains { $0.contains("2 of its own events came back") })
        #expect(try await pair.right.ask(StatusRequest()).integrity_alerts.isEmpty)
        pair.left.stop()
        pair.right.stop()
    }
}
