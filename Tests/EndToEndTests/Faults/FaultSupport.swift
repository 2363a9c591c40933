import CareModel
import DemoCase
import EventLog
import Foundation
import Glibc
import NodeAPI
import Testing

/// Real faults on real processes take minutes: they run when RUN_FAULTS is set, as `make test-faults` does.
enum Faults {
    static let areWanted = ProcessInfo.processInfo.environment["RUN_FAULTS"] != nil

    /// Why a case that needs root cannot run here; printed with it.
    static let areRoot = geteuid() == 0

    /// Runs a system tool and waits; throws what it said where it fails.
    @discardableResult
    static func tool(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw DemoFailure("\(arguments.joined(separator: " ")): \(said)") }
        return said
    }
}

extension Pair {
    /// Writes so many events at once, and returns those that were acknowledged.
    func write(_ count: Int, on node: DemoNode, _ name: String) async -> Set<EventHash> {
        await withTaskGroup(of: EventHash?.self) { group in
            func add(_ number: Int) {
                group.addTask {
                    try? await record(
                        node, "side_effect.reported", #"{"severity":"mild","what":"\#(name) \#(number)"}"#,
                        request: "\(name) \(number)"
                    ).event
                }
            }
            for number in 0..<min(16, count) { add(number) }
            var next = 16
            var acknowledged: Set<EventHash> = []
            while let event = await group.next() {
                if let event { acknowledged.insert(event) }
                if next < count { add(next) }
                next += 1
            }
            return acknowledged
        }
    }

    /// The right one dials the left one where that listens now.
    func reconnect(over address: String? = nil) async throws {
        let status = try await left.ask(StatusRequest())
        _ = try await right.ask(AddPeerRequest(key: status.key, label: "left", address: address ?? status.listening))
    }

    /// What must hold after every fault: both hold all that was acknowledged, agree, and their logs say what their events say.
    func verify(_ acknowledged: Set<EventHash>, after fault: String) async throws {
        try await settle()
        for node in [left, right] {
            let entries = try await node.ask(ShowRequest<TimelineView>(chart: chart)).content.entries
            let lost = acknowledged.subtracting(entries.map(\.label.event))
            #expect(lost.isEmpty, "\(fault): \(node.name) lost \(lost.count) of \(acknowledged.count)")
            #expect(try await node.ask(RebuildRequest()).differences.isEmpty, "\(fault): \(node.name)")
            #expect(try await node.ask(StatusRequest()).integrity_alerts.isEmpty, "\(fault): \(node.name)")
        }
        #expect(try await digest(left) == digest(right), "\(fault)")
    }
}

/// strace on a running daemon: counts its system calls, or makes one of them fail.
struct Tracer {
    private let process = Process()
    let file: String

    /// Attaches and waits until every thread is traced.
    init(_ pid: Int32, _ arguments: [String], file: String) async throws {
        self.file = file
        process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        process.arguments = ["-f", "-qq", "-o", file, "-p", String(pid)] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await Daemons.wait("strace's attachment") {
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
            return threads.allSatisfy { thread in
                let status = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/status", encoding: .utf8)
                return status?.contains("TracerPid:\t0") == false
            }
        }
    }

    /// Lets the daemon go on untraced. A child of a test inherits its blocked signals: only this one gets through.
    func stop() {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// The calls that were seen, by name, in their order.
    var calls: [String] {
        ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").compactMap { line in
            guard let end = line.firstIndex(of: "(") else { return nil }
            return line[..<end].split(separator: " ").last.map(String.init)
        }
    }
}
