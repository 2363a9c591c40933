public import EventLog

/// The bodies of the events that it names are erased everywhere (GDPR Art. 17). Their envelopes stay: kind, author and time outlive it.
public struct EventErased: EventBody {
    public static let kind: Kind = "event.erased"
    public static let fhir = "Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.authorOfTargetOrSteward
    public static let targets = Targets.required(.any)
    /// The legal ground, and who decided.
    public let authority: String

    /// Erases what the refs name.
    public init(authority: String) { self.authority = authority }

    public func check() throws(ContentError) { try requireText(authority, "authority") }

    /// A replica that does not know it would keep what must be erased.
    public static var critical: Bool { true }

    public var summary: String { "erased: \(authority)" }
}
