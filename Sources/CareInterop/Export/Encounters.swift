import CareModel
import EventLog
import FoundationEssentials

/// Sessions, assessments, follow-ups and what was written about them.
extension FHIRExport {
    private static func encounter(
        _ entry: Fold.Entry, _ context: ExportContext, status: String, place: String?, type: String?, start: ClinicalTime,
        minutes: Int?
    ) -> ExportedResource {
        let end = minutes.map {
            ClinicalTime(instant: start.instant.advanced(byMilliseconds: $0 * 60_000), offsetMinutes: start.offsetMinutes)
        }
        let (code, display) = encounterClass(place)
        return ExportedResource(
            "Encounter", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status(status),
                "class": context.coding(CodeSystem.actCode, code, display), "type": type.map { [context.text($0)] },
                "subject": context.patient, "participant": [["individual": context.author(entry)]],
                "period": .some(["start": context.time(start), "end": end.map { context.time($0) }]),
            ])
    }

    /// Ambulatory, virtual or at home, by the words for the place; ambulatory where they say neither.
    private static func encounterClass(_ place: String?) -> (code: String, display: String) {
        let words = place?.lowercased() ?? ""
        if ["video", "phone", "tele", "virtual", "online"].contains(where: { words.contains($0) }) { return ("VR", "virtual") }
        return words.contains("home") ? ("HH", "home health") : ("AMB", "ambulatory")
    }

    static func session(_ body: SessionHeld, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        encounter(
            entry, context, status: "finished", place: body.place, type: body.modality, start: body.start, minutes: body.minutes)
    }

    static func cancelled(_ body: SessionCancelled, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        encounter(entry, context, status: "cancelled", place: nil, type: nil, start: body.start, minutes: nil)
    }

    static func missed(_ body: SessionMissed, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        appointment(entry, context, status: "noshow", about: body.reason ?? "session", start: body.start, due: nil)
    }

    /// An appointment that took place or was missed is given its time; one that is only due has no time yet.
    private static func appointment(
        _ entry: Fold.Entry, _ context: ExportContext, status: String, about: String, start: ClinicalTime?, due: CalendarDay?
    ) -> ExportedResource {
        ExportedResource(
            "Appointment", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status(status),
                "description": .string(about),
                "start": start.map { context.time($0) }, "end": start.map { context.time($0) },
                "requestedPeriod": due.map { [["end": context.day($0)]] }, "created": context.time(entry.label.when),
                "participant": [["actor": context.patient, "status": "accepted"]],
            ])
    }

    static func followup(
        _ status: String, _ mode: String, _ due: CalendarDay?, _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        appointment(
            entry, context, status: status, about: "follow-up, \(mode)", start: status == "proposed" ? nil : entry.label.when,
            due: due)
    }

    static func assessment(_ body: AssessmentRecorded, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        let visit = encounter(
            entry, context, status: "finished", place: nil, type: "assessment", start: entry.label.when, minutes: nil)
        let parts = [
            ("10164-2", "History of present illness", body.symptoms), ("11348-0", "History of past illness", body.history),
            ("29545-1", "Physical findings", body.physical_health),
        ]
        let findings = parts.map { code, display, text in
            ExportedResource(
                "Observation", context.id(entry.label.event, code),
                [
                    "status": entry.resultStatus, "code": context.concept(CodeSystem.loinc, code, display),
                    "subject": context.patient, "encounter": context.reference(visit.id),
                    "effectiveDateTime": context.time(entry.label.when), "valueString": .string(text),
                ])
        }
        let conditions = (body.conditions ?? []).map { code in
            ExportedResource(
                "Condition", context.id(entry.label.event, "condition \(code)"),
                [
                    "clinicalStatus": entry.isWithdrawn
                        ? nil : context.concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
                    "verificationStatus": entry.isWithdrawn
                        ? context.concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "entered-in-error") : nil,
                    "code": context.concept(CodeSystem.icd10, code), "subject": context.patient,
                    "encounter": context.reference(visit.id), "recordedDate": context.time(entry.label.when),
                ])
        }
        return [visit] + findings + conditions
    }

    static func summary(_ body: ProgressSummaryShared, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        ExportedResource(
            "DocumentReference", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status("current"),
                "type": context.concept(CodeSystem.loinc, "11506-3", "Progress note"), "subject": context.patient,
                "date": .string("\(entry.label.at)"), "author": [context.author(entry)],
                "content": [
                    [
                        "attachment": [
                            "contentType": "text/plain; charset=utf-8",
                            "data": .string(Data(body.text.utf8).base64EncodedString()),
                            "creation": context.time(entry.label.when),
                        ]
                    ]
                ],
            ])
    }
}
