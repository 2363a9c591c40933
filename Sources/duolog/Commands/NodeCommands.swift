import ArgumentParser
import DuologNode
import EventLog
import Foundation
import Logging
import NodeAPI

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes a new node: its state folder, its key pair and its store key.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    @Flag(name: .long, help: "All patients will be made up: the clock can be set over the socket, and every view says FICTIONAL.")
    var fictional = false

    private struct Made: Encodable {
        let node: NodeID
        let key: NodePublicKey
        let state_dir: String
        let fictional: Bool
    }

    func run() throws {
        let settings = try node.load().settings
        let folder = StateFolder(path: settings.stateDirectory)
        let key = try folder.create(storeKeyFile: settings.storeKeyPath, fictional: fictional)
        try output.print(
            Made(node: NodeID(of: key), key: key, state_dir: settings.stateDirectory, fictional: fictional)
        ) {
            """
            Made node \(NodeID(of: key)) in \(settings.stateDirectory).
            Its public key, by which others pair with it: \(key)
            Next: duolog serve, and duolog practitioner add
            """
        }
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the node until it is told to stop.",
        discussion:
            "SIGTERM and SIGINT end it in order, SIGHUP and 'duolog reload' make it read its configuration again. It exits with 69 when it cannot listen, with 74 when the log cannot be written, with 78 on bad configuration."
    )

    @OptionGroup var node: NodeOptions

    @Option(name: .long, help: ArgumentHelp("What the node is called by its own people and by its peers.", valueName: "label"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("The address to await peers on.", valueName: "host"))
    var listenHost: String?

    @Option(name: .long, help: ArgumentHelp("The TCP port to await peers on; 0 takes any free one.", valueName: "port"))
    var listenPort: Int?

    @Option(name: .long, help: ArgumentHelp("The TCP port of the page; 0 takes any free one.", valueName: "port"))
    var pagePort: Int?

    @Option(name: .long, help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    func run() async throws {
        var flags: [String: String] = [:]
        flags["name"] = name
        flags["listen.host"] = listenHost
        flags["listen.port"] = listenPort.map(String.init)
        flags["page.port"] = pagePort.map(String.init)
        flags["log.level"] = logLevel
        let settings = try node.load(flags).settings
        let isJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
        let logSettings = LogSettings(settings)
        let logger = Logger(label: "duolog") { _ in DuologLogHandler(logSettings, isJournal: isJournal) }
        let load: @Sendable () throws -> NodeSettings = { [node, flags] in try node.load(flags).settings }
        try await Daemon(settings: settings, load: load, logSettings: logSettings, logger: logger).run()
    }
}

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Makes the daemon read its configuration again.",
        discussion:
            "Says which keys hold from now on and which wait for a restart. A configuration that is not in order is refused as a whole with 78, and the earlier one holds."
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let answer: ReloadRequest.Answer
        do {
            answer = try await node.ask(ReloadRequest())
        } catch let refused as ConfigurationError {
            // The daemon reads the file itself: it shall know, and say in its own log, that what it was given is refused.
            do {
                answer = try await NodeClient.with(socket: node.socketWithoutFile) { try await $0.send(ReloadRequest()) }
            } catch let error as NodeError where error.code == .unavailable {
                throw refused
            }
        }
        try output.print(answer) { answer.words }
    }
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Says how the node is.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let status = try await node.ask(StatusRequest())
        try output.print(status) {
            var lines = [
                "\(status.name)  node \(status.node)  duolog \(status.version)\(status.fictional ? "  FICTIONAL" : "")",
                "key      \(status.key)", "origin   \(status.origin)", "clock    \(status.now)",
                "peers    \(status.listening.map { "awaited on \($0)" } ?? "OFFLINE")",
                "page     \(status.page ?? "not there")",
                "charts   \(status.charts), \(status.disputes) open disputes",
            ]
            lines += status.peers.map { "  \($0.node)  \($0.name): \($0.state)" }
            if let verified = status.verified {
                lines.append(
                    "log      \(verified.whole ? "whole" : "NOT WHOLE, \(verified.findings) findings: \(verified.first ?? "")") at \(verified.ended), \(verified.events) events"
                )
            } else {
                lines.append("log      not checked yet: duolog audit verify")
            }
            lines.append(
                status.backup.map {
                    "backup   \(Render.age(from: $0.made, to: status.now)) ago, \($0.events) events, \($0.bytes) bytes"
                } ?? "backup   NONE was ever made: duolog backup FILE")
            lines.append("witness  \(status.unwitnessed) charts hold events of ours that no other node has confirmed")
            lines += status.witness.map { witness in
                let age =
                    witness.witnessed_at.map { "last confirmed \(Render.age(from: $0, to: status.now)) ago" } ?? "never confirmed"
                return "  \(witness.chart.short)  \(witness.open) of \(witness.written) open, \(age)"
            }
            lines += status.integrity_alerts.map { "INTEGRITY  \($0)" }
            lines += status.epochs.map { "NEW EPOCH  \($0)" }
            lines += status.removed_from.map { "removed from chart \($0.short) by its steward; nothing more of it comes" }
            return lines.joined(separator: "\n")
        }
    }
}

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Shows and checks the configuration.", subcommands: [Show.self, Check.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints every setting, its value and where it came from.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        private struct Row: Encodable {
            let name: String
            let value: String
            let source: String
            let meaning: String
        }

        func run() throws {
            let rows = try node.load().effective.map {
                Row(name: $0.key.name, value: $0.value, source: $0.source.description, meaning: $0.key.meaning)
            }
            try output.print(rows) { Render.table(rows.map { [$0.name, $0.value, "(\($0.source))"] }) }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Names every problem of the configuration; exits with 78 on any.")

        @OptionGroup var node: NodeOptions

        func run() throws {
            _ = try node.load()
            print("The configuration is in order.")
        }
    }
}

struct DebugCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug", abstract: "For those who look behind.",
        subcommands: [Digest.self, Rebuild.self, Clock.self, Online.self])

    struct Digest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a digest of each chart's projections: the same wherever the same events are.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let digests = try await node.ask(DigestRequest(chart: nil))
            try output.print(digests) {
                Render.table(digests.map { [$0.chart.short, "\($0.events) events", $0.digest.description] })
            }
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Derives all projections anew, and names those that were not what the events say.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await node.ask(RebuildRequest())
            try output.print(report) {
                (["\(report.charts) charts rebuilt, \(report.differences.count) projections differed"] + report.differences)
                    .joined(separator: "\n")
            }
        }
    }

    struct Clock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sets the clock of a fictional node.")

        @OptionGroup var node: NodeOptions

        @Argument(help: "Such as 2031-01-06T14:00:00.000Z.")
        var now: Timestamp

        func run() async throws { _ = try await node.ask(SetClockRequest(now: now)) }
    }

    struct Online: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a fictional node off the network, or brings it back.")

        @OptionGroup var node: NodeOptions

        @Flag(inversion: .prefixedNo, help: "Whether peers can be reached.")
        var online = true

        func run() async throws { _ = try await node.ask(SetOnlineRequest(online: online)) }
    }
}
