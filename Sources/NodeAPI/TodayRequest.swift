public import CareModel
public import EventLog

/// A projection that depends on the time at which it is read.
public struct TimedShowRequest<Content: TimedProjection>: NodeRequest {
    public typealias Answer = Viewed<Content>
    public static var name: String { "show." + Content.name }
    /// Which chart.
    public var chart: ChartID
    /// Only what happened up to here counts; nil for the node's clock.
    public var now: Timestamp?

    /// Asks for a projection.
    public init(chart: ChartID, now: Timestamp? = nil) {
        self.chart = chart
        self.now = now
    }
}

/// What needs a person now, across all charts.
public struct TodayRequest: NodeRequest {
    public typealias Answer = TodayAnswer
    public static let name = "today"
    /// Only what happened up to here counts; nil for the node's clock.
    public var now: Timestamp?

    /// Asks.
    public init(now: Timestamp? = nil) { self.now = now }
}

/// What needs a person now.
public struct TodayAnswer: Codable, Sendable {
    /// The time that it is told for.
    public var now: Timestamp
    /// True when the patients are made up.
    public var fictional: Bool
    /// The most urgent first; among those alike, the oldest.
    public var items: [TodayItem]
    /// Practices that have not had what was recorded for them.
    public var behind: [PeerBehind]

    /// What needs a person.
    public init(now: Timestamp, fictional: Bool, items: [TodayItem], behind: [PeerBehind]) {
        self.now = now
        self.fictional = fictional
        self.items = items
        self.behind = behind
    }
}

/// A practice that cannot be reached, and that something waits for.
public struct PeerBehind: Codable, Hashable, Sendable {
    /// Its node.
    public var node: NodeID
    /// What this node's people call it.
    public var name: String
    /// Events that it has not confirmed.
    public var events: Int
    /// Charts that they belong to.
    public var charts: Int
    /// Why it is not connected, in words.
    public var state: String
    /// The last proof that it stored something; nil where there is none.
    public var confirmed: Timestamp?

    /// A practice that is behind.
    public init(node: NodeID, name: String, events: Int, charts: Int, state: String, confirmed: Timestamp?) {
        self.node = node
        self.name = name
        self.events = events
        self.charts = charts
        self.state = state
        self.confirmed = confirmed
    }

    /// How many things wait for it, in words.
    public var text: String {
        "\(events) \(events == 1 ? "event" : "events") in \(charts) \(charts == 1 ? "chart" : "charts") not confirmed by it; \(state)"
    }
}

/// One thing that needs a person.
public struct TodayItem: Codable, Hashable, Sendable {
    /// What kind of thing, in the order in which they need somebody.
    public enum What: String, Codable, Hashable, Sendable, CaseIterable {
        /// A medicine is stopped by one and taken by another.
        case urgentDispute = "URGENT DISPUTE"
        /// Decisions that contradict each other.
        case dispute = "DISPUTE"
        /// A safety concern that nobody has taken up.
        case concern = "SAFETY"
        /// A C-SSRS is asked for.
        case screening = "SCREENING"
        /// A follow-up whose day has passed.
        case overdue = "OVERDUE"
        /// A rule points at something.
        case alert = "ALERT"
        /// What another practice handed to this one when it went.
        case handedOver = "HANDED OVER"
        /// A change that somebody asked for, and nobody has answered.
        case request = "REQUEST"
        /// A referral that waits.
        case referral = "REFERRAL"
        /// A chart that holds events of a newer Duolog.
        case incomplete = "INCOMPLETE"
        /// A number that names two events.
        case integrity = "INTEGRITY"
        /// A follow-up that is due today.
        case due = "DUE"
        /// A consent that ends soon, or has ended.
        case consent = "CONSENT"
        /// A chart of another practice that nobody here has accepted.
        case incoming = "INCOMING"
        /// A chart that is probably of the same person as another.
        case secondChart = "SECOND CHART?"
    }

    /// What kind of thing.
    public var what: What
    /// The chart.
    public var chart: ChartID
    /// Who it is about.
    public var patient: [String]
    /// What it is, in words.
    public var text: String
    /// What does something about it on the command line, where that is not plain.
    public var command: String?
    /// Since when.
    public var since: Timestamp

    /// Something that needs a person.
    public init(
        what: What, chart: ChartID, patient: [String], text: String, command: String? = nil, since: Timestamp
    ) {
        self.what = what
        self.chart = chart
        self.patient = patient
        self.text = text
        self.command = command
        self.since = since
    }
}
