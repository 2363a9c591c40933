import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct ConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent", abstract: "Whom the patient allows a chart to be sent to.",
        subcommands: [Show.self, Grant.self, Revoke.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints what was granted and taken back, and how long what stands will last.")

        @OptionGroup var options: ShowCommand.Options

        func run() async throws { try await options.show(ConsentView.self, Render.consent) }
    }

    struct Options: ParsableArguments {
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        /// The chart, and the view that the decision is made from.
        func decide(_ what: String, _ connection: NodeClient.Connection) async throws -> (ChartID, view: String) {
            let id = try await chart.resolve(connection)
            let view = try await Decision.view(view, what, connection, id) { (shown: Viewed<MembershipView>) in
                Render.framed(shown, Render.membership(shown.content))
            }
            return (id, view)
        }
    }

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records the patient's consent for members of a chart, and lifts what was taken back for them.",
            discussion: """
                It takes the place of consents whose recipients are all among the new ones. One that stands for others too goes on: the \
                longer of the two counts, until it is revoked. Nothing is sent from the day after the last one on.
                """)

        @OptionGroup var options: Options
        @OptionGroup var consent: ConsentOptions

        @Option(
            name: .customLong("for"),
            help: ArgumentHelp("A member; may be given several times. All by default.", valueName: "node"))
        var recipients: [NodeID] = []

        @Option(name: .long, help: ArgumentHelp("SHA-256 of the signed consent.", valueName: "hash"))
        var consentDocument: EventHash

        func run() async throws {
            let recorded = try await options.node.connected { connection in
                let (chart, view) = try await options.decide("to grant a consent", connection)
                return try await connection.send(
                    GrantConsentRequest(
                        chart: chart, recipients: recipients, purpose: ConsentOptions.purpose, signedDocument: consentDocument,
                        until: consent.until, part2: consent.stated, view: view, request: options.request.id))
            }
            try options.output.print(recorded) { "Consent recorded.\n" + ChartCommand.Leave.events(recorded) }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records that the patient takes a consent back, and lists what had been sent before.",
            discussion: """
                Nothing more is sent to these nodes. What they have, they keep. The reason is asked for on a terminal; otherwise it comes on \
                standard input, with --view, and may be empty. Other members account for what they sent: duolog audit disclosures.
                """)

        @OptionGroup var options: Options

        @Option(name: .customLong("for"), help: ArgumentHelp("A member; may be given several times.", valueName: "node"))
        var recipients: [NodeID]

        func run() async throws {
            let answer = try await options.node.connected { connection in
                let (chart, view) = try await options.decide("to revoke a consent", connection)
                let reason = try (Terminal.isInteractive ? Terminal.ask("Reason, if the patient gives one") : Terminal.input())
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                return try await connection.send(
                    RevokeConsentRequest(
                        chart: chart, recipients: recipients, reason: reason.isEmpty ? nil : reason, view: view,
                        request: options.request.id))
            }
            try options.output.print(answer) {
                var lines = ["Consent revoked: nothing more is sent.", ChartCommand.Leave.events(answer.recorded)]
                lines += answer.left.isEmpty ? ["Nothing had been sent to them."] : ["Sent before:"]
                return (lines + [AuditCommand.Disclosures.text(answer.left, csv: false)]).joined(separator: "\n")
            }
        }
    }
}

extension Render {
    static func consent(_ view: ConsentView) -> String {
        var lines = view.notice?.lines ?? []
        for coverage in view.members {
            let until = coverage.until.map { " until \($0)" } ?? ""
            lines.append(
                "  \(coverage.member.node)  \(coverage.member.name): \(coverage.covered ? "covered\(until)" : "not covered" + (coverage.until.map { ", ended \($0)" } ?? ""))"
            )
        }
        for grant in view.grants {
            let stands = grant.recipients.filter { grant.stands_for.contains($0.node) }.map(\.name).joined(separator: ", ")
            lines.append(
                "  \(time(grant.label.when))  \(grant.label.event.short)  granted to \(grant.recipients.map(\.name).joined(separator: ", ")), \(grant.purpose)\(grant.until.map { ", until \($0)" } ?? "")\(grant.part2 ? ", 42 CFR Part 2" : "")  [\(stands.isEmpty ? "replaced or revoked" : "stands for \(stands)")]"
            )
        }
        for revocation in view.revocations {
            lines.append(
                "  \(time(revocation.label.when))  \(revocation.label.event.short)  revoked for \(revocation.recipients.map(\.name).joined(separator: ", "))\(revocation.reason.map { ": \($0)" } ?? "")"
            )
        }
        return lines.isEmpty ? "  no consent recorded" : lines.joined(separator: "\n")
    }
}
