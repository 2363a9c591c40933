import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension ChartCommand {
    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a chart up as one of this practice's own patient's, under its own patient number.",
            discussion: """
                The number is asked for on a terminal; otherwise it comes on standard input, as plain text. It stays in this node's \
                journal. Accepting a chart again corrects the number. A probable second chart of the same person is pointed at, and \
                nothing else is done about it.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        private struct Accepted: Encodable {
            let local: LocalChart
            let notice: RedisclosureNotice?
        }

        func run() async throws {
            let accepted = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let notice = try await connection.send(TimedShowRequest<ConsentView>(chart: id)).content.notice
                if Terminal.isInteractive {
                    let shown = try await connection.send(ShowRequest<MembershipView>(chart: id))
                    let local = try await connection.send(LocalChartRequest(chart: id))
                    print(Render.framed(shown, Render.patient(shown.content) + "\n" + Render.membership(shown.content)))
                    print(Render.local(local).joined(separator: "\n"))
                }
                let number = try Terminal.isInteractive ? Terminal.require("Patient number in this practice") : Terminal.input()
                let local = try await connection.send(
                    AcceptChartRequest(
                        chart: id, patientNumber: number.trimmingCharacters(in: .whitespacesAndNewlines), request: request.id))
                return Accepted(local: local, notice: notice)
            }
            try output.print(accepted) {
                (["Accepted chart \(accepted.local.chart)."] + Render.local(accepted.local) + (accepted.notice?.lines ?? []))
                    .joined(separator: "\n")
            }
        }
    }

    struct LinkOptions: ParsableArguments {
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("The other chart.", valueName: "id"))
        var other: NameArgument

        func write(same: Bool) async throws {
            let linked = try await node.connected { connection in
                try await connection.send(
                    LinkChartsRequest(
                        chart: try await chart.resolve(connection), other: try await ChartOption.resolve(other.text, connection),
                        same: same, request: request.id))
            }
            try output.print(linked) {
                ([same ? "Linked." : "Unlinked."] + Render.local(linked)).joined(separator: "\n")
            }
        }
    }

    struct Link: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that two charts are of one patient; only this node knows.",
            discussion:
                "The charts stay apart: each has its own members and its own consent. Nothing of one is shown in the other.")

        @OptionGroup var options: LinkOptions

        func run() async throws { try await options.write(same: true) }
    }

    struct Unlink: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that two charts are not of one patient, and ends the pointing at them.")

        @OptionGroup var options: LinkOptions

        func run() async throws { try await options.write(same: false) }
    }
}

struct PatientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patient", abstract: "Who a chart is about.", subcommands: [Correct.self])

    struct Correct: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Corrects the demographics of a chart, for all its members; what stood there stays in every replay.",
            discussion: """
                The values are asked for on a terminal; otherwise the whole comes as JSON on standard input: {"name", "birth_date", \
                "identifiers", "contact", "sex"}. It replaces everything that is stated now, unless --view says that less was seen.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        func run() async throws {
            let recorded = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let shown = try await connection.send(ShowRequest<MembershipView>(chart: id))
                let body: String
                if Terminal.isInteractive {
                    print(Render.framed(shown, Render.patient(shown.content)))
                    body = try Self.ask(shown.content.patient.first)
                } else {
                    body = Terminal.input()
                }
                return try await connection.send(
                    RecordRequest(
                        chart: id, kind: PatientIdentified.kind, body: body, refs: shown.content.patient.map(\.event),
                        view: view ?? shown.view, request: request.id))
            }
            try output.print(recorded) { RecordCommand.text(recorded) }
        }

        private static func ask(_ now: MembershipView.Patient?) throws -> String {
            struct Patient: Encodable {
                let name, birth_date: String
                let identifiers: [String]?
                let contact, sex: String?
            }
            func optional(_ question: String, _ standard: String?) throws -> String? {
                let answer = try Terminal.ask(question, standard: standard)
                return answer.isEmpty ? nil : answer
            }
            let identifiers = try optional("Identifiers, separated by commas", now?.identifiers?.joined(separator: ", "))
            return try Forms.json(
                Patient(
                    name: try Terminal.require("Full name", standard: now?.name),
                    birth_date: try Terminal.require("Date of birth (YYYY-MM-DD)", standard: now?.birth_date.description),
                    identifiers: identifiers?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) },
                    contact: try optional("Contact", now?.contact), sex: try optional("Sex", now?.sex)))
        }
    }
}

extension Render {
    /// What the practice keeps of a chart for itself.
    static func local(_ local: LocalChart) -> [String] {
        var lines: [String] = []
        if local.incoming { lines.append("incoming, not accepted") }
        if let number = local.patient_number { lines.append("patient number \(number)") }
        if !local.linked.isEmpty {
            lines.append("linked with \(local.linked.map(\.short).joined(separator: ", "))")
        }
        for second in local.probable_second {
            lines.append(
                "probably a second chart: \(second.chart.short), \(second.because.map(\.rawValue).joined(separator: ", "))")
        }
        return lines
    }

    /// Who a chart is about.
    static func patient(_ view: MembershipView) -> String {
        view.patient.map { patient in
            let more = [patient.identifiers?.joined(separator: ", "), patient.contact, patient.sex].compactMap { $0 }
            return "  " + (["\(patient.name), born \(patient.birth_date)"] + more).joined(separator: "; ")
        }.joined(separator: "\n")
    }
}
