public import EventLog

/// A follow-up of the medication is held (FHIR Appointment fulfilled).
public struct FollowupHeld: EventBody {
    public static let kind: Kind = "followup.held"
    public static let fhir = "Appointment fulfilled"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.prescribing, .primaryCare])
    public static let targets = Targets.optional(.kinds(["followup.planned"]))
    /// In person, by phone and so on.
    public let mode: String
    /// Days until the next one.
    public let next_days: Int?
    /// The day of the next one.
    public let due: CalendarDay?

    public func check() throws(ContentError) {
        try requireText(mode, "mode")
        if let next_days, !(1...365).contains(next_days) { throw ContentError("next_days", "must be 1 to 365") }
    }

    public func check(at when: ClinicalTime) throws(ContentError) { try requireDue(due, after: when) }

    public var summary: String { "follow-up held (\(mode))" + (next_days.map { ", next in \($0) days" } ?? "") }
}
