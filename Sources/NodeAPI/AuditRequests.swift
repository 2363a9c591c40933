public import CareModel
public import EventLog

/// Starts a check of the whole log, or looks at the one that runs. It goes on in the daemon; ask again for how far it is.
public struct VerifyRequest: NodeRequest {
    public typealias Answer = VerifyState
    public static let name = "audit.verify"
    /// Begin a new check, unless one runs; otherwise only look.
    public var start: Bool
    /// Leave out the rebuild of projections and SQLite's own check.
    public var quick: Bool

    /// Starts a check, or looks.
    public init(start: Bool, quick: Bool) {
        self.start = start
        self.quick = quick
    }
}

/// How far a check is, and what it found.
public struct VerifyState: Codable, Sendable {
    /// True while it runs.
    public var running: Bool
    /// Events that were read.
    public var done: Int
    /// Events in all.
    public var total: Int
    /// What the last one that ended found.
    public var report: VerifyReport?

    /// How far a check is.
    public init(running: Bool, done: Int, total: Int, report: VerifyReport?) {
        self.running = running
        self.done = done
        self.total = total
        self.report = report
    }
}

/// What a check of the whole log found.
public struct VerifyReport: Codable, Hashable, Sendable {
    /// True when all holds.
    public var whole: Bool
    /// True when projections were not derived anew, and SQLite's own check was left out.
    public var quick: Bool
    /// When it began.
    public var began: Timestamp
    /// When it ended.
    public var ended: Timestamp
    /// Each chart; journal and notebooks by name.
    public var charts: [ChartFindings]
    /// What is not of one chart: the arrival log, the database.
    public var log: [Finding]
    /// Commits in the arrival log.
    public var commits: Int
    /// Events that were read.
    public var events: Int
    /// Bytes of their lines.
    public var bytes: Int

    /// What was found.
    public init(
        quick: Bool, began: Timestamp, ended: Timestamp, charts: [ChartFindings], log: [Finding], commits: Int
    ) {
        whole = log.isEmpty && charts.allSatisfy { $0.count == 0 && $0.unchecked == 0 }
        self.quick = quick
        self.began = began
        self.ended = ended
        self.charts = charts
        self.log = log
        self.commits = commits
        events = charts.reduce(0) { $0 + $1.events }
        bytes = charts.reduce(0) { $0 + $1.bytes }
    }
}

/// A moment of a chart's life, as it is asked for.
public struct MomentQuestion: Codable, Hashable, Sendable {
    /// As of a clinical time, with what is known now.
    public var as_of: Timestamp?
    /// As known at a node at a time.
    public var as_known_at: Timestamp?
    /// That node, where it is another than the one that is asked.
    public var node: NodeID?
    /// How far that node's clock was ahead then, in minutes, where somebody knows it.
    public var clock_ahead: Int?
    /// What a vector clock covers.
    public var at_clock: VectorClock?
    /// What a view token names.
    public var at_view: String?
    /// As seen by the author of an event.
    public var as_seen_by: EventHash?

    /// Asks for what is known now.
    public init() {}
}

/// The record of a chart at a moment, or what differs between two.
public struct ReplayRequest: NodeRequest {
    public typealias Answer = ReplayAnswer
    public static let name = "audit.replay"
    /// Which chart.
    public var chart: ChartID
    /// One moment, or two that are compared.
    public var moments: [MomentQuestion]

    /// Asks for a record.
    public init(chart: ChartID, moments: [MomentQuestion]) {
        self.chart = chart
        self.moments = moments
    }
}

/// The record at each moment that was asked for.
public struct ReplayAnswer: Codable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// The node that answers.
    public var node: NodeID
    /// True when the patient is made up.
    public var fictional: Bool
    /// One for each moment.
    public var replays: [Replay]
    /// What differs between the first and the second.
    public var difference: ReplayDifference?

    /// Records.
    public init(chart: ChartID, node: NodeID, fictional: Bool, replays: [Replay], difference: ReplayDifference?) {
        self.chart = chart
        self.node = node
        self.fictional = fictional
        self.replays = replays
        self.difference = difference
    }
}

/// A check in short, as `status` tells it.
public struct VerifySummary: Codable, Hashable, Sendable {
    /// True when all holds.
    public var whole: Bool
    /// When it ended.
    public var ended: Timestamp
    /// Events that were read.
    public var events: Int
    /// Findings in all.
    public var findings: Int
    /// The first of them, in words.
    public var first: String?

    /// A check in short.
    public init(_ report: VerifyReport) {
        whole = report.whole
        ended = report.ended
        events = report.events
        findings = report.log.count + report.charts.reduce(0) { $0 + $1.count }
        first = (report.log.first ?? report.charts.lazy.compactMap(\.findings.first).first).map(\.text)
    }
}

/// The life of one event.
public struct TrailRequest: NodeRequest {
    public typealias Answer = TrailAnswer
    public static let name = "audit.trail"
    /// Which event.
    public var event: EventHash

    /// Asks.
    public init(event: EventHash) { self.event = event }
}

/// The life of one event.
public struct TrailAnswer: Codable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// True when the patient is made up.
    public var fictional: Bool
    /// The event's life.
    public var trail: EventTrail

    /// A life.
    public init(chart: ChartID, fictional: Bool, trail: EventTrail) {
        self.chart = chart
        self.fictional = fictional
        self.trail = trail
    }
}

/// A part of an exported chart. Ask for the next part with what this one says, until there is none.
public struct ExportRequest: NodeRequest {
    public typealias Answer = ExportPage
    public static let name = "audit.export"
    /// Which chart.
    public var chart: ChartID
    /// What the first part said; nil for the first.
    public var cut: ExportCut?
    /// The event to go on with.
    public var from: Int

    /// Asks for a part.
    public init(chart: ChartID, cut: ExportCut?, from: Int) {
        self.chart = chart
        self.cut = cut
        self.from = from
    }
}

/// What an export covers: what arrives while it is being made does not belong to it.
public struct ExportCut: Codable, Hashable, Sendable {
    /// Events.
    public var events: Int
    /// When it was begun.
    public var at: Timestamp

    /// What an export covers.
    public init(events: Int, at: Timestamp) {
        self.events = events
        self.at = at
    }
}

/// Lines of an exported chart.
public struct ExportPage: Codable, Sendable {
    /// What the export covers.
    public var cut: ExportCut
    /// The lines, without their line feeds.
    public var lines: [String]
    /// The event to go on with; nil after the last part.
    public var next: Int?

    /// A part.
    public init(cut: ExportCut, lines: [String], next: Int?) {
        self.cut = cut
        self.lines = lines
        self.next = next
    }
}

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
