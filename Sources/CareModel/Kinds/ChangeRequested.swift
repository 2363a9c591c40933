public import EventLog

/// A clinician asks for a change that another decides (FHIR Task requested). A later event that names it settles it.
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

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { "change requested: \(text)" }
}
