import CareModel
import DemoCase
import EventLog
import Foundation
import Glibc
import NodeAPI
import TestSupport
import Testing

/// Processes that die or stand still in the middle of their work.
@Suite(.serialized, .enabled(if: Faults.areWanted, "real faults take minutes: make test-faults")) struct ProcessFaultTests {
    private let folder = Daemons.folder()

    @Test func killsDuringAppendsAndCatchUpsLoseNothing() async throws {
        var random = SplitMix64(seed: 41)
        let pair = try await Daemons.pair(in: folder)
        var acknowledged: Set<EventHash> = []
        for round in 0..<12 {
            // Half of the rounds kill while both write, the other half while one catches up with 300 events.
            let isCatchUp = round.isMultiple(of: 2)
            if isCatchUp {
                _ = try await pair.right.ask(SetOnlineRequest(online: false))
                acknowledged.formUnion(await pair.write(300, on: pair.left, "round \(round)"))
            }
            let victim = random.oneIn(2) ? pair.left : pair.right
            let pause = Int.random(in: 0...250, using: &random)
            async let killed: Void = {
                try? await Task.sleep(for: .milliseconds(pause))
                victim.kill()
            }()
            if isCatchUp {
                _ = try? await pair.right.ask(SetOnlineRequest(online: true))
            } else {
                acknowledged.formUnion(await pair.write(60, on: victim.name == "left" ? pair.right : pair.left, "both \(round)"))
                acknowledged.formUnion(await pair.write(60, on: victim, "killed \(round)"))
            }
            await killed
            if !victim.isRunning { try await victim.start() }
            try await pair.reconnect()
            try await pair.verify(acknowledged, after: "kill \(round) of seed 41 after \(pause) ms")
        }
        pair.left.stop()
        pair.right.stop()
    }

    /// Asked to stop in the middle of a catch-up: whoever it is goes down in order, and the rest comes after the next start.
    @Test(.enabled(if: Faults.areRoot, "strace slows down the disk of the one that catches up"), arguments: ["left", "right"])
    func aStopDuringACatchUpLosesNothing(_ name: String) async throws {
        let pair = try await Daemons.pair(in: folder)
        _ = try await pair.right.ask(SetOnlineRequest(online: false))
        // Several times what one commit takes, 768 KiB: while the disk of the one that catches up is waited for, the other sends ahead.
        let acknowledged = await pair.write(6000, on: pair.left, "before")
        let all = try await pair.left.clock(of: pair.chart)
        let before = try await pair.right.clock(of: pair.chart)
        let tracer = try await Tracer(
            try #require(pair.right.pid), ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=300000"],
            file: folder + "/calls")
        _ = try await pair.right.ask(SetOnlineRequest(online: true))
        var known = before
        try await Daemons.wait("a part of the catch-up", of: pair.left, pair.right) {
            known = try await pair.right.clock(of: pair.chart)
            return known != before
        }
        #expect(known != all, "the catch-up was over before it could be interrupted")
        #expect((name == "left" ? pair.left : pair.right).stop() == 0)
        tracer.stop()
        try await (name == "left" ? pair.left : pair.right).start()
        try await pair.reconnect()
        try await pair.verify(acknowledged, after: "SIGTERM of the \(name) one")
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aPeerThatStandsStillHoldsNobodyUp() async throws {
        let pair = try await Daemons.pair(in: folder)
        _ = try await pair.right.ask(SetOnlineRequest(online: false))
        var acknowledged = await pair.write(500, on: pair.left, "before")
        let pid = try #require(pair.right.pid)
        _ = try await pair.right.ask(SetOnlineRequest(online: true))
        Glibc.kill(pid, SIGSTOP)
        // Its own people are served as ever, while the other side takes nothing.
        let during = await pair.write(200, on: pair.left, "during")
        #expect(during.count == 200)
        acknowledged.formUnion(during)
        _ = try await pair.left.ask(StatusRequest())
        Glibc.kill(pid, SIGCONT)
        try await pair.verify(acknowledged, after: "SIGSTOP of a peer")
        pair.left.stop()
        pair.right.stop()
    }
}
