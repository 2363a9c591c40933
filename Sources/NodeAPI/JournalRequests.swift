public import CareModel
public import EventLog

/// What was disclosed of a chart, to whom and when: the accounting that a patient can ask for. Or what came from whom.
public struct DisclosuresRequest: NodeRequest {
    public typealias Answer = [DisclosureEntry]
    public static let name = "audit.disclosures"
    /// Which chart; nil for all.
    public var chart: ChartID?
    /// Not before.
    public var from: Timestamp?
    /// Not after.
    public var to: Timestamp?
    /// True for what came from peers, instead of what was sent to them.
    public var received: Bool

    /// Asks.
    public init(chart: ChartID?, from: Timestamp?, to: Timestamp?, received: Bool = false) {
        self.chart = chart
        self.from = from
        self.to = to
        self.received = received
    }
}

/// Events that were sent to a peer, or came from one.
public struct DisclosureEntry: Codable, Hashable, Sendable {
    /// When, by this node's clock.
    public var at: Timestamp
    /// The chart.
    public var chart: ChartID
    /// Who received it, or sent it.
    public var peer: NodeID
    /// What that node is called here.
    public var name: String
    /// Events in all.
    public var events: Int
    /// Which.
    public var ranges: [DisclosureRecorded.Range]
    /// The consent that was relied on.
    public var consent: EventHash?

    /// A disclosure.
    public init(at: Timestamp, name: String, _ body: DisclosureRecorded) {
        self.at = at
        self.name = name
        chart = body.chart
        peer = body.peer
        events = body.events
        ranges = body.ranges
        consent = body.consent
    }

    /// What was received.
    public init(at: Timestamp, name: String, _ body: DisclosureReceived) {
        self.at = at
        self.name = name
        chart = body.chart
        peer = body.peer
        events = body.events
        ranges = body.ranges
    }
}

/// Who looked at what.
public struct AccessRequest: NodeRequest {
    public typealias Answer = [AccessEntry]
    public static let name = "audit.access"
    /// Which chart; nil for all, and for what concerns none.
    public var chart: ChartID?
    /// Not before.
    public var from: Timestamp?
    /// Not after.
    public var to: Timestamp?

    /// Asks.
    public init(chart: ChartID?, from: Timestamp?, to: Timestamp?) {
        self.chart = chart
        self.from = from
        self.to = to
    }
}

/// Something that somebody looked at, or was refused.
public struct AccessEntry: Codable, Hashable, Sendable {
    /// When, by this node's clock.
    public var at: Timestamp
    /// Who: the practitioner's id, or the uid of somebody who is none.
    public var who: String
    /// What they are called here.
    public var name: String?
    /// What was done or refused.
    public var what: String
    /// The chart.
    public var chart: ChartID?
    /// The event.
    public var event: EventHash?

    /// An access.
    public init(at: Timestamp, name: String?, _ body: AccessRecorded) {
        self.at = at
        self.name = name
        who = body.who
        what = body.what
        chart = body.chart
        event = body.event
    }
}

/// Erases the body of an event, and of the corrections of it, on every node of the chart.
public struct EraseRequest: NodeRequest {
    public typealias Answer = EraseAnswer
    public static let name = "erase"
    /// Which event.
    public var event: EventHash
    /// The legal ground, and who decided.
    public var authority: String
    /// Repeating it after a lost reply returns the first answer.
    public var request: String

    /// Erases.
    public init(event: EventHash, authority: String, request: String) {
        self.event = event
        self.authority = authority
        self.request = request
    }
}

/// An erasure that was ordered.
public struct EraseAnswer: Codable, Sendable {
    /// The order.
    public var recorded: RecordedEvent
    /// The events whose bodies it takes.
    public var erased: [EventHash]
    /// The other members: each confirms with its receipt for the order.
    public var awaiting: [String]

    /// An order.
    public init(recorded: RecordedEvent, erased: [EventHash], awaiting: [String]) {
        self.recorded = recorded
        self.erased = erased
        self.awaiting = awaiting
    }
}

/// Finds events by the first letters of their names.
public struct FindEventRequest: NodeRequest {
    public typealias Answer = [FoundEvent]
    public static let name = "event.find"
    /// At least eight letters.
    public var prefix: String

    /// Asks.
    public init(prefix: String) { self.prefix = prefix }
}

/// An event and its chart.
public struct FoundEvent: Codable, Hashable, Sendable {
    /// The event.
    public var event: EventHash
    /// The chart.
    public var chart: ChartID

    /// An event.
    public init(event: EventHash, chart: ChartID) {
        self.event = event
        self.chart = chart
    }
}
