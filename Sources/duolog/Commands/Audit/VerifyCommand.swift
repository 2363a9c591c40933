import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

extension AuditCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Re-reads everything and says what does not hold; or checks an exported file.",
            discussion: """
                Without a file: envelopes, bodies, chains, clocks, signed heads, receipts and the arrival log of this node, and its \
                projections against a rebuild. The daemon does it; where none runs, the log is opened for reading. With a file: no node, \
                no state folder and no network is needed (docs/AUDIT-FORMAT.md).

                Exits with 0 only when all holds, otherwise with 1.
                """)

        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: ArgumentHelp("A file that 'duolog audit export' made.", valueName: "file"))
        var file: String?

        @Flag(name: .long, help: "Leave out the rebuild of projections and SQLite's own check.")
        var quick = false

        @Option(
            name: .long, parsing: .upToNextOption,
            help: ArgumentHelp(
                "With a file: public keys that you know from elsewhere (the founder's, or every writer's).", valueName: "key"))
        var trust: [NodePublicKey] = []

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Without a file: also name what a file that another node exported holds, and this node lacks.", valueName: "file")
        )
        var against: String?

        func validate() throws {
            if file == nil, !trust.isEmpty { throw ValidationError("--trust belongs to a file") }
            if file != nil, quick || against != nil { throw ValidationError("--quick and --against belong to this node's log") }
        }

        func run() async throws {
            if let file {
                let report = try BundleFile.verify(file, trust: trust.isEmpty ? nil : Set(trust)).report
                try output.print(report) { Render.bundle(report) }
                if !report.whole { throw ExitCode(1) }
                return
            }
            let report = try await verifyNode()
            let missing = try await missingHere()
            try output.print(Answer(report: report, missing: missing)) {
                ([Render.verification(report)] + missing.map { "  MISSING  \($0.text)" }).joined(separator: "\n")
            }
            if !report.whole || !missing.isEmpty { throw ExitCode(1) }
        }

        private struct Answer: Encodable {
            let report: VerifyReport
            let missing: [Finding]
        }

        private func verifyNode() async throws -> VerifyReport {
            let settings = try node.load().settings
            do {
                return try await node.connected { connection in
                    var state = try await connection.send(VerifyRequest(start: true, quick: quick))
                    while state.running {
                        Terminal.progress("checked", state.done, of: state.total)
                        try await Task.sleep(for: .milliseconds(200))
                        state = try await connection.send(VerifyRequest(start: false, quick: quick))
                    }
                    Terminal.endProgress()
                    guard let report = state.report else { throw NodeError(.io, "the check ended without a result") }
                    return report
                }
            } catch let error as NodeError where error.code == .unavailable {
                Terminal.tell("no daemon runs here: reading the log itself")
                let report = try await ClosedLog.verify(settings, isQuick: quick) { Terminal.progress("checked", $0, of: $1) }
                Terminal.endProgress()
                return report
            }
        }

        /// What the file names and this node does not hold.
        private func missingHere() async throws -> [Finding] {
            guard let against else { return [] }
            let (report, bundle) = try BundleFile.verify(against, trust: nil)
            guard report.whole, let record = bundle.record else {
                throw NodeError(.content, "\(against) does not verify by itself; see: duolog audit verify \(against)")
            }
            let chart = record.graph.chart
            let held: Set<EventHash>
            do {
                held = try await node.connected { Set(try await ChartExport.events(of: chart, $0)) }
            } catch let error as NodeError where error.code == .notFound {
                held = []
            }
            let events = record.graph.nodes.filter { !held.contains($0.hash) }.map { ($0.envelope.dot, $0.hash, "an event") }
            let receipts = bundle.receipts.filter { !held.contains($0.hash) }
                .map { ($0.dot, $0.hash, "a receipt that \($0.receiver) signed at \($0.at)") }
            return (events + receipts).map { dot, hash, what in
                Finding(.missing, "\(dot) (\(hash)) is not here: \(against) holds \(what) for it", chart: chart, dot: dot)
            }
        }
    }
}

/// An exported file, read line by line.
enum BundleFile {
    static func verify(_ path: String, trust: Set<NodePublicKey>?) throws -> (report: BundleReport, bundle: BundleVerifier) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NodeError(.notFound, "cannot read \(path)")
        }
        var verifier = BundleVerifier()
        var rest = data[...]
        while let end = rest.firstIndex(of: 0x0A) {
            verifier.take([UInt8](rest[..<end]))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { verifier.take([UInt8](rest)) }
        let report = verifier.finish(trust: trust, endsWithLineFeed: rest.isEmpty && !data.isEmpty)
        return (report, verifier)
    }
}
