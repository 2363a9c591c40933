public import EventLog

/// A node leaves the chart, or is made to. It stays removed until an admission names this event. Never erasable.
public struct MemberRemoved: EventBody {
    public static let kind: Kind = "member.removed"
    public static let fhir = "CareTeam inactive"
    public static let rule = ConflictRule.safe(.membership)
    public static let authors = Authors.stewardOrSubject
    public static let targets = Targets.required(.kinds([MemberAdmitted.kind, ChartOpened.kind]))
    /// Why.
    public let reason: String
    /// Who goes on with the care.
    public let successor: String?

    /// Removes a node.
    public init(reason: String, successor: String?) {
        self.reason = reason
        self.successor = successor
    }

    public func check() throws(ContentError) { try requireText(reason, "reason") }

    public var summary: String { "member removed: \(reason)" }
}
