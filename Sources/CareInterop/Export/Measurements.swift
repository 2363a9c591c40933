import CareModel
import EventLog
import FoundationEssentials

/// Scales, screenings, symptoms and laboratory results.
extension FHIRExport {
    static func scale(_ body: ScaleCompleted, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        guard let questionnaire = Questionnaire.of(body.instrument) else { return [] }
        var items = zip(questionnaire.items, body.items).map { code, answer in
            FHIRValue.object([
                "linkId": .string(code),
                "answer": [["valueCoding": context.coding(CodeSystem.loinc, Questionnaire.answers[max(0, min(3, answer))])]],
            ])
        }
        if let difficulty = body.difficulty {
            items.append([
                "linkId": .string(Questionnaire.difficulty), "answer": [["valueString": .string(difficulty)]],
            ])
        }
        let response = response(questionnaire.panel, items, entry, context)
        let total = ExportedResource(
            "Observation", context.id(entry.label.event, "total"),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.resultStatus,
                "category": [context.concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey")],
                "code": context.concept(CodeSystem.loinc, questionnaire.total, "\(body.instrument.rawValue) total score"),
                "subject": context.patient, "performer": [context.author(entry)],
                "effectiveDateTime": context.time(entry.label.when), "derivedFrom": [context.reference(response.id)],
                "valueQuantity": context.quantity(Quantity(value: "\(body.items.reduce(0, +))", unit: "{score}")),
            ])
        return [response, total]
    }

    private static func response(
        _ panel: String, _ items: [FHIRValue], _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        ExportedResource(
            "QuestionnaireResponse", context.id(entry.label.event),
            [
                "identifier": ["system": .string(CodeSystem.event), "value": .string("\(entry.label.event)")],
                "questionnaire": .string("\(CodeSystem.loinc)/q/\(panel)"),
                "status": entry.status(entry.isAmended ? "amended" : "completed"), "subject": context.patient,
                "authored": context.time(entry.label.when), "author": context.author(entry), "item": .array(items),
            ])
    }

    static func screening(_ body: ScreeningCompleted, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        let items = body.answers.sorted { $0.key < $1.key }.map { code, answer in
            FHIRValue.object([
                "linkId": .string(code),
                "answer": [
                    [
                        "valueCoding": context.coding(
                            CodeSystem.loinc, answer == .yes ? Questionnaire.yes : Questionnaire.no, answer.rawValue)
                    ]
                ],
            ])
        }
        let response = response(Questionnaire.screener, items, entry, context)
        let level = ExportedResource(
            "Observation", context.id(entry.label.event, "level"),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.resultStatus,
                "code": context.concept(CodeSystem.loinc, Questionnaire.riskLevel, "C-SSRS suicide risk level"),
                "subject": context.patient, "effectiveDateTime": context.time(entry.label.when),
                "derivedFrom": [context.reference(response.id)], "valueCodeableConcept": context.text(body.level.rawValue),
                "note": context.note(body.note),
            ])
        return [response, level]
    }

    static func observation(
        _ code: Code, _ value: Quantity, _ category: String, _ remark: String?, _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        ExportedResource(
            "Observation", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.resultStatus,
                "category": [context.concept("http://terminology.hl7.org/CodeSystem/observation-category", category)],
                "code": context.concept(code), "subject": context.patient, "performer": [context.author(entry)],
                "effectiveDateTime": context.time(entry.label.when), "valueQuantity": context.quantity(value),
                "note": context.note(remark),
            ])
    }
}
