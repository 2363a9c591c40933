import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension AuditCommand {
    struct Trail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells the life of one event: written, seen, stored, sent, confirmed, disputed, settled, erased, viewed.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The event, or the first letters of its name.")
        var event: NameArgument

        func run() async throws {
            let answer = try await node.connected { connection in
                try await connection.send(TrailRequest(event: try await EventName.resolve(event, connection).event))
            }
            try output.print(answer) { Render.trail(answer) }
        }
    }

    struct Period: ParsableArguments {
        @Option(name: .long, help: ArgumentHelp("Not before.", valueName: "time"))
        var from: TimeArgument?

        @Option(name: .long, help: ArgumentHelp("Not after.", valueName: "time"))
        var to: TimeArgument?

        @Flag(name: .long, help: "Print comma-separated values.")
        var csv = false
    }

    struct Disclosures: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what was sent of a chart, to whom, when, and by which consent: what a patient can ask for.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var period: Period

        @Flag(name: .long, help: "What came from other practices, instead of what was sent to them.")
        var received = false

        func run() async throws {
            let (from, to) = (period.from?.time, period.to?.time)
            let entries = try await node.connected { connection in
                try await connection.send(
                    DisclosuresRequest(chart: try await chart.resolve(connection), from: from, to: to, received: received))
            }
            try output.print(entries) {
                let nothing = received ? "Nothing of this chart came from anybody." : "Nothing of this chart was sent to anybody."
                return entries.isEmpty && !period.csv ? nothing : Self.text(entries, csv: period.csv, received: received)
            }
        }

        /// A table of what was sent, or of what came.
        static func text(_ entries: [DisclosureEntry], csv: Bool, received: Bool = false) -> String {
            let rows = entries.map { entry in
                [
                    "\(entry.at)", "\(entry.peer)", entry.name, "\(entry.events)",
                    entry.ranges.map { "\($0.origin)#\($0.from)-\($0.to)" }.joined(separator: " "),
                    entry.consent?.description ?? "",
                ]
            }
            let all = [["time", received ? "sender" : "recipient", "name", "events", "ranges", "consent"]] + rows
            return csv ? Render.csv(all) : rows.isEmpty ? "" : Render.table(all)
        }
    }

    struct Access: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists who looked at what on this node, and who was refused.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var period: Period

        @Option(name: .long, help: ArgumentHelp("Only this chart.", valueName: "id"))
        var chart: NameArgument?

        func run() async throws {
            let (from, to) = (period.from?.time, period.to?.time)
            let entries = try await node.connected { connection in
                var id: ChartID?
                if let chart { id = try await ChartOption.resolve(chart.text, connection) }
                return try await connection.send(AccessRequest(chart: id, from: from, to: to))
            }
            try output.print(entries) {
                let rows = entries.map {
                    ["\($0.at)", $0.who, $0.name ?? "", $0.what, $0.chart?.short ?? "", $0.event?.short ?? ""]
                }
                let titles = ["time", "who", "name", "what", "chart", "event"]
                return period.csv ? Render.csv([titles] + rows) : Render.table([titles] + rows)
            }
        }
    }
}

struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erases what an event says, on every node of its chart. It cannot be undone.",
        discussion: """
            The body goes with its salt, and the corrections of it too; the envelope stays: who recorded what kind of event when remains \
            known. Each other member confirms when its node has carried it out: duolog audit trail EVENT.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var request: RequestOption

    @Argument(help: "The event, or the first letters of its name.")
    var event: NameArgument

    @Option(name: .long, help: ArgumentHelp("The legal ground and who decided; no patient data.", valueName: "text"))
    var authority: String

    @Flag(name: .long, help: "Do not ask.")
    var yes = false

    func run() async throws {
        let answer = try await node.connected { connection in
            let found = try await EventName.resolve(event, connection)
            if Terminal.isInteractive, !yes {
                print(Render.trail(try await connection.send(TrailRequest(event: found.event))))
                guard try Terminal.ask("Erase what it says, on every node? (yes or no)", standard: "no") == "yes" else {
                    throw NodeError(.usage, "nothing was erased")
                }
            }
            return try await connection.send(EraseRequest(event: found.event, authority: authority, request: request.id))
        }
        try output.print(answer) {
            var lines = ["Erased here: \(answer.erased.map(\.short).joined(separator: ", ")), by event \(answer.recorded.event)."]
            if !answer.awaiting.isEmpty {
                lines.append(
                    "To be confirmed by \(answer.awaiting.joined(separator: ", ")); see: duolog audit trail \(answer.erased[0].short)"
                )
            }
            return lines.joined(separator: "\n")
        }
    }
}

/// Corrections: a new event beside the old one, which stays as it was in every replay.
struct AmendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amend", abstract: "Corrects what you recorded; the original stays replayable.",
        discussion: """
            The members that change come as JSON on standard input: {"fields":{…},"reason":"…"}. Doses, referrals and episodes are not \
            amended: record what holds now.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var request: RequestOption

    @Argument(help: "The event, or the first letters of its name.")
    var event: NameArgument

    func run() async throws {
        try await Correction.record(RecordAmended.kind, event, node, output, request) {
            "{\"fields\":\(try Terminal.require("Members that change, as JSON")),\"reason\":\(try Forms.json(Terminal.require("Reason")))}"
        }
    }
}

struct WithdrawCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Takes back what you entered in error; it stays visible as withdrawn.",
        discussion: "The reason is asked for on a terminal; otherwise it comes as JSON on standard input: {\"reason\":\"…\"}.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var request: RequestOption

    @Argument(help: "The event, or the first letters of its name.")
    var event: NameArgument

    func run() async throws {
        try await Correction.record(RecordWithdrawn.kind, event, node, output, request) {
            "{\"reason\":\(try Forms.json(Terminal.require("Why it was entered in error")))}"
        }
    }
}

private enum Correction {
    static func record(
        _ kind: Kind, _ event: NameArgument, _ node: NodeOptions, _ output: OutputOptions, _ request: RequestOption,
        ask: @Sendable () throws -> String
    ) async throws {
        let recorded = try await node.connected { connection in
            let found = try await EventName.resolve(event, connection)
            let body = Terminal.isInteractive ? try ask() : Terminal.input()
            return try await connection.send(
                RecordRequest(chart: found.chart, kind: kind, body: body, refs: [found.event], request: request.id))
        }
        try output.print(recorded) { RecordCommand.text(recorded) }
    }
}
