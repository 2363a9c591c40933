import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct ConflictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflict", abstract: "Decisions that contradict each other: the worklist.",
        subcommands: [List.self, Show.self, Resolve.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the open disputes over all charts, the oldest first.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let worklist = try await node.ask(ListConflictsRequest(chart: nil))
            try output.print(worklist) {
                guard !worklist.isEmpty else { return "No open dispute." }
                return Render.table(
                    worklist.flatMap { viewed in
                        viewed.content.disputes.map { dispute in
                            [
                                viewed.chart.short, viewed.patient.joined(separator: " / "), dispute.subject,
                                dispute.headline + (dispute.urgency == .urgent ? "  URGENT" : ""),
                            ]
                        }
                    })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the disputes of a chart: the values, who, when, what each had seen, and what was last agreed.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        func run() async throws {
            let worklist = try await node.connected { connection in
                try await connection.send(ListConflictsRequest(chart: try await chart.resolve(connection)))
            }
            try output.print(worklist) {
                worklist.map { Render.framed($0, Render.conflicts($0.content, now: $0.now)) }.joined(separator: "\n")
            }
        }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Settles a dispute with a whole value: one of them, another, or neither.",
            discussion: """
                On a terminal the dispute is shown, and the choice asked for. Otherwise the members come as JSON on standard input \
                ({"outcome", "rationale"}), and --view says what was seen. All values that were seen are settled, unless --refs names some.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(
            name: .long,
            help: ArgumentHelp("Any event of the disputed register; needed where several are disputed.", valueName: "event"))
        var about: EventHash?

        @Option(name: .long, parsing: .upToNextOption, help: ArgumentHelp("Settle only these values.", valueName: "event"))
        var refs: [EventHash] = []

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        @Option(name: .long, help: ArgumentHelp("When it was decided; now by default.", valueName: "time"))
        var when: ClinicalTime?

        func run() async throws {
            let recorded = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                guard let shown = try await connection.send(ListConflictsRequest(chart: id)).first else {
                    throw NodeError(.notFound, "no dispute in this chart")
                }
                let dispute = try pick(shown.content.disputes)
                let (body, view) = try members(dispute, shown)
                return try await connection.send(
                    RecordRequest(
                        chart: id, kind: ConflictResolved.kind, body: body, refs: refs, about: refs.isEmpty ? dispute.root : nil,
                        when: when, view: view, request: request.id))
            }
            try output.print(recorded) { RecordCommand.text(recorded) }
        }

        private func pick(_ disputes: [ConflictsView.Dispute]) throws -> ConflictsView.Dispute {
            let meant = disputes.filter { dispute in
                guard let event = about ?? refs.first else { return true }
                return dispute.root == event || dispute.siblings.contains { $0.label.event == event }
            }
            guard let dispute = meant.first else { throw NodeError(.notFound, "nothing of that is disputed in this chart") }
            guard meant.count == 1 else {
                throw NodeError(.usage, "\(meant.count) registers are disputed: say which with --about EVENT")
            }
            return dispute
        }

        private func members(_ dispute: ConflictsView.Dispute, _ shown: Viewed<ConflictsView>) throws -> (String, String) {
            guard Terminal.isInteractive else {
                guard let view else {
                    throw NodeError(
                        .usage,
                        "to settle a dispute is a decision: say what was seen with --view TOKEN (duolog conflict show prints one)"
                    )
                }
                return (Terminal.input(), view)
            }
            print(Render.framed(shown, Render.conflicts(ConflictsView(disputes: [dispute]), now: shown.now)))
            let outcome: String
            if dispute.register == .medication {
                outcome = try medication(shown.now)
            } else {
                outcome = try Forms.json(["status": try Terminal.require("Status from now on")])
            }
            let rationale = try Forms.json(try Terminal.require("Rationale"))
            return ("{\"outcome\":\(outcome),\"rationale\":\(rationale)}", view ?? shown.view)
        }

        private func medication(_ now: Timestamp) throws -> String {
            struct Value: Encodable {
                let dose: Quantity
                let frequency: Frequency
                let route, status, effective_from: String
            }
            let dose = try Terminal.require("Dose from now on, such as 75 mg").split(separator: " ", maxSplits: 1)
            guard dose.count == 2 else { throw NodeError(.usage, "a dose is a number and a unit, such as 75 mg") }
            let times = try Terminal.number("Times a day", 1...48)
            let day = try Terminal.require(
                "From which day", standard: ClinicalTime(instant: now, offsetMinutes: 0).day.description)
            return try Forms.json(
                Value(
                    dose: Quantity(value: String(dose[0]), unit: String(dose[1])),
                    frequency: Frequency(times: times, period: 1, unit: .days),
                    route: try Terminal.require("Route", standard: "oral"),
                    status: "active", effective_from: day))
        }
    }
}
