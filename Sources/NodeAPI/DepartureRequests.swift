public import EventLog

/// This practice leaves a chart. What is open and its to act on must be settled, or handed to a member.
public struct LeaveChartRequest: NodeRequest {
    public typealias Answer = [RecordedEvent]
    public static let name = "chart.leave"
    /// Which chart.
    public var chart: ChartID
    /// Why.
    public var reason: String
    /// The member that takes over what is open.
    public var handOpenItemsTo: NodeID?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// Leaves.
    public init(chart: ChartID, reason: String, handOpenItemsTo: NodeID?, view: String, request: String) {
        self.chart = chart
        self.reason = reason
        self.handOpenItemsTo = handOpenItemsTo
        self.view = view
        self.request = request
    }
}

/// Another practice takes this one's place in a chart, with its scopes; this one leaves.
public struct HandOverChartRequest: NodeRequest {
    public typealias Answer = [RecordedEvent]
    public static let name = "chart.hand-over"
    /// Which chart.
    public var chart: ChartID
    /// The successor: a member, or a paired node.
    public var to: NodeID
    /// Why.
    public var reason: String
    /// The member that takes over what is open.
    public var handOpenItemsTo: NodeID?
    /// The patient's consent, where none covers the successor yet.
    public var consent: Consent?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// A consent as it was signed.
    public struct Consent: Codable, Sendable {
        /// Why, such as `TREAT`.
        public var purpose: String
        /// SHA-256 of the signed document.
        public var signedDocument: EventHash
        /// The last day on which the chart may be sent.
        public var until: CalendarDay?
        /// True for a consent under 42 CFR Part 2.
        public var part2: Bool?

        /// A consent.
        public init(purpose: String, signedDocument: EventHash, until: CalendarDay?, part2: Bool?) {
            self.purpose = purpose
            self.signedDocument = signedDocument
            self.until = until
            self.part2 = part2
        }
    }

    /// Hands over.
    public init(
        chart: ChartID, to: NodeID, reason: String, handOpenItemsTo: NodeID?, consent: Consent?, view: String, request: String
    ) {
        self.chart = chart
        self.to = to
        self.reason = reason
        self.handOpenItemsTo = handOpenItemsTo
        self.consent = consent
        self.view = view
        self.request = request
    }
}

/// Care ends: the open episodes of a chart are closed.
public struct DischargeRequest: NodeRequest {
    public static let name = "chart.discharge"
    /// Which chart.
    public var chart: ChartID
    /// Why care ends.
    public var reason: String
    /// The member that takes over what is open.
    public var handOpenItemsTo: NodeID?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// The end of care, and what goes on after it.
    public struct Answer: Codable, Sendable {
        /// The closings, after the hand-over where there is one.
        public var recorded: [RecordedEvent]
        /// Medication that is still taken, or disputed: somebody goes on with it, or it is to be stopped.
        public var medications: [Medication]

        /// The end of care.
        public init(recorded: [RecordedEvent], medications: [Medication]) {
            self.recorded = recorded
            self.medications = medications
        }
    }

    /// A medication that does not end with the care.
    public struct Medication: Codable, Hashable, Sendable {
        /// The prescription.
        public var root: EventHash
        /// The medicine; nil where it was erased.
        public var drug: String?
        /// How it stands.
        public var state: String

        /// A medication.
        public init(root: EventHash, drug: String?, state: String) {
            self.root = root
            self.drug = drug
            self.state = state
        }
    }

    /// Discharges.
    public init(chart: ChartID, reason: String, handOpenItemsTo: NodeID?, view: String, request: String) {
        self.chart = chart
        self.reason = reason
        self.handOpenItemsTo = handOpenItemsTo
        self.view = view
        self.request = request
    }
}
