import CareModel
import EventLog

/// What was reported, asked for, planned and kept in mind: intake, side effects, allergies, concerns, plans, goals.
extension FHIRExport {
    static func intake(_ body: IntakeReported, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let lineage = context.lineage(naming: entry.envelope.refs)
        return ExportedResource(
            "MedicationStatement", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "status": entry.status(body.taking == nil ? "not-taken" : "active"),
                "medicationCodeableConcept": lineage?.drug.map { context.concept($0) } ?? context.text("[erased]"),
                "subject": context.patient, "effectivePeriod": ["start": context.day(body.since)],
                "dateAsserted": context.time(entry.label.when), "informationSource": context.patient,
                "derivedFrom": lineage.map { [context.reference(context.id($0.root))] },
                "dosage": body.taking.flatMap { context.quantity($0) }.map { [["doseAndRate": [["doseQuantity": $0]]]] },
                "note": context.note([body.adherence, body.source].compactMap { $0 }.joined(separator: "; ").nonEmpty),
            ])
    }

    /// An adverse event has no status for what was entered in error: it is left to its Provenance.
    static func sideEffect(_ body: SideEffectReported, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        guard !entry.isWithdrawn else { return [] }
        let lineage = context.lineage(naming: entry.envelope.refs)
        return [
            ExportedResource(
                "AdverseEvent", context.id(entry.label.event),
                [
                    "identifier": ["system": .string(CodeSystem.event), "value": .string("\(entry.label.event)")],
                    "actuality": "actual", "event": context.text(body.what), "subject": context.patient,
                    "date": body.onset.map { context.day($0) }, "detected": context.time(entry.label.when),
                    "recordedDate": .string("\(entry.label.at)"), "recorder": context.author(entry),
                    "severity": context.concept(
                        "http://terminology.hl7.org/CodeSystem/adverse-event-severity", body.severity.rawValue),
                    "outcome": body.outcome.map { context.text($0) },
                    "suspectEntity": lineage.map { [["instance": context.reference(context.id($0.root))]] },
                ])
        ]
    }

    static func condition(_ body: ConditionRecorded, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let verification = entry.isWithdrawn ? "entered-in-error" : body.verification?.rawValue
        return ExportedResource(
            "Condition", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "clinicalStatus": entry.isWithdrawn
                    ? nil : context.concept("http://terminology.hl7.org/CodeSystem/condition-clinical", body.status.rawValue),
                "verificationStatus": verification.map {
                    context.concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", $0)
                },
                "code": context.concept(body.code), "subject": context.patient,
                "onsetDateTime": body.onset.map { context.day($0) },
                "abatementDateTime": body.abated.map { context.day($0) }, "recordedDate": context.time(entry.label.when),
                "recorder": context.author(entry),
            ])
    }

    static func allergy(_ body: AllergyRecorded, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let isRefuted = context.entries.contains {
            $0.label.kind == AllergyRefuted.kind && $0.standing == .inEffect && $0.envelope.refs.contains(entry.label.event)
        }
        let verification = entry.isWithdrawn ? "entered-in-error" : isRefuted ? "refuted" : "unconfirmed"
        return ExportedResource(
            "AllergyIntolerance", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "clinicalStatus": entry.isWithdrawn
                    ? nil
                    : context.concept(
                        "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", isRefuted ? "inactive" : "active"),
                "verificationStatus": context.concept(
                    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", verification),
                "criticality": .string(body.criticality.rawValue), "code": context.text(body.substance),
                "patient": context.patient, "recordedDate": context.time(entry.label.when), "recorder": context.author(entry),
                "reaction": body.reaction.map { [["manifestation": [context.text($0)]]] },
            ])
    }

    static func concern(_ body: SafetyConcernRaised, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let isClosed = context.entries.contains {
            $0.label.kind == SafetyAcknowledged.kind && $0.standing == .inEffect && $0.envelope.refs.contains(entry.label.event)
        }
        return ExportedResource(
            "Flag", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status(isClosed ? "inactive" : "active"),
                "category": [context.concept("http://terminology.hl7.org/CodeSystem/flag-category", "safety", "Safety")],
                "code": context.text(entry.summary), "subject": context.patient, "author": context.author(entry),
                "period": ["start": context.time(entry.label.when)],
            ])
    }

    private static func plan(
        _ title: String, _ text: String, _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        ExportedResource(
            "CarePlan", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "status": entry.status(entry.replacedBy.isEmpty ? "active" : "revoked"), "intent": "plan",
                "title": .string(title),
                "description": .string(text), "subject": context.patient, "created": context.time(entry.label.when),
                "author": context.author(entry),
            ])
    }

    static func safetyPlan(_ body: SafetyPlanUpdated, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        plan("Safety plan", body.text, entry, context)
    }

    static func therapyPlan(_ body: TherapyPlanned, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        plan("Therapy plan", body.summary, entry, context)
    }

    /// One goal from when it was set, with its latest words.
    static func goal(_ body: GoalSet, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        var (text, measure, target, due, status) = (body.text, body.measure, body.target, body.due, "active")
        var reached = Set([entry.label.event])
        for later in context.entries where later.standing == .inEffect && later.envelope.refs.contains(where: reached.contains) {
            switch later.body {
            case let update as GoalUpdated:
                (text, measure, target, due) = (update.text, update.measure, update.target, update.due)
            case is GoalMet: status = "completed"
            default: continue
            }
            reached.insert(later.label.event)
        }
        let aim: FHIRValue? =
            measure == nil && target == nil && due == nil
            ? nil
            : .some([
                "measure": (measure ?? (target == nil ? nil : "as described")).map { context.text($0) },
                "detailString": target.map { .string($0) }, "dueDate": due.map { context.day($0) },
            ])
        return ExportedResource(
            "Goal", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "lifecycleStatus": entry.status(status),
                "achievementStatus": status == "completed"
                    ? context.concept(CodeSystem.achievement, "achieved", "Achieved") : nil,
                "description": context.text(text), "subject": context.patient, "startDate": context.day(entry.label.when.day),
                "target": aim.map { [$0] }, "expressedBy": context.author(entry),
            ])
    }

    static func request(_ body: ChangeRequested, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        ExportedResource(
            "Task", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status("requested"), "intent": "proposal",
                "description": .string(body.text), "for": context.patient, "requester": context.author(entry),
                "authoredOn": context.time(entry.label.when),
            ])
    }
}

extension String {
    /// Nil for an empty text.
    var nonEmpty: String? { isEmpty ? nil : self }
}
