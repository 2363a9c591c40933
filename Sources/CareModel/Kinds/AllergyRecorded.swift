public import EventLog

/// An allergy (FHIR AllergyIntolerance active). It stays active until a refutation names it.
public struct AllergyRecorded: EventBody {
    /// FHIR's criticality.
    public enum Criticality: String, CaseIterable, Codable, Sendable {
        /// Low.
        case low
        /// High.
        case high
        /// Not known.
        case unableToAssess = "unable-to-assess"
    }

    public static let kind: Kind = "allergy.recorded"
    public static let fhir = "AllergyIntolerance active"
    public static let rule = ConflictRule.safe(.allergy)
    public static let authors = Authors.clinician
    /// To what.
    public let substance: String
    /// How dangerous.
    public let criticality: Criticality
    /// What happens.
    public let reaction: String?

    /// An allergy.
    public init(substance: String, criticality: Criticality, reaction: String? = nil) {
        self.substance = substance
        self.criticality = criticality
        self.reaction = reaction
    }

    public func check() throws(ContentError) { try requireText(substance, "substance") }

    public var summary: String { "allergy: \(substance) (\(criticality.rawValue))" + (reaction.map { ", \($0)" } ?? "") }
}
