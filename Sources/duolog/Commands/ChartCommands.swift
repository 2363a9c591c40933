import ArgumentParser
import CareModel
import EventLog
import Foundation
import DuologNode
import NodeAPI

struct ChartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chart", abstract: "Charts: one patient's shared record each.",
        subcommands: [
            Open.self, Accept.self, List.self, Show.self, Link.self, Unlink.self, Share.self, Unshare.self, Leave.self,
            HandOver.self, Discharge.self,
        ])

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens a chart. The patient is asked for, or comes as JSON on standard input: {\"name\", \"birth_date\"}.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: "What this practice does in the chart; may be given several times.")
        var scope: [Scope]

        func run() async throws {
            let patient = try Terminal.isInteractive ? Self.askPatient() : Terminal.input()
            let opened = try await node.ask(OpenChartRequest(patient: patient, scopes: scope, when: nil, request: request.id))
            try output.print(opened) { "Opened chart \(opened.chart).\nview: \(opened.view)" }
        }

        private static func askPatient() throws -> String {
            struct Patient: Encodable {
                let name: String
                let birth_date: String
            }
            let patient = Patient(
                name: try Terminal.require("Patient's full name"), birth_date: try Terminal.require("Date of birth (YYYY-MM-DD)"))
            return String(decoding: try JSONEncoder().encode(patient), as: UTF8.self)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the charts of this node.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let charts = try await node.ask(ListChartsRequest())
            try output.print(charts) {
                charts.isEmpty
                    ? "No chart yet; open one with: duolog chart open"
                    : Render.table(
                        charts.map {
                            [
                                $0.chart.short, $0.patient.joined(separator: " / "), "\($0.events) events",
                                $0.disputes == 0 ? "" : "\($0.disputes) DISPUTED", $0.members.joined(separator: ", "),
                                Render.local($0.local).joined(separator: "; "),
                            ]
                        })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints who belongs to a chart, what is prescribed and what is disputed.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        private struct Overview: Encodable {
            let membership: Viewed<MembershipView>
            let regimen: Viewed<RegimenView>
            let conflicts: [Viewed<ConflictsView>]
            let local: LocalChart
            let notice: RedisclosureNotice?
        }

        func run() async throws {
            let overview = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                return Overview(
                    membership: try await connection.send(ShowRequest<MembershipView>(chart: id)),
                    regimen: try await connection.send(ShowRequest<RegimenView>(chart: id)),
                    conflicts: try await connection.send(ListConflictsRequest(chart: id)),
                    local: try await connection.send(LocalChartRequest(chart: id)),
                    notice: try await connection.send(TimedShowRequest<ConsentView>(chart: id)).content.notice)
            }
            try output.print(overview) {
                let conflicts = overview.conflicts.map { Render.conflicts($0.content, now: $0.now) }.joined(separator: "\n")
                return Render.framed(
                    overview.regimen,
                    ((overview.notice?.lines ?? []) + Render.local(overview.local)).map { $0 + "\n" }.joined()
                        + "Members\n\(Render.membership(overview.membership.content))\nMedication\n\(Render.regimen(overview.regimen.content))\nDisputes\n\(conflicts)"
                )
            }
        }
    }

    struct Share: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Admits a paired node to a chart, and records the patient's consent. The whole chart is disclosed to it.",
            discussion: """
                --consent-document is the SHA-256 of the signed consent, as base64url. Without a terminal --view says what was seen: \
                any 'duolog show' of the chart prints it.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("The paired node to admit.", valueName: "node"))
        var with: NodeID

        @Option(name: .long, help: "What it may do; may be given several times.")
        var scope: [Scope]

        @OptionGroup var consent: ConsentOptions

        @Option(name: .long, help: ArgumentHelp("SHA-256 of the signed consent.", valueName: "hash"))
        var consentDocument: EventHash

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        func run() async throws {
            let recorded = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let view = try await Decision.view(view, "to admit a member", connection, id) { (shown: Viewed<MembershipView>) in
                    Render.framed(shown, Render.membership(shown.content))
                        + "\nThe whole chart, from its beginning, will be disclosed to \(with)."
                }
                return try await connection.send(
                    ShareChartRequest(
                        chart: id, members: [.init(node: with, scopes: scope)], purpose: ConsentOptions.purpose,
                        until: consent.until, signedDocument: consentDocument, part2: consent.stated, when: nil, view: view,
                        request: request.id))
            }
            try output.print(recorded) { "Admitted \(with); the chart is sent to it as soon as it is connected." }
        }
    }

    struct Unshare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a node from a chart: nothing more is sent to it. What it has, it keeps.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("The member to remove.", valueName: "node"))
        var with: NodeID

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        func run() async throws {
            let recorded = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let view = try await Decision.view(view, "to remove a member", connection, id) {
                    (shown: Viewed<MembershipView>) in
                    Render.framed(shown, Render.membership(shown.content))
                }
                let reason = try Terminal.isInteractive ? Terminal.require("Reason") : Terminal.input()
                return try await connection.send(
                    UnshareChartRequest(
                        chart: id, node: with, reason: reason.trimmingCharacters(in: .whitespacesAndNewlines), view: view,
                        request: request.id))
            }
            try output.print(recorded) { "Removed \(with)." }
        }
    }
}

/// What a decision is made from.
enum Decision {
    /// The view that was handed in; on a terminal, what is shown now. A program must say what was seen.
    static func view<Content: Projection>(
        _ given: String?, _ what: String, _ connection: NodeClient.Connection, _ chart: ChartID,
        _ text: (Viewed<Content>) -> String
    ) async throws -> String {
        if let given { return given }
        guard Terminal.isInteractive else {
            throw NodeError(
                .usage, "\(what) is a decision: say what was seen with --view TOKEN (every reading command prints one)")
        }
        let shown = try await connection.send(ShowRequest<Content>(chart: chart))
        print(text(shown))
        return shown.view
    }
}
