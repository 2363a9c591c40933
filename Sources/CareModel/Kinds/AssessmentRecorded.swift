public import EventLog

/// An assessment of history, symptoms and physical health (FHIR Encounter finished, Condition, Observation).
public struct AssessmentRecorded: EventBody {
    public static let kind: Kind = "assessment.recorded"
    public static let fhir = "Encounter finished + Condition + Observation"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.prescribing, .primaryCare, .therapy])
    /// What was before.
    public let history: String
    /// What there is now.
    public let symptoms: String
    /// Physical health.
    public let physical_health: String
    /// ICD-10-CM.
    public let conditions: [String]?
    /// LOINC.
    public let labs: [String]?

    public func check() throws(ContentError) {
        try requireText(history, "history")
        try requireText(symptoms, "symptoms")
        try requireText(physical_health, "physical_health")
    }

    public var summary: String { "assessment: \(symptoms); history: \(history); physical health: \(physical_health)" }
}
