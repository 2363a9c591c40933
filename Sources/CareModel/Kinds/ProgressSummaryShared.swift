public import EventLog

/// What a therapist shares of the progress (FHIR DocumentReference, LOINC 11506-3). Excluded from psychotherapy notes by 45 CFR 164.501.
public struct ProgressSummaryShared: EventBody {
    public static let kind: Kind = "progress_summary.shared"
    public static let fhir = "DocumentReference current, LOINC 11506-3"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.therapy])
    /// The summary.
    public let text: String
    /// Goals that it speaks of.
    public let goals: [String]?

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { "progress: \(text)" }
}
