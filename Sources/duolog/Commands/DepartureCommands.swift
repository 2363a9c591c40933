import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

/// What leaving, handing over and discharging have in common.
struct DepartureOptions: ParsableArguments {
    static let words = """
        What is open and this practice's to act on (disputes, safety concerns, follow-ups, referrals) is settled before, or handed to a \
        member that may act on it: --hand-open-items-to. The reason is asked for on a terminal; otherwise it comes on standard input, \
        with --view.
        """

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var chart: ChartOption
    @OptionGroup var request: RequestOption

    @Option(name: .long, help: ArgumentHelp("The member that takes over what is open.", valueName: "node"))
    var handOpenItemsTo: NodeID?

    @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
    var view: String?

    /// The chart, the view and the reason.
    func decide(_ what: String, _ connection: NodeClient.Connection) async throws -> (ChartID, view: String, reason: String) {
        let id = try await chart.resolve(connection)
        let view = try await Decision.view(view, what, connection, id) { (shown: Viewed<MembershipView>) in
            Render.framed(shown, Render.membership(shown.content))
        }
        let reason = try Terminal.isInteractive ? Terminal.require("Reason") : Terminal.input()
        return (id, view, reason.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

extension ChartCommand {
    struct Leave: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes this practice out of a chart: it receives nothing more. What it has, it keeps.",
            discussion: DepartureOptions.words + " The last steward hands over instead.")

        @OptionGroup var options: DepartureOptions

        func run() async throws {
            let recorded = try await options.node.connected { connection in
                let (chart, view, reason) = try await options.decide("to leave a chart", connection)
                return try await connection.send(
                    LeaveChartRequest(
                        chart: chart, reason: reason, handOpenItemsTo: options.handOpenItemsTo, view: view,
                        request: options.request.id))
            }
            try options.output.print(recorded) { "Left the chart.\n" + Self.events(recorded) }
        }

        static func events(_ recorded: [RecordedEvent]) -> String {
            recorded.map { "  \($0.kind)  \($0.event)" }.joined(separator: "\n")
        }
    }

    struct HandOver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hand-over",
            abstract: "Puts another practice in this one's place, with its scopes, and takes this one out of the chart.",
            discussion: DepartureOptions.words + """
                 A successor without the scopes is admitted with them, which only a steward does and which discloses the whole chart to it; \
                where no consent covers it, --consent-document names the signed one.
                """)

        @OptionGroup var options: DepartureOptions
        @OptionGroup var consent: ConsentOptions

        @Option(name: .long, help: ArgumentHelp("The successor: a member, or a paired node.", valueName: "node"))
        var to: NodeID

        @Option(name: .long, help: ArgumentHelp("SHA-256 of the signed consent.", valueName: "hash"))
        var consentDocument: EventHash?

        func run() async throws {
            if consentDocument == nil, consent.until != nil || consent.part2 {
                throw NodeError(.usage, "--until and --part2 belong to a consent: name it with --consent-document HASH")
            }
            let signed = consentDocument.map {
                HandOverChartRequest.Consent(
                    purpose: ConsentOptions.purpose, signedDocument: $0, until: consent.until, part2: consent.stated)
            }
            let recorded = try await options.node.connected { connection in
                let (chart, view, reason) = try await options.decide("to hand a chart over", connection)
                return try await connection.send(
                    HandOverChartRequest(
                        chart: chart, to: to, reason: reason, handOpenItemsTo: options.handOpenItemsTo, consent: signed,
                        view: view, request: options.request.id))
            }
            try options.output.print(recorded) { "Handed the chart over to \(to).\n" + Leave.events(recorded) }
        }
    }

    struct Discharge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends the care: closes the open episodes, and lists the medication that goes on.",
            discussion: DepartureOptions.words)

        @OptionGroup var options: DepartureOptions

        func run() async throws {
            let answer = try await options.node.connected { connection in
                let (chart, view, reason) = try await options.decide("to end the care", connection)
                return try await connection.send(
                    DischargeRequest(
                        chart: chart, reason: reason, handOpenItemsTo: options.handOpenItemsTo, view: view,
                        request: options.request.id))
            }
            try options.output.print(answer) {
                var lines = ["The care has ended.", Leave.events(answer.recorded)]
                if !answer.medications.isEmpty {
                    lines.append("Medication that goes on; stop it, or agree on who looks after it:")
                    lines += answer.medications.map { "  \($0.drug ?? "[erased]"): \($0.state)  (\($0.root.short))" }
                }
                return lines.joined(separator: "\n")
            }
        }
    }
}

/// How far a consent goes.
struct ConsentOptions: ParsableArguments {
    /// Treatment, as FHIR and HL7 name it (v3 PurposeOfUse).
    static let purpose = "TREAT"

    @Option(name: .long, help: ArgumentHelp("The last day on which the chart may be sent.", valueName: "YYYY-MM-DD"))
    var until: CalendarDay?

    @Flag(name: .long, help: "The consent is one under 42 CFR Part 2 (records of substance use disorder treatment).")
    var part2 = false

    var stated: Bool? { part2 ? true : nil }
}
