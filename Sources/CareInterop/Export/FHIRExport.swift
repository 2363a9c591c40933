public import CareModel
public import EventLog

/// A chart as a FHIR R4 (4.0.1) Bundle: the resources that its events stand for, a Provenance for each event, and an AuditEvent for
/// each disclosure.
///
/// A disputed value is several resources and a DetectedIssue, never one of them. A pure function of the fold and of what is handed to
/// it: equal charts make equal bytes.
public enum FHIRExport {
    /// Something that was sent to a peer, as the node's journal has it.
    public struct Disclosure: Sendable {
        /// When.
        public let at: Timestamp
        /// What was sent to whom.
        public let body: DisclosureRecorded

        /// Names a disclosure.
        public init(at: Timestamp, body: DisclosureRecorded) {
            self.at = at
            self.body = body
        }
    }

    /// Makes the bundle.
    ///
    /// - Parameters:
    ///   - fold: the chart; what it counts is what is exported.
    ///   - node: the node that exports.
    ///   - disclosures: what its journal says was sent of this chart.
    ///   - now: the bundle's time.
    public static func bundle(_ fold: Fold, node: NodeID, disclosures: [Disclosure], now: Timestamp) -> FHIRValue {
        let context = ExportContext(fold)
        var resources = people(context, now: now)
        for entry in context.entries { resources += clinical(entry, context) }
        resources += registers(context)
        resources += context.entries.map { provenance(of: $0, context) }
        resources += disclosures.map { auditEvent($0, by: node, context) }
        return .some([
            "resourceType": "Bundle", "type": "collection", "timestamp": .string("\(now)"),
            "identifier": ["system": .string(CodeSystem.chart), "value": .string("\(context.chart)")],
            "entry": .array(resources.map(\.entry)),
        ])
    }

    /// The resources of one event that are not a register's.
    private static func clinical(_ entry: Fold.Entry, _ context: ExportContext) -> [ExportedResource] {
        guard entry.isExported, let body = entry.body else { return [] }
        switch body {
        case let body as SessionHeld: return [session(body, entry, context)]
        case let body as SessionCancelled: return [cancelled(body, entry, context)]
        case let body as SessionMissed: return [missed(body, entry, context)]
        case let body as AssessmentRecorded: return assessment(body, entry, context)
        case let body as ProgressSummaryShared: return [summary(body, entry, context)]
        case let body as FollowupPlanned: return [followup("proposed", body.mode, body.due, entry, context)]
        case let body as FollowupHeld: return [followup("fulfilled", body.mode, body.due, entry, context)]
        case let body as FollowupMissed: return [followup("noshow", body.mode, body.due, entry, context)]
        case let body as ScaleCompleted: return scale(body, entry, context)
        case let body as ScreeningCompleted: return screening(body, entry, context)
        case let body as SymptomObserved: return [observation(body.code, body.value, "survey", body.device, entry, context)]
        case let body as LabResulted: return [observation(body.code, body.value, "laboratory", body.range, entry, context)]
        case let body as IntakeReported: return [intake(body, entry, context)]
        case let body as SideEffectReported: return sideEffect(body, entry, context)
        case let body as ConditionRecorded: return [condition(body, entry, context)]
        case let body as AllergyRecorded: return [allergy(body, entry, context)]
        case let body as SafetyConcernRaised: return [concern(body, entry, context)]
        case let body as SafetyPlanUpdated: return [safetyPlan(body, entry, context)]
        case let body as TherapyPlanned: return [therapyPlan(body, entry, context)]
        case let body as GoalSet: return [goal(body, entry, context)]
        case let body as ChangeRequested: return [request(body, entry, context)]
        case let body as ConsentGranted: return [consent(body, entry, context)]
        default: return []
        }
    }
}

/// A resource with its address in the bundle.
struct ExportedResource {
    let id: String
    let value: FHIRValue

    init(_ type: String, _ id: String, _ members: [String: FHIRValue?]) {
        self.id = id
        var members = members.compactMapValues { $0 }
        members["resourceType"] = .string(type)
        members["id"] = .string(id)
        value = .object(members)
    }

    var entry: FHIRValue { ["fullUrl": .string("urn:uuid:\(id)"), "resource": value] }
}

extension Fold.Entry {
    /// What was never in effect is no part of the record; its Provenance says that it is there, and why it does not count.
    var isExported: Bool { standing != .withoutEffect && standing != .unknown }

    var isWithdrawn: Bool { standing == .withdrawn }

    /// The status of a resource; what was withdrawn was entered in error.
    func status(_ status: String) -> FHIRValue { .string(isWithdrawn ? "entered-in-error" : status) }

    /// The status of a final result: a correction says so.
    var resultStatus: FHIRValue { status(isAmended ? "amended" : "final") }
}
