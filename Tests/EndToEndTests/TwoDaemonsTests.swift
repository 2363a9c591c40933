import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// Two real daemons over real mutual TLS.
@Suite(.serialized) struct TwoDaemonsTests {
    private let folder = Daemons.folder()

    @Test func anOldViewMakesADisputeAndAFreshOneDoesNot() async throws {
        let pair = try await Daemons.pair(in: folder)
        let old = try await pair.view(pair.left)
        _ = try await pair.adjust(pair.right, from: 50, to: 75, view: try await pair.view(pair.right))
        try await pair.settle()
        let late = try await pair.adjust(pair.left, from: 50, to: 100, view: old)
        #expect(late.disputed)
        #expect(late.not_seen.count == 2, "the right practice's enrolment and its dose")
        try await pair.settle()
        for node in [pair.left, pair.right] {
            let dispute = try #require(try await pair.disputes(node).first)
            #expect(Set(dispute.siblings.map(\.value)) == ["75 mg", "100 mg"])
            #expect(dispute.last_agreed == "50 mg")
        }
        // A disputed register takes nothing but a resolution.
        await #expect(throws: NodeError.self) {
            try await pair.adjust(pair.left, from: 100, to: 125, view: try await pair.view(pair.left))
        }
        let settled = try await pair.record(
            pair.left, "conflict.resolved",
            #"{"outcome":{"dose":{"value":"75","unit":"mg"},"frequency":{"times":1,"period":1,"period_unit":"d"},"route":"oral","status":"active","effective_from":"2026-02-03"},"rationale":"talked"}"#,
            about: pair.root, view: try await pair.view(pair.left))
        #expect(!settled.disputed)
        try await pair.settle()
        // From a fresh view that names the head: no dispute.
        let next = try await pair.adjust(pair.right, from: 75, to: 100, view: try await pair.view(pair.right))
        #expect(!next.disputed)
        try await pair.settle()
        #expect(try await pair.disputes(pair.left).isEmpty)
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
    }

    @Test func aRepeatedRequestIsAnsweredAgainAndNotWrittenAgain() async throws {
        let pair = try await Daemons.pair(in: folder)
        let body = #"{"start":"2026-01-13T10:00:00-05:00","minutes":50,"modality":"individual CBT"}"#
        let first = try await pair.record(pair.right, "session.held", body, request: "once")
        pair.right.kill()
        try await pair.right.start()
        let second = try await pair.record(pair.right, "session.held", body, request: "once")
        #expect(first.event == second.event)
        let timeline = try await pair.right.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries
        #expect(timeline.filter { $0.label.kind == SessionHeld.kind }.count == 1)
    }

    @Test func decisionsNeedAViewAndNobodyActsForAnother() async throws {
        let pair = try await Daemons.pair(in: folder)
        let withoutView = await #expect(throws: NodeError.self) {
            try await pair.record(
                pair.left, "medication.stopped", #"{"reason":"rash","effective_from":"2026-02-01"}"#, about: pair.root)
        }
        #expect(withoutView?.code == .usage)
        let other = try #require(AuthorID("somebody-else"))
        let forAnother = await #expect(throws: NodeError.self) {
            try await pair.left.ask(
                RecordRequest(chart: pair.chart, kind: "session.held", body: "{}", author: other, request: "as another"))
        }
        #expect(forAnother?.code == .permission)
    }

    @Test(arguments: [
        (#"{"severity":"mild","what":"x","onset":1.5}"#, "float"),
        (#"{"severity":"mild","severity":"mild","what":"x"}"#, "duplicate key"),
        (#"{"severity":"mild","what":"x","extra":1}"#, "extra"), (#"{"severity":"mild"}"#, "what"),
        (
            #"{"severity":"mild","what":"x","outcome":\#(String(repeating: "[", count: 17))1\#(String(repeating: "]", count: 17))}"#,
            "nested too deep"
        ),
    ])
    func aBadBodyIsRefusedWithItsPlace(_ body: String, _ reason: String) async throws {
        let pair = try await Daemons.pair(in: folder)
        let error = await #expect(throws: NodeError.self) { try await pair.record(pair.left, "side_effect.reported", body) }
        #expect(error?.code == .content)
        #expect(error?.text.contains(reason) == true, "\(error?.text ?? "")")
    }

    /// Invariant 1: nothing that was acknowledged is lost, whoever is killed when.
    @Test func fiftyKillsLoseNothing() async throws {
        var random = SplitMix64(seed: 20_260_101)
        let pair = try await Daemons.pair(in: folder)
        var acknowledged: Set<EventHash> = []
        for round in 0..<50 {
            let victim = random.oneIn(2) ? pair.left : pair.right
            let writes = (0..<6).map { _ in random.oneIn(2) ? pair.left : pair.right }
            let pause = Int.random(in: 0...60, using: &random)
            acknowledged.formUnion(
                await withTaskGroup(of: EventHash?.self) { group in
                    for (index, node) in writes.enumerated() {
                        group.addTask {
                            try? await pair.record(
                                node, "side_effect.reported", #"{"severity":"mild","what":"round \#(round), \#(index)"}"#
                            ).event
                        }
                    }
                    group.addTask {
                        try? await Task.sleep(for: .milliseconds(pause))
                        victim.kill()
                        return nil
                    }
                    return await group.reduce(into: Set<EventHash>()) { if let event = $1 { $0.insert(event) } }
                })
            try await victim.start()
        }
        // The listener may have come back on another port.
        let address = try #require(try await pair.left.ask(StatusRequest()).listening)
        let key = try await pair.left.ask(StatusRequest()).key
        _ = try await pair.right.ask(AddPeerRequest(key: key, label: "left", address: address))
        try await pair.settle()
        #expect(acknowledged.count > 50)
        for node in [pair.left, pair.right] {
            let held = Set(try await node.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries.map(\.label.event))
            #expect(acknowledged.subtracting(held).isEmpty, "seed 20260101")
            #expect(try await node.ask(RebuildRequest()).differences.isEmpty)
        }
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
    }

    @Test func oneAppendIsOneSync() async throws {
        let node = try Daemons.make("traced", in: folder)
        let trace = folder + "/trace"
        try await node.start()
        _ = try await node.ask(AddPractitionerRequest(uid: getuid(), fullName: "Dr. Fictional", credential: .physician))
        let patient = #"{"name":"Sample Fictional","birth_date":"1990-01-01"}"#
        let chart = try await node.ask(OpenChartRequest(patient: patient, scopes: [.primaryCare], when: nil, request: "open"))
            .chart
        let strace = Process()
        strace.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        let pid = try #require(node.pid)
        strace.arguments = ["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace, "-p", String(pid)]
        try strace.run()
        defer { strace.terminate() }
        try await waitUntilTraced(pid)
        func syncs() throws -> Int {
            try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").filter { $0.contains("sync(") }.count
        }
        for number in 0..<5 {
            _ = try await node.ask(
                RecordRequest(
                    chart: chart, kind: "side_effect.reported", body: #"{"severity":"mild","what":"x"}"#,
                    request: "append \(number)"))
        }
        // The WAL is synced once a commit; the database itself only at a checkpoint, which five events do not reach.
        #expect(try syncs() == 5)
    }

    private func waitUntilTraced(_ pid: Int32) async throws {
        try await Daemons.wait("strace's attachment, which this machine may not permit") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
            let traced = threads.filter { thread in
                let status = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/status", encoding: .utf8)
                return status?.contains("TracerPid:\t0") == false
            }
            return traced.count == threads.count
        }
    }
}
