import CareModel
import EventLog
import FoundationEssentials

/// Where the resources came from, and where they went.
extension FHIRExport {
    /// The event behind the resources: by whom, when, what it named. Its members stand in an extension, so that nothing that FHIR has no
    /// element for is lost.
    static func provenance(of entry: Fold.Entry, _ context: ExportContext) -> ExportedResource {
        let node = entry.envelope.origin.node
        let sources = entry.envelope.refs.map { ref in
            FHIRValue.object([
                "role": "revision",
                "what": ["identifier": ["system": .string(CodeSystem.event), "value": .string("\(ref)")]],
            ])
        }
        let targets = addresses(of: entry, context)
        return ExportedResource(
            "Provenance", context.id(entry.label.event, "provenance"),
            [
                "extension": [SourceEvent(entry).element],
                "target": .array((targets.isEmpty ? [context.compositionID] : targets).map { context.reference($0) }),
                "occurredDateTime": context.time(entry.label.when), "recorded": .string("\(entry.label.at)"),
                "activity": context.concept(CodeSystem.kind, entry.label.kind.name),
                "agent": [["who": context.author(entry), "onBehalfOf": context.organization(node)]],
                "entity": sources.isEmpty ? nil : .array(sources),
            ])
    }

    /// The resources that an event made or changed.
    private static func addresses(of entry: Fold.Entry, _ context: ExportContext) -> [String] {
        if entry.label.kind == PatientIdentified.kind { return [context.patientID] }
        guard entry.isExported else { return [] }
        let own = made(by: entry, context)
        guard own.isEmpty else { return own }
        return entry.envelope.refs.compactMap { context.entry($0) }.flatMap { made(by: $0, context) }
    }

    private static func made(by entry: Fold.Entry, _ context: ExportContext) -> [String] {
        guard entry.isExported else { return [] }
        let event = entry.label.event
        switch entry.body {
        case is ReferralRequested: return [context.id(event)]
        case let body as AssessmentRecorded:
            return [context.id(event)] + ["10164-2", "11348-0", "29545-1"].map { context.id(event, $0) }
                + (body.conditions ?? []).map { context.id(event, "condition \($0)") }
        case is ScaleCompleted: return [context.id(event), context.id(event, "total")]
        case is ScreeningCompleted: return [context.id(event), context.id(event, "level")]
        case is SideEffectReported: return entry.isWithdrawn ? [] : [context.id(event)]
        case is ConditionRecorded, is SessionHeld, is SessionCancelled, is SessionMissed, is ProgressSummaryShared,
            is FollowupPlanned, is FollowupHeld,
            is FollowupMissed, is SymptomObserved, is LabResulted, is IntakeReported, is AllergyRecorded, is SafetyConcernRaised,
            is SafetyPlanUpdated, is TherapyPlanned, is GoalSet, is ChangeRequested, is ConsentGranted:
            return [context.id(event)]
        default: break
        }
        switch entry.value {
        case .medication?: return [context.id(event)]
        case .referral?: return entry.standing == .replaced ? [] : [context.id(event, "task")]
        case .episode?: return entry.standing == .replaced ? [] : [context.id(event)]
        case .erased?, nil: return []
        }
    }

    /// What was sent to a peer, by the pattern for a disclosure at its source (IHE Basic Audit Log Patterns).
    static func auditEvent(_ disclosure: Disclosure, by node: NodeID, _ context: ExportContext) -> ExportedResource {
        func agent(_ code: String, _ display: String, _ node: NodeID) -> FHIRValue {
            ["type": context.concept(CodeSystem.dicom, code, display), "who": context.organization(node), "requestor": false]
        }
        let types = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
        let roles = "http://terminology.hl7.org/CodeSystem/object-role"
        let ranges = disclosure.body.ranges.map { "\($0.origin) \($0.from)-\($0.to)" }.joined(separator: ", ")
        return ExportedResource(
            "AuditEvent", ExportContext.uuid("\(context.chart) disclosure \(disclosure.at) \(disclosure.body.peer) \(ranges)"),
            [
                "type": context.coding(CodeSystem.dicom, "110106", "Export"),
                "subtype": [
                    context.coding(
                        "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event"
                    )
                ],
                "action": "R", "recorded": .string("\(disclosure.at)"), "outcome": "0",
                "purposeOfEvent": [context.concept(CodeSystem.purpose, "TREAT", "treatment")],
                "agent": [
                    agent("110153", "Source Role ID", node), agent("110152", "Destination Role ID", disclosure.body.peer),
                ],
                "source": ["observer": context.organization(node)],
                "entity": [
                    [
                        "what": context.patient, "type": context.coding(types, "1", "Person"),
                        "role": context.coding(roles, "1", "Patient"),
                    ],
                    [
                        "what": context.reference(context.compositionID), "type": context.coding(types, "2", "System Object"),
                        "role": context.coding(roles, "4", "Domain Resource"),
                        "description": .string("\(disclosure.body.events) events: \(ranges)"),
                    ],
                ],
            ])
    }
}

/// An event of Duolog inside a Provenance: what import takes back, so that a chart survives the way through FHIR whole.
struct SourceEvent {
    static let url = "urn:duolog:source-event"
    /// Who may do what in a chart is the chart's own affair, and no file's.
    static let structural = Catalogue.neverErased.union([PractitionerEnrolled.kind, BranchAdopted.kind])

    let event: EventHash
    let kind: Kind
    let refs: [EventHash]
    /// The last events that its author had before them.
    let parents: [EventHash]
    let when: ClinicalTime
    /// The members of the body; nil where it was erased.
    let members: String?
    /// Why it did not count, where it did not.
    let because: String?

    init(_ entry: Fold.Entry) {
        event = entry.label.event
        kind = entry.label.kind
        refs = entry.envelope.refs
        parents = entry.parents
        when = entry.label.when
        members = entry.members.map { String(decoding: $0, as: UTF8.self) }
        because = entry.because
    }

    /// False for what is no event of another chart: the chart's own affairs, what was erased, what never counted.
    var isTaken: Bool { !Self.structural.contains(kind) && members != nil && because == nil }

    /// Reads it back; nil where it is none.
    init?(_ element: FHIRValue) {
        guard element["url"]?.text == Self.url else { return nil }
        var values: [String: String] = [:]
        var named: [String: [EventHash]] = [:]
        for part in element["extension"]?.elements ?? [] {
            guard let name = part["url"]?.text, let value = part["valueString"]?.text else { return nil }
            if name == "ref" || name == "seen" {
                guard let ref = EventHash(value) else { return nil }
                named[name, default: []].append(ref)
            } else {
                values[name] = value
            }
        }
        guard let event = values["event"].flatMap({ EventHash($0) }), let kind = values["kind"].flatMap({ Kind($0) }),
            let when = values["when"].flatMap({ ClinicalTime($0) })
        else { return nil }
        (self.event, self.kind, self.when) = (event, kind, when)
        (refs, parents) = (named["ref"] ?? [], named["seen"] ?? [])
        (members, because) = (values["members"], values["because"])
    }

    var element: FHIRValue {
        func part(_ name: String, _ value: String?) -> FHIRValue? {
            value.map { ["url": .string(name), "valueString": .string($0)] }
        }
        let parts = [
            part("event", "\(event)"), part("kind", kind.name), part("when", "\(when)"), part("members", members),
            part("because", because),
        ]
        return [
            "url": .string(Self.url),
            "extension": .array(
                parts.compactMap { $0 } + refs.compactMap { part("ref", "\($0)") } + parents.compactMap { part("seen", "\($0)") }),
        ]
    }
}
