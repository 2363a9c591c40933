import EventLog

/// What a member of a body is called on a form.
enum FieldWords {
    /// Names that mean the same wherever they stand.
    static let labels = [
        "drug": "Medicine", "dose": "Single dose", "frequency": "How often", "route": "Route",
        "effective_from": "From which day", "as_needed": "When needed", "max_dose": "Most in a day",
        "titration_plan": "Plan of titration", "based_on": "What the decision rests on",
        "taking": "Single dose that is taken; empty for none", "since": "Since which day", "minutes": "Minutes",
        "modality": "Modality", "place": "Where, or by which means", "participants": "Who else took part, one a line",
        "next_days": "Days until the next one", "mode": "How, such as in person", "range": "Reference range",
        "physical_health": "Physical health", "birth_date": "Born", "identifiers": "Numbers elsewhere, one a line",
        "first_appointment": "First appointment", "service": "What is asked for", "trigger": "What gave rise to it",
        "rule": "The concern", "level": "How grave", "action": "What is being done", "goals": "Goals, one a line",
        "focus": "Focus, one a line", "conditions": "Conditions, one a line", "labs": "Laboratory, one a line",
        "codes": "Codes, one a line", "attachments": "Attached notes, one a line", "contacts": "Emergency contacts, how many",
        "approver": "Approved by", "abated": "Over since", "onset": "Since which day",
    ]

    /// Names that mean another thing in each kind.
    static let special: [Kind: [String: String]] = [
        "dose.adjusted": ["from": "Single dose until now", "to": "New single dose"],
        "change.requested": ["to": "Asked of", "text": "What is asked for"],
        "referral.requested": ["to": "Asked of"],
        "symptom.observed": ["code": "What", "value": "How much"],
        "lab.resulted": ["code": "What was measured", "value": "Result"],
        "condition.recorded": ["code": "Condition"],
        "side_effect.reported": ["what": "What the patient noticed"],
        "session.held": ["start": "Began"],
        "session.cancelled": ["start": "Was to begin", "by": "Cancelled by"],
        "session.missed": ["start": "Was to begin", "by": "Missed by"],
        "goal.set": ["text": "Goal", "due": "By which day"],
        "goal.updated": ["text": "Goal", "due": "By which day"],
        "goal.met": ["text": "Goal", "due": "By which day"],
        "progress_summary.shared": ["text": "Summary"],
        "safety_plan.updated": ["text": "Plan"],
        "followup.planned": ["next_days": "Days until then", "due": "Day"],
        "followup.held": ["due": "Day of the next one"],
        "followup.missed": ["due": "Day of the next one"],
    ]

    private static let long: Set<String> = [
        "text", "history", "symptoms", "physical_health", "titration_plan", "action", "plan", "note", "taper",
    ]

    /// What a member is called in a kind; its own name where that is a word already.
    static func label(_ name: String, in kind: Kind) -> String {
        special[kind]?[name] ?? labels[name] ?? name.prefix(1).uppercased() + name.dropFirst().replacing("_", with: " ")
    }

    /// True where more than a line is to be expected.
    static func isLong(_ name: String) -> Bool { long.contains(name) }
}
