import ArgumentParser
import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Records an event in your name.",
        discussion: """
            KIND is a kind such as session.held, or one of session, dose, phq9, gad7, cssrs. On a terminal what it is about is shown \
            first, and the values are asked for. Otherwise they come as JSON on standard input, and decisions (kinds under a hold or safe \
            rule) need --view TOKEN.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var chart: ChartOption
    @OptionGroup var request: RequestOption

    @Argument(help: "What to record.")
    var kind: String

    @Option(name: .long, help: ArgumentHelp("What was seen: a token that a reading command printed.", valueName: "token"))
    var view: String?

    @Option(name: .long, parsing: .upToNextOption, help: ArgumentHelp("Events that this one names.", valueName: "event"))
    var refs: [EventHash] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Any event of the medication, referral or episode that this one is about.", valueName: "event"))
    var about: EventHash?

    @Option(
        name: .long, help: ArgumentHelp("When it happened, such as 2031-01-06T09:00:00-05:00; now by default.", valueName: "time")
    )
    var when: ClinicalTime?

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("The practitioner to act as; anybody but yourself is refused.", valueName: "id"))
    var author: AuthorID?

    func run() async throws {
        guard let kind = Forms.kind(kind) else {
            throw NodeError(.usage, "'\(kind)' is no kind that this version knows")
        }
        guard kind != ProcessNoteWritten.kind else {
            throw NodeError(.usage, "a process note stands in your notebook, not in a chart; write it with: duolog note write")
        }
        let recorded = try await node.connected { connection in
            let id = try await chart.resolve(connection)
            var (view, about) = (view, about)
            let body: String
            if Terminal.isInteractive {
                let shown = try await connection.send(ShowRequest<RegimenView>(chart: id))
                print(Render.framed(shown, Render.regimen(shown.content)))
                view = view ?? shown.view
                let form = try Forms.fill(kind, word: self.kind, shown.content, now: shown.now)
                body = form.body
                about = about ?? form.about
            } else {
                body = Terminal.input()
                if about == nil { about = try await Forms.onlyMedication(kind, refs, connection, id) }
            }
            return try await connection.send(
                RecordRequest(
                    chart: id, kind: kind, body: body, refs: refs, about: about, when: when, view: view, author: author,
                    request: request.id))
        }
        try output.print(recorded) { Self.text(recorded) }
    }

    static func text(_ recorded: RecordedEvent) -> String {
        var lines = ["Recorded \(recorded.kind), event \(recorded.event)."]
        if !recorded.not_seen.isEmpty {
            lines.append(
                "\(recorded.not_seen.count) events were here that this decision had not seen; look again: duolog show timeline")
        }
        if recorded.disputed { lines.append("It contradicts another decision: DISPUTED. See: duolog conflict show") }
        lines.append("view: \(recorded.view)")
        return lines.joined(separator: "\n")
    }
}
