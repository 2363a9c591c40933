import CareModel
import EventLog

/// What people record on the page, in the words they use for it.
enum RecordableKinds {
    struct Entry: Sendable {
        let title: String
        let kind: Kind
        /// What of the form is settled by the choice.
        var preset: [String: String] = [:]
    }

    static let groups: [(title: String, entries: [Entry])] = [
        (
            "Sessions",
            [
                Entry(title: "Session held", kind: SessionHeld.kind),
                Entry(title: "Session cancelled", kind: "session.cancelled"),
                Entry(title: "Session missed", kind: "session.missed"),
                Entry(title: "Progress summary for the other practices", kind: "progress_summary.shared"),
                Entry(title: "Plan of therapy", kind: "therapy.planned"),
            ]
        ),
        (
            "Scales and observations",
            [
                Entry(title: "PHQ-9", kind: ScaleCompleted.kind, preset: ["instrument": "PHQ-9"]),
                Entry(title: "GAD-7", kind: ScaleCompleted.kind, preset: ["instrument": "GAD-7"]),
                Entry(title: "C-SSRS screener", kind: ScreeningCompleted.kind),
                Entry(title: "Sleep, mood, energy or another observation", kind: "symptom.observed"),
            ]
        ),
        (
            "Medication",
            [
                Entry(title: "Prescription", kind: MedicationPrescribed.kind),
                Entry(title: "Dose change", kind: DoseAdjusted.kind), Entry(title: "Medication held", kind: "medication.held"),
                Entry(title: "Medication resumed", kind: "medication.resumed"),
                Entry(title: "Medication stopped", kind: "medication.stopped"),
                Entry(title: "What is actually taken", kind: "intake.reported"),
                Entry(title: "Side effect", kind: "side_effect.reported"),
                Entry(title: "Ask for a change", kind: "change.requested"),
            ]
        ),
        (
            "Safety",
            [
                Entry(title: "Safety concern", kind: "safety.concern_raised"),
                Entry(title: "Take up a safety concern", kind: "safety.acknowledged"),
                Entry(title: "Safety plan", kind: "safety_plan.updated"), Entry(title: "Allergy", kind: "allergy.recorded"),
                Entry(title: "Allergy refuted", kind: "allergy.refuted"),
            ]
        ),
        (
            "Assessment and follow-up",
            [
                Entry(title: "Assessment", kind: "assessment.recorded"), Entry(title: "Condition", kind: "condition.recorded"),
                Entry(title: "Laboratory result", kind: "lab.resulted"),
                Entry(title: "Follow-up planned", kind: "followup.planned"),
                Entry(title: "Follow-up held", kind: "followup.held"), Entry(title: "Follow-up missed", kind: "followup.missed"),
            ]
        ),
        (
            "Goals",
            [
                Entry(title: "Goal", kind: "goal.set"), Entry(title: "Goal changed", kind: "goal.updated"),
                Entry(title: "Goal met", kind: "goal.met"),
            ]
        ),
        (
            "Referrals and episodes",
            [
                Entry(title: "Referral", kind: "referral.requested"),
                Entry(title: "Referral accepted", kind: "referral.accepted"),
                Entry(title: "Referral rejected", kind: "referral.rejected"),
                Entry(title: "Referral completed", kind: "referral.completed"),
                Entry(title: "Referral failed", kind: "referral.failed"),
                Entry(title: "Referral cancelled", kind: "referral.cancelled"),
                Entry(title: "Episode of care opened", kind: "episode.opened"),
                Entry(title: "Episode of care closed", kind: "episode.closed"),
            ]
        ),
        (
            "The record itself",
            [
                Entry(title: "Name, birth date or contact", kind: "patient.identified"),
                Entry(title: "Correct what you recorded", kind: RecordAmended.kind),
                Entry(title: "Withdraw what you recorded", kind: "record.withdrawn"),
                Entry(title: "Take note of a dispute", kind: "conflict.acknowledged"),
            ]
        ),
    ]

    /// What a kind is called; nil for one that has no form.
    static func title(_ kind: Kind, _ preset: String) -> String? {
        let entries = groups.flatMap(\.entries).filter { $0.kind == kind }
        return (entries.first { $0.preset.values.contains(preset) } ?? entries.first)?.title
    }

    /// True where a practice with these scopes may record it; what its people may, their credentials decide.
    static func isFor(_ scopes: Set<Scope>, _ kind: Kind) -> Bool {
        guard let type = Catalogue.kind(kind) else { return false }
        if case .scopes(let needed) = type.authors { return !needed.isDisjoint(with: scopes) }
        return true
    }
}
