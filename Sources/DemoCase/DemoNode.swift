import CareModel
import DuologNode
public import EventLog
import Foundation
import Glibc
public import NodeAPI
import Synchronization

/// A real daemon in a folder of its own, on loopback, with made-up patients.
public final class DemoNode: Sendable {
    /// Where it keeps everything.
    public let folder: String
    /// Its socket for people.
    public let socket: String
    /// What it is called.
    public let name: String
    private let program: String
    private let prefix: [String]
    private let process = Mutex<Process?>(nil)
    /// Seconds after which something that takes a tenth of one is said not to happen, also on a machine that is busy with other things.
    private static let patience = 180

    /// Makes a node; nothing runs yet. `program` is the duolog program.
    ///
    /// - Parameters:
    ///   - prefix: a command that runs the program somewhere else, such as in another network namespace.
    ///   - host: where it listens for peers; by default a loopback address that no other node has.
    public init(
        program: String, folder: String, name: String, fictional: Bool = true, prefix: [String] = [],
        host: String = DemoNode.loopback()
    ) throws {
        self.program = program
        self.prefix = prefix
        self.folder = folder
        self.name = name
        // A socket's path has room for about a hundred bytes, whatever the folder is called.
        socket = folder + "/s"
        try Data(
            """
            name: \(name)
            state_dir: \(folder)/state
            socket: \(socket)
            listen:
              host: \(host)
              port: 0
            page:
              port: 0

            """.utf8
        ).write(to: prepared(folder))
        _ = try run(["init"] + (fictional ? ["--fictional"] : []))
    }

    /// A loopback address of its own, of the 16 million that Linux has. A node that goes off the network frees its port, and whatever else
    /// runs on the machine may take one that is free: at an address that nobody else uses, it is still there when the node comes back.
    public static func loopback() -> String {
        "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))"
    }

    private func prepared(_ folder: String) throws -> URL {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return URL(fileURLWithPath: configuration)
    }

    /// Its configuration file.
    public var configuration: String { folder + "/duolog.yaml" }

    /// Where the daemon's log lines go.
    public var logFile: String { folder + "/log" }

    /// Runs a command of the program with this node's configuration; returns what it printed.
    @discardableResult
    public func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = prefix + [program] + arguments + ["--config", configuration]
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        (process.standardOutput, process.standardError, process.standardInput) = (output, errors, standardInput)
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: printed, as: UTF8.self), String(decoding: said, as: UTF8.self))
    }

    // MARK: The daemon

    /// Starts the daemon and waits until it answers.
    public func start() async throws {
        try launch()
        for _ in 0..<Self.patience * 50 {
            if (try? await ask(StatusRequest())) != nil { return }
            guard isRunning else { throw DemoFailure("\(name) did not start:\n\(log)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw DemoFailure("\(name) does not answer within \(Self.patience) s:\n\(log)")
    }

    private func launch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = prefix + [program, "serve", "--config", configuration]
        if !FileManager.default.fileExists(atPath: logFile) { _ = FileManager.default.createFile(atPath: logFile, contents: nil) }
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logFile))
        try log.seekToEnd()
        process.standardError = log
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// True while the daemon runs.
    public var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

    /// The daemon's process id.
    public var pid: Int32? { process.withLock { $0?.processIdentifier } }

    /// What the daemon has logged.
    public var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    /// Stops the daemon in order; returns its exit code, nil where none was running.
    @discardableResult
    public func stop() -> Int32? {
        guard let process = process.withLock({ $0 }) else { return nil }
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }

    /// Kills the daemon without warning.
    public func kill() {
        guard let process = process.withLock({ $0 }), process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Leaves the daemon running when this program ends.
    public func release() { process.withLock { $0 = nil } }

    deinit { kill() }

    // MARK: Requests

    /// Asks the daemon one thing, as the command line does.
    public func ask<Request: NodeRequest>(_ request: Request) async throws -> Request.Answer {
        try await NodeClient.with(socket: socket) { try await $0.send(request) }
    }

    /// How far the daemon has each origin of a chart; empty where it does not have the chart.
    public func clock(of chart: ChartID) async throws -> VectorClock {
        do {
            return try await ask(DigestRequest(chart: chart)).first?.clock ?? VectorClock()
        } catch let error as NodeError where error.code == .notFound {
            return VectorClock()
        }
    }

    /// Waits until the daemon has all that `clock` covers.
    public func wait(for clock: VectorClock, of chart: ChartID) async throws {
        for _ in 0..<Self.patience * 200 {
            if clock.isAtMost(try await self.clock(of: chart)) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw DemoFailure("\(name) did not receive what it should within \(Self.patience) s:\n\(log)")
    }
}

/// Something did not go as the case says.
public struct DemoFailure: Error, CustomStringConvertible, Sendable {
    /// What.
    public let description: String

    /// What did not go as it should.
    public init(_ description: String) { self.description = description }
}
