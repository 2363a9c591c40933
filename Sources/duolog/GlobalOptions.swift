import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

/// Options that say which node is meant. Each goes before the environment, and that before the configuration file.
struct NodeOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("The node's state folder.", valueName: "folder"))
    var stateDir: String?

    @Option(name: .long, help: ArgumentHelp("The daemon's socket.", valueName: "path"))
    var socket: String?

    func load(_ more: [String: String] = [:]) throws -> LoadedSettings {
        var flags = more
        if let stateDir { flags["state_dir"] = stateDir }
        if let socket { flags["socket"] = socket }
        let environment = ProcessInfo.processInfo.environment
        return try SettingsLoader.load(
            flags: flags, environment: environment, file: SettingsLoader.file(flag: config, environment: environment))
    }

    /// Where the daemon answers as far as the options alone tell.
    var socketWithoutFile: String {
        var settings = NodeSettings()
        if let stateDir { settings.stateDirectory = stateDir }
        if let socket { settings.socket = socket }
        return settings.socketPath
    }

    /// Asks the daemon one thing.
    func ask<Request: NodeRequest>(_ request: Request) async throws -> Request.Answer {
        try await connected { try await $0.send(request) }
    }

    /// Keeps one connection to the daemon for several requests.
    func connected<Value: Sendable>(_ body: @Sendable (NodeClient.Connection) async throws -> Value) async throws -> Value {
        try await NodeClient.with(socket: try load().settings.socketPath, body)
    }
}

/// For commands that print something.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON; the fields are documented in docs/CLI.md.")
    var json = false

    func print(_ answer: some Encodable, _ text: () -> String) throws { Swift.print(try self.text(answer, text)) }

    /// What is printed: JSON where it was asked for.
    func text(_ answer: some Encodable, _ text: () -> String) throws -> String {
        guard json else { return text() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answer), as: UTF8.self)
    }
}

/// Names a chart.
struct ChartOption: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The chart's id, or its first letters as far as they are unique here.", valueName: "id"))
    var chart: NameArgument

    func resolve(_ connection: NodeClient.Connection) async throws -> ChartID { try await Self.resolve(chart.text, connection) }

    /// A chart by its id, or by the first letters of it.
    static func resolve(_ chart: String, _ connection: NodeClient.Connection) async throws -> ChartID {
        if let id = ChartID(chart) { return id }
        let matches = try await connection.send(ListChartsRequest()).map(\.chart).filter { $0.description.hasPrefix(chart) }
        guard let match = matches.first, !chart.isEmpty else {
            throw NodeError(.notFound, "no chart begins with '\(chart)'; see: duolog chart list")
        }
        guard matches.count == 1 else { throw NodeError(.usage, "'\(chart)' fits \(matches.count) charts; write more of it") }
        return match
    }
}

/// For commands that write: repeating one with the same id never writes twice.
struct RequestOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Repeat a command whose reply was lost with the id that it had; it then writes nothing twice.", valueName: "id"))
    var requestId: String?

    var id: String { requestId ?? UUID().uuidString.lowercased() }
}
