public import EventLog

/// A goal is met (FHIR Goal).
public struct GoalMet: EventBody {
    public static let kind: Kind = "goal.met"
    public static let fhir = "Goal completed"
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

    /// A goal that was reached.
    public init(text: String, measure: String? = nil, target: String? = nil, due: CalendarDay? = nil) {
        self.text = text
        self.measure = measure
        self.target = target
        self.due = due
    }

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { "goal met: \(text)" }
}
