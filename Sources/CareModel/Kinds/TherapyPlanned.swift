public import EventLog

/// A plan for the therapy, in the words of the guide "Finding Your Balance": what it is for, what it works on, how long it is meant to
/// last (FHIR CarePlan active). A later plan that names it replaces it.
public struct TherapyPlanned: EventBody {
    /// How long it is meant to last.
    public enum Duration: String, CaseIterable, Codable, Sendable {
        /// For a time.
        case shortTerm = "short-term"
        /// Without an end in sight.
        case openEnded = "open-ended"
    }

    public static let kind: Kind = "therapy.planned"
    public static let fhir = "CarePlan active"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.therapy])
    public static let targets = Targets.optional(.kinds([kind]))
    /// `coping skills`, `processing emotions`, or other words.
    public let goals: [String]
    /// `behaviour`, `trauma`, `lifestyle`, or other words.
    public let focus: [String]
    /// How long it is meant to last.
    public let duration: Duration
    /// Such as individual CBT.
    public let modality: String?
    /// Such as weekly.
    public let frequency: String?

    public func check() throws(ContentError) {
        guard !goals.isEmpty else { throw ContentError("goals", "at least one goal is needed") }
        guard !focus.isEmpty else { throw ContentError("focus", "at least one focus is needed") }
        for goal in goals { try requireText(goal, "goals") }
        for one in focus { try requireText(one, "focus") }
    }

    public var summary: String {
        "therapy planned, \(duration.rawValue): \(goals.joined(separator: ", ")); focus on \(focus.joined(separator: ", "))"
    }
}
