public import EventLog

/// The patient takes a consent back for these nodes (FHIR Consent inactive): nothing more is sent. Never erasable.
public struct ConsentRevoked: EventBody {
    public static let kind: Kind = "consent.revoked"
    public static let fhir = "Consent inactive"
    public static let rule = ConflictRule.safe(.consent)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.kinds([ConsentGranted.kind]))
    /// Who shall receive nothing more.
    public let recipients: [NodeID]
    /// Why.
    public let reason: String?

    /// Revokes.
    public init(recipients: [NodeID], reason: String? = nil) {
        self.recipients = recipients
        self.reason = reason
    }

    public func check() throws(ContentError) {
        guard !recipients.isEmpty else { throw ContentError("recipients", "at least one node is needed") }
    }

    public var summary: String { "consent revoked for \(recipients.count) recipients" }
}
