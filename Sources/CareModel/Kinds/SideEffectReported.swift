public import EventLog

/// An unwanted effect, and the medication that is suspected (FHIR AdverseEvent actual).
public struct SideEffectReported: EventBody {
    /// How bad it is.
    public enum Severity: String, CaseIterable, Codable, Sendable {
        /// Mild.
        case mild
        /// Moderate.
        case moderate
        /// Severe.
        case severe
    }

    public static let kind: Kind = "side_effect.reported"
    public static let fhir = "AdverseEvent actual"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.optional(.lineage(.medication))
    /// What it is.
    public let what: String
    /// How bad it is.
    public let severity: Severity
    /// Since when.
    public let onset: CalendarDay?
    /// What became of it.
    public let outcome: String?

    public func check() throws(ContentError) { try requireText(what, "what") }

    public var summary: String { "side effect: \(what) (\(severity.rawValue))" }
}
