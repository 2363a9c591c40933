public import EventLog

/// Events of a chart came from a peer; in the node's journal only (FHIR AuditEvent, IHE Basic Audit Log Patterns, disclosure at its
/// recipient). Written a moment later, with the time at which they came.
public struct DisclosureReceived: EventBody {
    public static let kind: Kind = "disclosure.received"
    public static let fhir = "AuditEvent (BALP)"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Who sent it.
    public let peer: NodeID
    /// Which chart.
    public let chart: ChartID
    /// Which events; what was here before is not among them.
    public let ranges: [DisclosureRecorded.Range]
    /// Events in all.
    public let events: Int

    /// Says what came from whom.
    public init(peer: NodeID, chart: ChartID, ranges: [DisclosureRecorded.Range], events: Int) {
        self.peer = peer
        self.chart = chart
        self.ranges = ranges
        self.events = events
    }

    public var summary: String { "\(events) events of \(chart.short) from \(peer)" }
}
