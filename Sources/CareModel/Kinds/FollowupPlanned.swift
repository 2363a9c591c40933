public import EventLog

/// A follow-up of the medication is planned (FHIR Appointment booked).
public struct FollowupPlanned: EventBody {
    public static let kind: Kind = "followup.planned"
    public static let fhir = "Appointment booked"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.prescribing])
    public static let targets = Targets.none
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

    public var summary: String { "follow-up planned (\(mode))" + (next_days.map { ", next in \($0) days" } ?? "") }
}
