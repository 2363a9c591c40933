public import CareModel
public import EventLog

/// Records an event. The author is the practitioner bound to the caller's user id.
public struct RecordRequest: NodeRequest {
    public typealias Answer = RecordedEvent
    public static let name = "record"
    /// Which chart.
    public var chart: ChartID
    /// What kind.
    public var kind: Kind
    /// The members of the body, as a JSON object.
    public var body: String
    /// Events that it names.
    public var refs: [EventHash]
    /// An event of the medication, referral or episode whose current heads it names.
    public var about: EventHash?
    /// Clinical time; nil for now.
    public var when: ClinicalTime?
    /// What the author had before them; required for kinds under a hold or safe rule.
    public var view: String?
    /// The practitioner to act as; anybody but the caller's own is refused, and journalled.
    public var author: AuthorID?
    /// Repeating it after a lost reply returns the first answer, never a second event.
    public var request: String

    /// Records an event.
    public init(
        chart: ChartID, kind: Kind, body: String, refs: [EventHash] = [], about: EventHash? = nil,
        when: ClinicalTime? = nil, view: String? = nil, author: AuthorID? = nil, request: String
    ) {
        self.chart = chart
        self.kind = kind
        self.body = body
        self.refs = refs
        self.about = about
        self.when = when
        self.view = view
        self.author = author
        self.request = request
    }
}

/// An event that was recorded, durably.
public struct RecordedEvent: Codable, Hashable, Sendable {
    /// Its name.
    public var event: EventHash
    /// The chart.
    public var chart: ChartID
    /// What kind.
    public var kind: Kind
    /// The author's view with it; from it the same author can go on.
    public var view: String
    /// Events that were here and that the author had not seen.
    public var not_seen: [EventHash]
    /// True when the register that it writes is disputed now.
    public var disputed: Bool

    /// An event.
    public init(event: EventHash, chart: ChartID, kind: Kind, view: String, not_seen: [EventHash], disputed: Bool) {
        self.event = event
        self.chart = chart
        self.kind = kind
        self.view = view
        self.not_seen = not_seen
        self.disputed = disputed
    }
}

/// Asks what has come into a chart since a view was drawn: a form that somebody is filling in says so.
public struct UnseenRequest: NodeRequest {
    public static let name = "chart.unseen"
    /// Which chart.
    public var chart: ChartID
    /// What its author had before them.
    public var view: String

    /// What has come.
    public struct Answer: Codable, Sendable {
        /// A view of the chart as it is now.
        public var view: String
        /// What the author neither had before them nor has written from it, by clinical time.
        public var events: [TimelineView.Entry]

        /// What has come.
        public init(view: String, events: [TimelineView.Entry]) {
            self.view = view
            self.events = events
        }
    }

    /// Asks.
    public init(chart: ChartID, view: String) {
        self.chart = chart
        self.view = view
    }
}

/// Asks for one event: what it says, and what may be done about it. A correction begins from here.
public struct ReadEventRequest: NodeRequest {
    public typealias Answer = Viewed<EventReading>
    public static let name = "event.read"
    /// Which chart.
    public var chart: ChartID
    /// Which event.
    public var event: EventHash

    /// Asks.
    public init(chart: ChartID, event: EventHash) {
        self.chart = chart
        self.event = event
    }
}
