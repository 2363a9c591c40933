import CareModel
import DuologNode
import EventLog
import Foundation
import NodeAPI

/// Asks a person at a terminal for what an event says.
enum Forms {
    private static let aliases: [String: Kind] = [
        "session": SessionHeld.kind, "dose": DoseAdjusted.kind, "phq9": ScaleCompleted.kind, "gad7": ScaleCompleted.kind,
        "cssrs": ScreeningCompleted.kind,
    ]

    /// A filled form.
    struct Filled {
        let body: String
        let about: EventHash?
    }

    /// The kind that a word on the command line stands for.
    static func kind(_ word: String) -> Kind? {
        aliases[word] ?? Kind(word).flatMap { Catalogue.kind($0) == nil ? nil : $0 }
    }

    /// The one medication of a chart, for kinds that are about a medication and were not told which.
    static func onlyMedication(
        _ kind: Kind, _ refs: [EventHash], _ connection: NodeClient.Connection, _ chart: ChartID
    ) async throws -> EventHash? {
        guard refs.isEmpty, let type = Catalogue.kind(kind), case .required(.lineage(.medication)) = type.targets else {
            return nil
        }
        let medications = try await connection.send(ShowRequest<RegimenView>(chart: chart)).content.medications
        guard medications.count == 1 else {
            throw NodeError(.usage, "say which of the \(medications.count) medications is meant with --about EVENT")
        }
        return medications[0].root
    }

    /// Asks for the members of a kind. `word` is what stood on the command line: it may say which questionnaire.
    static func fill(_ kind: Kind, word: String, _ regimen: RegimenView, now: Timestamp) throws -> Filled {
        switch kind {
        case SessionHeld.kind: return Filled(body: try session(now), about: nil)
        case DoseAdjusted.kind: return try dose(regimen, now)
        case ScaleCompleted.kind: return Filled(body: try Questionnaires.scale(word), about: nil)
        case ScreeningCompleted.kind: return Filled(body: try Questionnaires.screener(), about: nil)
        default: return Filled(body: try Terminal.require("Members of \(kind) as JSON, on one line"), about: nil)
        }
    }

    private static func session(_ now: Timestamp) throws -> String {
        struct Session: Encodable {
            let start, modality: String
            let minutes: Int
        }
        return try json(
            Session(
                start: try Terminal.require("Began", standard: ClinicalTime(instant: now, offsetMinutes: 0).description),
                modality: try Terminal.require("Modality", standard: "individual CBT"),
                minutes: try Terminal.number("Minutes", 1...720)))
    }

    private static func dose(_ regimen: RegimenView, _ now: Timestamp) throws -> Filled {
        struct Dose: Encodable {
            let from, to: Quantity
            let reason, effective_from: String
        }
        let medications = regimen.medications.filter { $0.state == .agreed }
        guard let first = medications.first else {
            throw NodeError(.usage, "no medication with an agreed dose; nothing to adjust")
        }
        let index = medications.count == 1 ? 1 : try Terminal.number("Which medication", 1...medications.count)
        let medication = medications.count == 1 ? first : medications[index - 1]
        guard let from = medication.last_agreed?.dose else {
            throw NodeError(.usage, "the present dose was erased; prescribe anew")
        }
        let value = try Terminal.require("New dose in \(from.unit), now \(from.value)")
        let reason = try Terminal.require("Reason (titration, partial-response, side-effect, interaction, adherence)")
        let day = try Terminal.require("From which day", standard: ClinicalTime(instant: now, offsetMinutes: 0).day.description)
        let body = try json(Dose(from: from, to: Quantity(value: value, unit: from.unit), reason: reason, effective_from: day))
        return Filled(body: body, about: medication.root)
    }

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}
