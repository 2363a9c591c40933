public import EventLog

/// A clinician has taken up the concerns that it names, and no others (FHIR Flag inactive).
public struct SafetyAcknowledged: EventBody {
    public static let kind: Kind = "safety.acknowledged"
    public static let fhir = "Flag inactive"
    public static let rule = ConflictRule.safe(.concern)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.kinds([SafetyConcernRaised.kind]))
    /// What is done.
    public let action: String
    /// What follows.
    public let plan: String?

    public func check() throws(ContentError) { try requireText(action, "action") }

    public var summary: String { "safety concern acknowledged: \(action)" }
}
