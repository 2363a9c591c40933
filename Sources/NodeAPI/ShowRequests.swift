public import CareModel
public import EventLog

/// An answer that decisions can be made from: it carries what was seen.
public struct Viewed<Content: Codable & Sendable>: Codable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// Hand it back with a decision: it says what was seen.
    public var view: String
    /// The clock of that view.
    public var clock: VectorClock
    /// Only what happened up to here counts.
    public var now: Timestamp
    /// True when the patient is made up.
    public var fictional: Bool
    /// True when a newer Duolog is needed to read all of the chart.
    public var incomplete: Bool
    /// Who the chart is about.
    public var patient: [String]
    /// What was asked for.
    public var content: Content

    /// Content and what was seen.
    public init(
        chart: ChartID, view: String, clock: VectorClock, now: Timestamp, fictional: Bool, incomplete: Bool,
        patient: [String], content: Content
    ) {
        self.chart = chart
        self.view = view
        self.clock = clock
        self.now = now
        self.fictional = fictional
        self.incomplete = incomplete
        self.patient = patient
        self.content = content
    }
}

/// A projection of a chart, at a stated time.
public struct ShowRequest<Content: Projection>: NodeRequest {
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

/// The open disputes, of one chart or of all.
public struct ListConflictsRequest: NodeRequest {
    public typealias Answer = [Viewed<ConflictsView>]
    public static let name = "conflict.list"
    /// Which chart; nil for all.
    public var chart: ChartID?

    /// Asks.
    public init(chart: ChartID?) { self.chart = chart }
}

/// Derives all projections anew and compares.
public struct RebuildRequest: NodeRequest {
    public typealias Answer = RebuildReport
    public static let name = "debug.rebuild"

    /// Asks.
    public init() {}
}

/// What a rebuild found.
public struct RebuildReport: Codable, Sendable {
    /// Charts that were derived anew.
    public var charts: Int
    /// Stored projections that were not what the events say: `<chart> <projection>`.
    public var differences: [String]

    /// What was found.
    public init(charts: Int, differences: [String]) {
        self.charts = charts
        self.differences = differences
    }
}

/// The digest of a chart's projections: the same wherever the same events are.
public struct DigestRequest: NodeRequest {
    public typealias Answer = [ChartDigest]
    public static let name = "debug.digest"
    /// Which chart; nil for all.
    public var chart: ChartID?

    /// Asks.
    public init(chart: ChartID?) { self.chart = chart }
}

/// A digest and what it is over.
public struct ChartDigest: Codable, Hashable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// Over all projections at no particular time.
    public var digest: EventHash
    /// Events here.
    public var events: Int
    /// How far each origin is here.
    public var clock: VectorClock

    /// A digest.
    public init(chart: ChartID, digest: EventHash, events: Int, clock: VectorClock) {
        self.chart = chart
        self.digest = digest
        self.events = events
        self.clock = clock
    }
}
