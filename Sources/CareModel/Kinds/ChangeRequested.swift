public import EventLog

/// A clinician asks for a change that another decides (FHIR Task requested). A later event that names it settles it. Where a practice
/// hands open items over, it names them in refs and says to whom in `to`; such a request is settled when the last of them is.
public struct ChangeRequested: EventBody {
    public static let kind: Kind = "change.requested"
    public static let fhir = "Task requested"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.optional(.any)
    /// What is asked for.
    public let text: String
    /// How soon.
    public let urgency: String?
    /// The member that shall decide; anybody where it is left out.
    public let to: NodeID?

    /// Asks.
    public init(text: String, urgency: String? = nil, to: NodeID? = nil) {
        self.text = text
        self.urgency = urgency
        self.to = to
    }

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { "change requested: \(text)" }
}
