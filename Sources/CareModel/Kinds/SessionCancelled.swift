public import EventLog

/// A therapy session was cancelled (FHIR Encounter cancelled).
public struct SessionCancelled: EventBody {
    public static let kind: Kind = "session.cancelled"
    public static let fhir = "Encounter cancelled"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.therapy])
    /// When it was to begin.
    public let start: ClinicalTime
    /// By whom.
    public let by: String
    /// Why.
    public let reason: String?

    /// A session that was cancelled.
    public init(start: ClinicalTime, by: String, reason: String? = nil) {
        self.start = start
        self.by = by
        self.reason = reason
    }

    public func check() throws(ContentError) { try requireText(by, "by") }

    public var summary: String { "session cancelled by \(by)" + (reason.map { ": \($0)" } ?? "") }
}
