public import EventLog

/// Somebody looked at, or tried to do, something; in the node's journal only (FHIR AuditEvent).
public struct AccessRecorded: EventBody {
    public static let kind: Kind = "access.recorded"
    public static let fhir = "AuditEvent (BALP)"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// The practitioner, or the uid of somebody who is none.
    public let who: String
    /// What was done or refused.
    public let what: String
    /// The chart.
    public let chart: ChartID?
    /// The view token of what was seen.
    public let view: String?
    /// The event that was looked at.
    public let event: EventHash?
    /// Why.
    public let purpose: String?

    /// Says who did what.
    public init(
        who: String, what: String, chart: ChartID? = nil, view: String? = nil, event: EventHash? = nil, purpose: String? = nil
    ) {
        self.who = who
        self.what = what
        self.chart = chart
        self.view = view
        self.event = event
        self.purpose = purpose
    }

    public var summary: String { "\(who): \(what)" }
}
