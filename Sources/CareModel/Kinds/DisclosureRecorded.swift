public import EventLog

/// Events of a chart were sent to a peer; in the node's journal only (FHIR AuditEvent; the accounting of disclosures that a patient can
/// ask for, 45 CFR 164.528 and 42 CFR 2.25). Written before the first byte leaves.
public struct DisclosureRecorded: EventBody {
    /// A part of a sequence.
    public struct Range: Codable, Hashable, Sendable {
        /// The sequence.
        public let origin: Origin
        /// The first number.
        public let from: Int
        /// The last number.
        public let to: Int

        /// A part of a sequence.
        public init(origin: Origin, from: Int, to: Int) {
            self.origin = origin
            self.from = from
            self.to = to
        }
    }

    public static let kind: Kind = "disclosure.recorded"
    public static let fhir = "AuditEvent (BALP)"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Who received it.
    public let peer: NodeID
    /// Which chart.
    public let chart: ChartID
    /// Which events.
    public let ranges: [Range]
    /// The consent that was relied on.
    public let consent: EventHash?
    /// Events in all.
    public let events: Int

    /// Says what is sent to whom.
    public init(peer: NodeID, chart: ChartID, ranges: [Range], consent: EventHash?, events: Int) {
        self.peer = peer
        self.chart = chart
        self.ranges = ranges
        self.consent = consent
        self.events = events
    }

    public var summary: String { "\(events) events of \(chart.short) to \(peer)" }
}
