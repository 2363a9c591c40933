import CareModel
import EventLog

/// The patient, the practices, their people, what they may do, and the chart itself.
extension FHIRExport {
    static func people(_ context: ExportContext, now: Timestamp) -> [ExportedResource] {
        [composition(context, ConsentView(context.fold, now: now).notice), patient(context)]
            + context.membership.members.map { organization($0, context) }
            + context.membership.members.flatMap { practitioners(of: $0, context) } + [careTeam(context)]
    }

    /// The chart itself, with the notice that goes with each disclosure where it needs one.
    private static func composition(_ context: ExportContext, _ notice: RedisclosureNotice?) -> ExportedResource {
        let founding = context.entries.first { $0.label.kind == ChartOpened.kind }
        return ExportedResource(
            "Composition", context.compositionID,
            [
                "status": "final", "type": context.concept(CodeSystem.loinc, "34133-9", "Summarization of episode note"),
                "identifier": ["system": .string(CodeSystem.chart), "value": .string("\(context.chart)")],
                "subject": context.patient, "title": "Shared record of combined care",
                "section": notice.map { [["title": "Notice", "text": narrative($0.lines)]] },
                "date": founding.map { context.time($0.label.when) } ?? "1970-01-01",
                "author": founding.map { [context.organization($0.envelope.origin.node)] } ?? [["display": "unknown"]],
            ])
    }

    private static func narrative(_ lines: [String]) -> FHIRValue {
        let paragraphs = lines.map { line in
            let text = line.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            return "<p>\(text)</p>"
        }
        return [
            "status": "generated",
            "div": .string("<div xmlns=\"http://www.w3.org/1999/xhtml\">\(paragraphs.joined())</div>"),
        ]
    }

    private static func patient(_ context: ExportContext) -> ExportedResource {
        let leading = context.membership.patient.first.flatMap { context.entry($0.event)?.body as? PatientIdentified }
        let genders = ["male", "female", "other", "unknown"]
        let identifiers = (leading?.identifiers ?? []).map { FHIRValue.object(["value": .string($0)]) }
        return ExportedResource(
            "Patient", context.patientID,
            [
                "identifier": identifiers.isEmpty ? nil : .array(identifiers),
                "name": leading.map { [["text": .string($0.name)]] },
                "birthDate": leading.map { context.day($0.birth_date) },
                "gender": leading?.sex.flatMap { genders.contains($0.lowercased()) ? .string($0.lowercased()) : nil },
                "telecom": leading?.contact.map { [["system": "other", "value": .string($0)]] },
            ])
    }

    private static func organization(_ member: MembershipView.Member, _ context: ExportContext) -> ExportedResource {
        ExportedResource(
            "Organization", context.organizationID(member.node),
            [
                "identifier": [["system": .string(CodeSystem.node), "value": .string("\(member.node)")]],
                "name": .string(member.name), "active": .bool(!member.removed),
            ])
    }

    private static func practitioners(of member: MembershipView.Member, _ context: ExportContext) -> [ExportedResource] {
        member.practitioners.flatMap { person in
            let id = context.practitionerID(member.node, person.author)
            return [
                ExportedResource("Practitioner", id, ["name": [["text": .string(person.name)]]]),
                ExportedResource(
                    "PractitionerRole", ExportContext.uuid("\(id) role"),
                    [
                        "practitioner": context.reference(id), "organization": context.organization(member.node),
                        "code": [context.text(person.credential.rawValue)],
                    ]),
            ]
        }
    }

    private static func careTeam(_ context: ExportContext) -> ExportedResource {
        let participants = context.membership.members.filter { !$0.removed }.map { member in
            FHIRValue.object([
                "member": context.organization(member.node),
                "role": .array(member.scopes.map { context.text($0.rawValue) }),
            ])
        }
        return ExportedResource(
            "CareTeam", ExportContext.uuid("\(context.chart) team"),
            [
                "status": "active", "subject": context.patient,
                "participant": participants.isEmpty ? nil : .array(participants),
            ])
    }

    static func consent(_ body: ConsentGranted, _ entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let covered = body.recipients.filter { node in context.membership.members.contains { $0.node == node && $0.consent } }
        let actors = body.recipients.map { node in
            FHIRValue.object([
                "role": context.concept(
                    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"),
                "reference": context.organization(node),
            ])
        }
        return ExportedResource(
            "Consent", context.id(entry.label.event),
            [
                "identifier": context.identifier(entry.label.event),
                "status": entry.status(covered.isEmpty ? "inactive" : "active"),
                "scope": context.concept(
                    "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy consent"),
                "category": [context.concept(CodeSystem.loinc, "59284-0", "Consent document")],
                "patient": context.patient, "dateTime": context.time(entry.label.when),
                "policyRule": context.text(body.part2 == true ? "42 CFR Part 2" : "written consent of the patient"),
                "provision": .some([
                    "type": "permit", "actor": .array(actors), "purpose": [context.coding(CodeSystem.purpose, body.purpose)],
                    "period": body.until.map { ["end": context.day($0)] },
                ]),
            ])
    }
}
