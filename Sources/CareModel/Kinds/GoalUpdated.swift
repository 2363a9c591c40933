public import EventLog

/// A goal is updated (FHIR Goal).
public struct GoalUpdated: EventBody {
    public static let kind: Kind = "goal.updated"
    public static let fhir = "Goal active"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.kinds(["goal.set", "goal.updated"]))
    /// The goal.
    public let text: String
    /// What is measured.
    public let measure: String?
    /// What is to be reached.
    public let target: String?
    /// By when.
    public let due: CalendarDay?

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { "goal updated: \(text)" }
}
