import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// How it stands with a peer, as people see it from outside.
@Suite(.serialized) struct PeerShowTests {
    private let folder = Daemons.folder()

    private func show(_ node: DemoNode) async throws -> PeerReport {
        try #require(try await node.ask(ShowPeerRequest()).first)
    }

    private func wait(_ node: DemoNode, _ what: String, until isTrue: (PeerReport) -> Bool) async throws -> PeerReport {
        var report = try await show(node)
        try await Daemons.wait(what, of: node) {
            report = try await show(node)
            return isTrue(report)
        }
        return report
    }

    @Test func itSaysHowFarAPeerIsBehindConnectedOrNot() async throws {
        let pair = try await Daemons.pair(in: folder)
        let inStep = try await wait(pair.left, "in step") { $0.summary.in_step && $0.last_receipt != nil }
        #expect(inStep.connected_since != nil && inStep.protocol_version == 1 && inStep.clock_offset != nil)
        #expect(inStep.behind?.events == 0 && inStep.ahead.events == 0 && inStep.shared_charts == 1)
        #expect(inStep.last_receipt?.chart == pair.chart)
        #expect(inStep.seconds_left == nil)

        _ = try await pair.right.ask(SetOnlineRequest(online: false))
        _ = try await wait(pair.left, "the end of the connection") { $0.connected_since == nil }
        for number in 1...3 {
            try await pair.record(
                pair.left, "side_effect.reported", #"{"severity":"mild","what":"report \#(number)"}"#,
                refs: [try #require(pair.root)])
        }
        let away = try await show(pair.left)
        #expect(away.behind == nil, "only the peer knows, and it is away")
        #expect(away.ahead == PeerReport.Backlog(events: 3, charts: 1))
        #expect(away.last_error != nil)
        let printed = try pair.left.run(["peer", "show"])
        #expect(printed.status == 0)
        #expect(printed.output.contains("3 events in 1 chart it has not confirmed"))
        #expect(printed.output.contains("unknown while it is not connected"))

        _ = try await pair.right.ask(SetOnlineRequest(online: true))
        _ = try await wait(pair.left, "in step again") { $0.summary.in_step && $0.sent == 3 }
        try await pair.settle()
        #expect(try pair.left.run(["peer", "show", "\(NodeID("0000000000000000") ?? inStep.summary.node)"]).status == 66)
        pair.left.stop()
        pair.right.stop()
    }

    @Test func watchingShowsEveryChangeAndEndsWhenTold() async throws {
        let pair = try await Daemons.pair(in: folder)
        _ = try await wait(pair.left, "in step") { $0.summary.in_step }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Daemons.program)
        process.arguments = ["peer", "show", "--watch", "--config", pair.left.configuration]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var seen = ""
        func read(until words: String) {
            while !seen.contains(words) {
                let data = output.fileHandleForReading.availableData
                guard !data.isEmpty else { return }
                seen += String(decoding: data, as: UTF8.self)
            }
        }
        read(until: "connected, in step")
        _ = try await pair.right.ask(SetOnlineRequest(online: false))
        read(until: "unknown while it is not connected")
        #expect(seen.contains("unknown while it is not connected"))
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGINT)
        pair.left.stop()
        pair.right.stop()
    }
}
