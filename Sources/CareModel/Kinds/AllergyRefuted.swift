public import EventLog

/// An allergy was not one (FHIR AllergyIntolerance refuted). It lifts only the records that it names.
public struct AllergyRefuted: EventBody {
    public static let kind: Kind = "allergy.refuted"
    public static let fhir = "AllergyIntolerance refuted"
    public static let rule = ConflictRule.safe(.allergy)
    public static let authors = Authors.scopes([.prescribing, .primaryCare])
    public static let targets = Targets.required(.kinds([AllergyRecorded.kind]))
    /// To what.
    public let substance: String
    /// Why it is none.
    public let reaction: String?

    public func check() throws(ContentError) { try requireText(substance, "substance") }

    public var summary: String { "allergy refuted: \(substance)" }
}
