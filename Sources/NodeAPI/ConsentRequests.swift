public import EventLog

/// Records that the patient allows the chart to be sent to members. It takes the place of what stood for the same recipients.
public struct GrantConsentRequest: NodeRequest {
    public typealias Answer = [RecordedEvent]
    public static let name = "consent.grant"
    /// Which chart.
    public var chart: ChartID
    /// The members; none for all.
    public var recipients: [NodeID]
    /// Why, such as `TREAT`.
    public var purpose: String
    /// SHA-256 of the signed consent.
    public var signedDocument: EventHash
    /// The last day on which the chart may be sent.
    public var until: CalendarDay?
    /// True for a consent under 42 CFR Part 2.
    public var part2: Bool?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// Grants.
    public init(
        chart: ChartID, recipients: [NodeID], purpose: String, signedDocument: EventHash, until: CalendarDay?, part2: Bool?,
        view: String, request: String
    ) {
        self.chart = chart
        self.recipients = recipients
        self.purpose = purpose
        self.signedDocument = signedDocument
        self.until = until
        self.part2 = part2
        self.view = view
        self.request = request
    }
}

/// Records that the patient takes a consent back: nothing more is sent to these nodes.
public struct RevokeConsentRequest: NodeRequest {
    public static let name = "consent.revoke"
    /// Which chart.
    public var chart: ChartID
    /// For whom.
    public var recipients: [NodeID]
    /// Why; nil where the patient does not say.
    public var reason: String?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// A consent that was taken back.
    public struct Answer: Codable, Sendable {
        /// The revocation.
        public var recorded: [RecordedEvent]
        /// What this node had sent to these nodes before: it cannot be taken back.
        public var left: [DisclosureEntry]

        /// A consent that was taken back.
        public init(recorded: [RecordedEvent], left: [DisclosureEntry]) {
            self.recorded = recorded
            self.left = left
        }
    }

    /// Revokes.
    public init(chart: ChartID, recipients: [NodeID], reason: String?, view: String, request: String) {
        self.chart = chart
        self.recipients = recipients
        self.reason = reason
        self.view = view
        self.request = request
    }
}
