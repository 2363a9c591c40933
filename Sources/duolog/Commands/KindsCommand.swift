import ArgumentParser
import CareModel
import DuologNode
import EventLog
import NodeAPI

struct KindsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds", abstract: "Lists what can be recorded; or says of one kind who may record it, and what it holds.")

    @OptionGroup var output: OutputOptions

    @Argument(help: "Such as dose.adjusted.")
    var kind: String?

    @Flag(name: .long, help: "Print the whole reference, as it stands in docs/EVENTS.md.")
    var markdown = false

    func run() throws {
        if markdown { return print(KindReference.document, terminator: "") }
        guard let kind else {
            return try output.print(KindReference.all) { Render.table(KindReference.all.map { ["\($0.kind)", $0.authors] }) }
        }
        guard let one = KindReference.all.first(where: { $0.kind.name == kind }) else {
            throw NodeError(.notFound, "'\(kind)' is no kind that this version knows; see: duolog kinds")
        }
        try output.print(one) {
            let fields = one.fields.map { ["  \($0.name)", $0.required ? "required" : "", $0.form] }
            return """
                \(one.kind), version \(one.version)
                may author  \(one.authors)
                rule        \(one.rule)
                refs        \(one.refs)
                FHIR R4     \(one.fhir)
                \(Render.table(fields))
                """
        }
    }
}
