import CareModel
import EventLog
import FoundationEssentials

/// Medications, referrals and episodes: what two practices can disagree about.
extension FHIRExport {
    static func registers(_ context: ExportContext) -> [ExportedResource] {
        var resources: [ExportedResource] = []
        for entry in context.entries where entry.isExported {
            switch entry.value {
            case .medication(let value)?: resources.append(medicationRequest(value, entry, context))
            case .referral(let status)?: resources += referral(status, entry, context)
            case .episode(let status)?: resources += episode(status, entry, context)
            case .erased?, nil: continue
            }
        }
        return resources + ConflictsView(context.fold).disputes.map { detectedIssue($0, context) }
    }

    // MARK: Medication

    private static func medicationRequest(
        _ value: MedicationValue, _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        let root = entry.root.flatMap { context.entry($0)?.body as? MedicationPrescribed }
        let isReplaced = entry.standing == .replaced
        let prior = entry.envelope.refs.first { context.entry($0)?.root == entry.root }
        return ExportedResource(
            "MedicationRequest", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "groupIdentifier": entry.root.map { ["system": .string(CodeSystem.event), "value": .string("\($0)")] },
                "status": entry.status(isReplaced ? "stopped" : value.status.rawValue),
                "statusReason": isReplaced ? context.text("replaced by a later request") : nil, "intent": "order",
                "medicationCodeableConcept": root.map { context.concept($0.drug) } ?? context.text("[erased]"),
                "subject": context.patient, "authoredOn": context.time(entry.label.when), "requester": context.author(entry),
                "reasonCode": root?.indication.map { [context.text($0)] },
                "priorPrescription": prior.map { context.reference(context.id($0)) },
                "dosageInstruction": [dosage(value, context)], "note": context.note(entry.summary),
            ])
    }

    private static func dosage(_ value: MedicationValue, _ context: ExportContext) -> FHIRValue {
        let bounds = value.effective_from.map { FHIRValue.object(["start": context.day($0)]) }
        let repeats: FHIRValue? = value.frequency.map { frequency in
            .some([
                "frequency": .number(Decimal(frequency.times)), "period": .number(Decimal(frequency.period)),
                "periodUnit": .string(frequency.period_unit.rawValue), "boundsPeriod": bounds,
            ])
        }
        return .some([
            "text": .string("\(value)"), "timing": repeats.map { ["repeat": $0] },
            "asNeededBoolean": value.as_needed.map { .bool($0) },
            "route": value.route.map { context.text($0) },
            "doseAndRate": value.dose.flatMap { context.quantity($0) }.map { [["doseQuantity": $0]] },
            "maxDosePerPeriod": value.max_dose.flatMap { context.quantity($0) }.map { most in
                ["numerator": most, "denominator": ["value": 1, "unit": "d", "system": .string(CodeSystem.ucum), "code": "d"]]
            },
        ])
    }

    // MARK: Referrals and episodes

    /// A request, and a task for each value that it has; a task of a value that was replaced is history and stands in its Provenance.
    private static func referral(_ status: ReferralStatus, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        var resources: [ExportedResource] = []
        let root = entry.root ?? entry.label.event
        if root == entry.label.event, let body = entry.body as? ReferralRequested {
            resources.append(serviceRequest(body, entry, context))
        }
        guard entry.standing != .replaced else { return resources }
        resources.append(
            ExportedResource(
                "Task", context.id(entry.label.event, "task"),
                [
                    "identifier": context.identifier(entry.label.event), "status": entry.status(status.rawValue),
                    "intent": "order",
                    "focus": context.reference(context.id(root)), "for": context.patient, "requester": context.author(entry),
                    "authoredOn": context.time(entry.label.when), "note": context.note(entry.summary),
                ]))
        return resources
    }

    private static func serviceRequest(
        _ body: ReferralRequested, _ entry: Fold.Entry, _ context: ExportContext
    ) -> ExportedResource {
        let register = context.fold.registers.first { context.fold.record.graph.nodes[$0.root].hash == entry.label.event }
        var status = "active"
        if case .agreed(.referral(let agreed))? = register?.standing {
            switch agreed {
            case .requested, .accepted: status = "active"
            case .completed: status = "completed"
            case .rejected, .failed, .cancelled: status = "revoked"
            }
        }
        return ExportedResource(
            "ServiceRequest", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event), "status": entry.status(status), "intent": "order",
                "priority": .string(body.priority.rawValue), "code": context.text(body.service), "subject": context.patient,
                "authoredOn": context.time(entry.label.when), "requester": context.author(entry),
                "performer": [context.organization(body.to)], "reasonCode": body.reason.map { [context.text($0)] },
            ])
    }

    private static func episode(_ status: EpisodeStatus, _ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        guard entry.standing != .replaced else { return [] }
        let opened = entry.root.flatMap { context.entry($0) }
        return [
            ExportedResource(
                "EpisodeOfCare", context.id(entry.label.event),
                [
                    "identifier": context.identifier(entry.label.event), "status": entry.status(status.rawValue),
                    "patient": context.patient, "managingOrganization": context.organization(entry.envelope.origin.node),
                    "type": (opened?.body as? EpisodeOpened).map { [context.text($0.reason)] },
                    "period": .some([
                        "start": opened.map { context.time($0.label.when) },
                        "end": status == .finished ? context.time(entry.label.when) : nil,
                    ]),
                ])
        ]
    }

    // MARK: Disputes

    private static func detectedIssue(_ dispute: ConflictsView.Dispute, _ context: ExportContext) -> ExportedResource {
        let part = dispute.register == .referral ? "task" : ""
        let values = dispute.siblings.map { "\($0.value) (\($0.label.practice))" }.joined(separator: "; ")
        return ExportedResource(
            "DetectedIssue", context.id(dispute.root, "dispute"),
            [
                "status": "preliminary", "severity": "high", "code": context.text("decided twice without knowing of each other"),
                "patient": context.patient, "identifiedDateTime": .string("\(dispute.since)"),
                "implicated": .array(dispute.siblings.map { context.reference(context.id($0.label.event, part)) }),
                "detail": .string(
                    "\(dispute.subject): \(values)" + (dispute.last_agreed.map { "; last agreed \($0)" } ?? "")),
            ])
    }
}
