public import EventLog

/// Somebody has taken note of a dispute or its settlement. It settles nothing.
public struct ConflictAcknowledged: EventBody {
    public static let kind: Kind = "conflict.acknowledged"
    public static let fhir = "Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.anyLineage)
    /// Remarks.
    public let note: String?

    public var summary: String { "conflict acknowledged" + (note.map { ": \($0)" } ?? "") }
}
