public import EventLog

/// Something that must not be overlooked (FHIR Flag active). Keyed by its trigger, so that a rule and a person make one concern.
public struct SafetyConcernRaised: EventBody {
    public static let kind: Kind = "safety.concern_raised"
    public static let fhir = "Flag active"
    public static let rule = ConflictRule.safe(.concern)
    public static let authors = Authors.clinician
    public static let targets = Targets.optional(.any)
    /// The event that gave rise to it.
    public let trigger: EventHash
    /// The rule that it goes by.
    public let rule: String
    /// How grave.
    public let level: String?

    public func check() throws(ContentError) { try requireText(rule, "rule") }

    public var summary: String { "safety concern: \(rule)" }
}
