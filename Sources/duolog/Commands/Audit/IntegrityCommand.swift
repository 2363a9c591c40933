import ArgumentParser
import CareModel
import DuologNode
import EventLog
import NodeAPI

extension AuditCommand {
    struct Integrity: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Numbers that name two events: a node was copied or put back, and went on writing.",
            discussion: """
                Both branches are kept, by everybody, and what others built on either of them stands. The alert is closed by a person who \
                has looked at both: 'adopt' records that, in their name and for all members to see.
                """,
            subcommands: [List.self, Show.self, Adopt.self])
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the forks over all charts.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let reports = try await node.ask(ListIntegrityRequest(chart: nil))
            try output.print(reports) {
                let rows = reports.flatMap { report in
                    report.viewed.content.forks.map { fork in
                        [
                            report.viewed.chart.short, fork.practice, "\(fork.origin)#\(fork.seq)",
                            "\(fork.branches.count) branches",
                            fork.isOpen ? "OPEN" : "reviewed by \(fork.adopted.map(\.author).joined(separator: ", "))",
                        ]
                    }
                }
                return rows.isEmpty ? "No number names two events." : Render.table(rows)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the branches of a chart's forks: their events, what was built on them, and the signed evidence.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        func run() async throws {
            let reports = try await node.connected { connection in
                try await connection.send(ListIntegrityRequest(chart: try await chart.resolve(connection)))
            }
            try output.print(reports) {
                reports.map { Render.framed($0.viewed, Render.integrity($0)) }.joined(separator: "\n")
            }
        }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records that you have reviewed all branches of a fork; the alert is closed on every node.",
            discussion: """
                The rationale is asked for on a terminal; otherwise it comes as JSON on standard input ({"rationale"}), and --view says \
                what was seen.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption
        @OptionGroup var request: RequestOption

        @Option(name: .long, help: ArgumentHelp("Which fork, where there are several.", valueName: "origin"))
        var origin: Origin?

        @Option(name: .long, help: ArgumentHelp("What was seen.", valueName: "token"))
        var view: String?

        func run() async throws {
            let recorded = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                let report = try await connection.send(ListIntegrityRequest(chart: id)).first
                let fork = try pick(report?.viewed.content.forks.filter(\.isOpen) ?? [])
                let body: String
                if Terminal.isInteractive, let report {
                    print(Render.framed(report.viewed, Render.integrity(report)))
                    let rationale = try Forms.json(try Terminal.require("Why the record can be relied on"))
                    body = "{\"rationale\":\(rationale)}"
                } else {
                    guard view != nil else {
                        throw NodeError(
                            .usage, "say what was seen with --view TOKEN (duolog audit integrity show prints one)")
                    }
                    body = Terminal.input()
                }
                return try await connection.send(
                    RecordRequest(
                        chart: id, kind: BranchAdopted.kind, body: body, refs: fork.branches.map(\.tip),
                        view: view ?? report?.viewed.view, request: request.id))
            }
            try output.print(recorded) { RecordCommand.text(recorded) }
        }

        private func pick(_ forks: [IntegrityView.Fork]) throws -> IntegrityView.Fork {
            let meant = forks.filter { origin == nil || $0.origin == origin }
            guard let fork = meant.first else { throw NodeError(.notFound, "no fork of this chart awaits a review") }
            guard meant.count == 1 else {
                throw NodeError(
                    .usage,
                    "\(meant.count) origins forked: say which with --origin (\(meant.map(\.origin.description).joined(separator: ", ")))"
                )
            }
            return fork
        }
    }
}

extension Render {
    static func integrity(_ report: IntegrityReport) -> String {
        let forks = report.viewed.content.forks
        guard !forks.isEmpty else { return "  no number names two events" }
        return forks.map { fork in
            var lines = ["  \(fork.practice) used number \(fork.seq) of \(fork.origin) for \(fork.branches.count) events"]
            for (index, branch) in fork.branches.enumerated() {
                lines.append(
                    "    branch \(index + 1), up to number \(branch.seq), \(branch.built_on) events of others build on it")
                lines += branch.events.map { "      \(time($0.when))  \($0.event.short)  \($0.kind)  \($0.author)" }
                for head in report.evidence where head.event == branch.tip {
                    lines.append("      head signed \(head.at), signature \(head.valid ? "holds" : "DOES NOT HOLD")")
                }
            }
            lines += fork.adopted.map { "    reviewed \(time($0.when)) by \($0.author)" }
            if fork.isOpen { lines.append("    not reviewed yet: duolog audit integrity adopt") }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
