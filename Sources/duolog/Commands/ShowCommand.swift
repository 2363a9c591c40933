import ArgumentParser
import CareModel
import DuologNode
import EventLog
import NodeAPI

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Prints what is known of a chart, with a view token to decide from.",
        subcommands: [Timeline.self, Regimen.self, Membership.self, Notebook.self])

    struct Timeline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything, by clinical time, with corrections beside what they correct.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(TimelineView.self, Render.timeline) }
    }

    struct Regimen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is prescribed, how it came to be, and what is actually taken.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(RegimenView.self, Render.regimen) }
    }

    struct Membership: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who belongs to the chart, and whom the patient allows it to be sent to.")

        @OptionGroup var options: Options

        func run() async throws { try await options.show(MembershipView.self, Render.membership) }
    }

    struct Notebook: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Your own process notes. They never leave this node.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let notes = try await node.ask(ShowNotebookRequest())
            try output.print(notes) {
                notes.isEmpty ? "No note yet." : notes.map { "\(Render.time($0.when))  \($0.text)" }.joined(separator: "\n")
            }
        }
    }

    struct Options: ParsableArguments {
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Option(
            name: .long,
            help: ArgumentHelp("Count only what happened up to here; the node's clock by default.", valueName: "time"))
        var now: Timestamp?

        func show<Content: Projection>(_ type: Content.Type, _ text: (Content) -> String) async throws {
            let now = now
            let shown = try await node.connected { connection in
                try await connection.send(ShowRequest<Content>(chart: try await chart.resolve(connection), now: now))
            }
            try output.print(shown) { Render.framed(shown, text(shown.content)) }
        }
    }
}
