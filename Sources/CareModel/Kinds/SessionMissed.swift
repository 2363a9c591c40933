public import EventLog

/// A therapy session was missed (FHIR Appointment noshow).
public struct SessionMissed: EventBody {
    public static let kind: Kind = "session.missed"
    public static let fhir = "Appointment noshow"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.therapy])
    /// When it was to begin.
    public let start: ClinicalTime
    /// By whom.
    public let by: String
    /// Why.
    public let reason: String?

    public func check() throws(ContentError) { try requireText(by, "by") }

    public var summary: String { "session missed by \(by)" + (reason.map { ": \($0)" } ?? "") }
}
