public import EventLog

/// The patient allows that the chart is sent to these nodes (FHIR Consent active). A grant that names a revocation lifts it. Never erasable.
public struct ConsentGranted: EventBody {
    public static let kind: Kind = "consent.granted"
    public static let fhir = "Consent active"
    public static let rule = ConflictRule.safe(.consent)
    public static let authors = Authors.clinician
    public static let targets = Targets.optional(.kinds([kind, ConsentRevoked.kind]))
    /// Who may receive the chart.
    public let recipients: [NodeID]
    /// Why, such as `TREAT`.
    public let purpose: String
    /// SHA-256 of the signed document, base64url.
    public let signed_document_hash: EventHash
    /// The last day on which the chart may be sent.
    public let until: CalendarDay?
    /// True for a consent under 42 CFR Part 2.
    public let part2: Bool?

    /// Grants.
    public init(
        recipients: [NodeID], purpose: String, signed_document_hash: EventHash, until: CalendarDay?, part2: Bool? = nil
    ) {
        self.recipients = recipients
        self.purpose = purpose
        self.signed_document_hash = signed_document_hash
        self.until = until
        self.part2 = part2
    }

    public func check() throws(ContentError) {
        guard !recipients.isEmpty else { throw ContentError("recipients", "at least one node is needed") }
        try requireText(purpose, "purpose")
        if let until { try requireYear(until, "until") }
    }

    public var summary: String {
        "consent granted to \(recipients.count) recipients" + (until.map { " until \($0)" } ?? "")
    }
}
