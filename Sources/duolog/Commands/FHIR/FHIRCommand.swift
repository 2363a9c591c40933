import ArgumentParser
import CareInterop
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct FHIRCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fhir", abstract: "Exchanges charts with other systems, as FHIR R4 (4.0.1).",
        subcommands: [Export.self, Import.self, Quarantine.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a chart as a FHIR Bundle.",
            discussion: """
                Resources for what the events say, a Provenance for each event, an AuditEvent for each disclosure. A disputed dose is \
                each of its MedicationRequests and a DetectedIssue. The file holds clinical text in the clear; the export stands in the \
                journal.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var chart: ChartOption

        @Option(name: .long, help: ArgumentHelp("A file that does not exist yet.", valueName: "file"))
        var out: String

        private struct Written: Encodable {
            let chart: ChartID
            let events: Int
            let resources: [String: Int]
            let bytes: Int
            let file: String
            let notice: RedisclosureNotice?
        }

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: out) else {
                throw NodeError(.usage, "\(out) exists already; name another file")
            }
            let written = try await node.connected { connection in
                let id = try await chart.resolve(connection)
                var reader = BundleVerifier()
                let events = try await ChartExport.pages(of: id, connection) { page, done in
                    for line in page.lines { reader.take(Array(line.utf8)) }
                    Terminal.progress("exported", done, of: page.cut.events)
                }
                let report = reader.finish(trust: nil, endsWithLineFeed: true)
                guard report.whole, let record = reader.record else {
                    throw NodeError(.io, "the chart does not hold; see: duolog audit verify")
                }
                let status = try await connection.send(StatusRequest())
                let sent = try await connection.send(DisclosuresRequest(chart: id, from: nil, to: nil))
                let bundle = FHIRExport.bundle(
                    Fold(record), node: status.node,
                    disclosures: sent.map { entry in
                        FHIRExport.Disclosure(
                            at: entry.at,
                            body: DisclosureRecorded(
                                peer: entry.peer, chart: entry.chart, ranges: entry.ranges, consent: entry.consent,
                                events: entry.events))
                    }, now: status.now)
                let file = try NewFile(out)
                try file.write([String(decoding: try bundle.json(pretty: true), as: UTF8.self)])
                Terminal.endProgress()
                let types = (bundle["entry"]?.elements ?? []).compactMap { $0["resource"]?["resourceType"]?.text }
                return Written(
                    chart: id, events: events, resources: Dictionary(types.map { ($0, 1) }, uniquingKeysWith: +),
                    bytes: try file.finish(), file: out, notice: ConsentView(Fold(record), now: status.now).notice)
            }
            try output.print(written) {
                let types = written.resources.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }.joined(separator: "\n")
                let count = written.resources.values.reduce(0, +)
                return (written.notice?.lines ?? []).map { $0 + "\n" }.joined()
                    + "Wrote \(written.events) events of chart \(written.chart.short) as \(count) resources to \(out):\n\(types)"
            }
        }
    }

    struct Quarantine: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what of imported files was kept aside, and why.",
            discussion: "With --json each entry brings the resource itself. What was imported since is no longer listed.")

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Option(name: .long, help: ArgumentHelp("Only of this chart.", valueName: "id"))
        var chart: NameArgument?

        func run() async throws {
            let entries = try await node.connected { connection in
                let id: ChartID?
                if let chart { id = try await ChartOption.resolve(chart.text, connection) } else { id = nil }
                return try await connection.send(QuarantineRequest(chart: id))
            }
            try output.print(entries) {
                entries.isEmpty
                    ? "Nothing is kept aside."
                    : Render.table(entries.map { ["\($0.at)", $0.chart.short, $0.name, $0.reason] })
            }
        }
    }
}
