public import CareModel
public import EventLog

/// Opens a chart: the genesis, this node's own admission, its practitioner and the patient.
public struct OpenChartRequest: NodeRequest {
    public static let name = "chart.open"
    /// Who the chart is about, as JSON members of `patient.identified`.
    public var patient: String
    /// What this node does in the chart, besides being its steward.
    public var scopes: [Scope]
    /// Clinical time; nil for now.
    public var when: ClinicalTime?
    /// Repeating it returns the first answer.
    public var request: String

    /// The chart that was opened.
    public struct Answer: Codable, Sendable {
        /// Its id.
        public var chart: ChartID
        /// A view of it.
        public var view: String

        /// A chart.
        public init(chart: ChartID, view: String) {
            self.chart = chart
            self.view = view
        }
    }

    /// Opens a chart.
    public init(patient: String, scopes: [Scope], when: ClinicalTime?, request: String) {
        self.patient = patient
        self.scopes = scopes
        self.when = when
        self.request = request
    }
}

/// A chart as it is listed.
public struct ChartSummary: Codable, Hashable, Sendable {
    /// Its id.
    public var chart: ChartID
    /// The patient's name; several where corrections differ.
    public var patient: [String]
    /// The patient's day of birth; several where corrections differ.
    public var birth_dates: [CalendarDay]
    /// Events here.
    public var events: Int
    /// Open disputes.
    public var disputes: Int
    /// Practices that belong to it.
    public var members: [String]
    /// True when a newer Duolog is needed to read all of it.
    public var incomplete: Bool
    /// What this practice keeps of it for itself.
    public var local: LocalChart

    /// A chart.
    public init(
        chart: ChartID, patient: [String], birth_dates: [CalendarDay], events: Int, disputes: Int, members: [String],
        incomplete: Bool, local: LocalChart
    ) {
        self.chart = chart
        self.patient = patient
        self.birth_dates = birth_dates
        self.events = events
        self.disputes = disputes
        self.members = members
        self.incomplete = incomplete
        self.local = local
    }
}

/// Lists the charts.
public struct ListChartsRequest: NodeRequest {
    public typealias Answer = [ChartSummary]
    public static let name = "chart.list"

    /// Lists them.
    public init() {}
}

/// Admits nodes to a chart and records the patient's consent. The whole chart is disclosed to them.
public struct ShareChartRequest: NodeRequest {
    public typealias Answer = [RecordedEvent]
    public static let name = "chart.share"
    /// Which chart.
    public var chart: ChartID
    /// Paired nodes and what they may do.
    public var members: [Member]
    /// Why, such as `TREAT`.
    public var purpose: String
    /// The last day on which the chart may be sent.
    public var until: CalendarDay?
    /// SHA-256 of the signed consent.
    public var signedDocument: EventHash
    /// True for a consent under 42 CFR Part 2.
    public var part2: Bool?
    /// Clinical time; nil for now.
    public var when: ClinicalTime?
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// A node and what it may do.
    public struct Member: Codable, Sendable {
        /// Its short id; it must be paired.
        public var node: NodeID
        /// What it may do.
        public var scopes: [Scope]

        /// A node and what it may do.
        public init(node: NodeID, scopes: [Scope]) {
            self.node = node
            self.scopes = scopes
        }
    }

    /// Shares a chart.
    public init(
        chart: ChartID, members: [Member], purpose: String, until: CalendarDay?, signedDocument: EventHash,
        part2: Bool? = nil, when: ClinicalTime?, view: String, request: String
    ) {
        self.chart = chart
        self.members = members
        self.purpose = purpose
        self.until = until
        self.signedDocument = signedDocument
        self.part2 = part2
        self.when = when
        self.view = view
        self.request = request
    }
}

/// Removes a node from a chart: nothing more is sent to it. What it has, it keeps.
public struct UnshareChartRequest: NodeRequest {
    public typealias Answer = [RecordedEvent]
    public static let name = "chart.unshare"
    /// Which chart.
    public var chart: ChartID
    /// Which node.
    public var node: NodeID
    /// Why.
    public var reason: String
    /// What the author had before them.
    public var view: String
    /// Repeating it returns the first answer.
    public var request: String

    /// Removes a node.
    public init(chart: ChartID, node: NodeID, reason: String, view: String, request: String) {
        self.chart = chart
        self.node = node
        self.reason = reason
        self.view = view
        self.request = request
    }
}
