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
