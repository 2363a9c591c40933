import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// The disk fails, or the process dies, at every write and sync of an append and of a catch-up; and the disk is full.
@Suite(.serialized, .enabled(if: Faults.areWanted, "real faults take minutes: make test-faults")) struct DiskFaultTests {
    private let folder = Daemons.folder()
    private static let writes = "pwrite64,write,fdatasync,fsync,ftruncate"

    /// What can be made to happen at a system call.
    private enum Injection: CaseIterable {
        case error, kill

        func argument(_ call: String, at number: Int) -> String {
            switch self {
            case .error: "inject=\(call):error=EIO:when=\(number)"
            case .kill: "inject=\(call):signal=KILL:when=\(number)"
            }
        }
    }

    /// The files of the log of a node: what else it writes to (sockets, its own log) is not the disk that fails.
    private func paths(_ node: DemoNode) -> [String] {
        ["log.sqlite", "log.sqlite-wal", "epoch"].flatMap { ["-P", "\(node.folder)/state/\($0)"] }
    }

    /// The calls that some work makes on the log, as (name, how many).
    private func count(_ node: DemoNode, _ work: () async throws -> Void) async throws -> [String: Int] {
        let tracer = try await Tracer(
            try #require(node.pid), ["-e", "trace=\(Self.writes)"] + paths(node), file: folder + "/count")
        try await work()
        tracer.stop()
        return Dictionary(grouping: tracer.calls, by: { $0 }).mapValues(\.count).filter { Self.writes.contains($0.key) }
    }

    /// Every place at which a fault can be injected.
    private func places(_ calls: [String: Int]) -> [(call: String, number: Int)] {
        let all = calls.sorted { $0.key < $1.key }.flatMap { call, count in (1...max(1, count)).map { (call: call, number: $0) } }
        print("faults at each of \(all.count) calls: \(calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
        return all
    }

    @Test func everyWriteAndSyncOfAnAppendMayFail() async throws {
        let pair = try await Daemons.pair(in: folder)
        var acknowledged = await pair.write(1, on: pair.left, "first")
        let calls = try await count(pair.left) { acknowledged.formUnion(await pair.write(1, on: pair.left, "counted")) }
        #expect(calls["fdatasync", default: 0] >= 1)
        var stops = 0
        for place in places(calls) {
            for injection in Injection.allCases {
                let fault = injection.argument(place.call, at: place.number)
                let pid = try #require(pair.left.pid)
                let tracer = try await Tracer(
                    pid, ["-e", "trace=\(place.call)", "-e", fault] + paths(pair.left), file: folder + "/trace")
                let written = await pair.write(1, on: pair.left, fault)
                acknowledged.formUnion(written)
                if written.isEmpty {
                    // Who cannot say whether a commit is on the disk stops, and does not try again.
                    try await Daemons.wait("the end of the daemon after \(fault)") { !pair.left.isRunning }
                }
                tracer.stop()
                guard !pair.left.isRunning else { continue }
                stops += 1
                try await pair.left.start()
            }
        }
        print("faults stopped the daemon \(stops) times")
        #expect(stops >= calls.values.reduce(0, +), "most faults must take effect to be worth something")
        try await pair.reconnect()
        try await pair.verify(acknowledged, after: "faults in an append")
        pair.left.stop()
        pair.right.stop()
    }

    @Test func everyWriteAndSyncOfACatchUpMayFail() async throws {
        let pair = try await Daemons.pair(in: folder)
        var acknowledged: Set<EventHash> = []
        func fallBehind(_ name: String) async throws {
            _ = try await pair.right.ask(SetOnlineRequest(online: false))
            acknowledged.formUnion(await pair.write(8, on: pair.left, name))
        }
        try await fallBehind("counted")
        let calls = try await count(pair.right) {
            _ = try await pair.right.ask(SetOnlineRequest(online: true))
            try await pair.settle()
        }
        var stops = 0
        for place in places(calls) {
            for injection in Injection.allCases {
                let fault = injection.argument(place.call, at: place.number)
                try await fallBehind(fault)
                let tracer = try await Tracer(
                    try #require(pair.right.pid), ["-e", "trace=\(place.call)", "-e", fault] + paths(pair.right),
                    file: folder + "/trace")
                _ = try? await pair.right.ask(SetOnlineRequest(online: true))
                // It fails, or the calls fell otherwise this time and it has caught up.
                try await Daemons.wait("the fault or the catch-up (\(fault))") {
                    guard pair.right.isRunning else { return true }
                    let clock = try await pair.left.clock(of: pair.chart)
                    return clock.isAtMost((try? await pair.right.clock(of: pair.chart)) ?? VectorClock())
                }
                tracer.stop()
                if !pair.right.isRunning {
                    stops += 1
                    try await pair.right.start()
                }
                do {
                    try await pair.verify(acknowledged, after: fault)
                } catch {
                    // The fault struck after the last event of the catch-up: the daemon was on its way out while it was asked.
                    try await Daemons.wait("the end of the daemon, which said \(error), after \(fault)") { !pair.right.isRunning }
                    stops += 1
                    try await pair.right.start()
                    try await pair.verify(acknowledged, after: fault)
                }
            }
        }
        print("faults stopped the daemon \(stops) times")
        #expect(stops >= calls.values.reduce(0, +), "most faults must take effect to be worth something")
        pair.left.stop()
        pair.right.stop()
    }

    @Test(.enabled(if: Faults.areRoot, "mounting a small disk needs root")) func aFullDiskLosesNothing() async throws {
        let disk = folder + "/left"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try Faults.tool(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk])
        defer { _ = try? Faults.tool(["umount", "-l", disk]) }
        let pair = try await Daemons.pair(in: folder)
        let long = String(repeating: "long ", count: 4000)
        var acknowledged: Set<EventHash> = []
        var refusal: (any Error)?
        for number in 0..<2000 where refusal == nil {
            do {
                acknowledged.insert(
                    try await pair.record(
                        pair.left, "side_effect.reported", #"{"severity":"mild","what":"\#(number) \#(long)"}"#,
                        request: "\(number)"
                    ).event)
            } catch {
                refusal = error
            }
        }
        let said = try #require(refusal, "the disk never was full")
        print("full after \(acknowledged.count) events: \(said)")
        try await Daemons.wait("the end of the daemon on a full disk") { !pair.left.isRunning }
        #expect("\(said) \(pair.left.log)".contains("full"))
        try Faults.tool(["mount", "-o", "remount,size=256m", disk])
        try await pair.left.start()
        try await pair.reconnect()
        try await pair.verify(acknowledged, after: "a full disk")
        pair.left.stop()
        pair.right.stop()
    }
}
