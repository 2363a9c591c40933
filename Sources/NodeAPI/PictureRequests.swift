public import CareModel
public import EventLog

/// A part of a chart's timeline, the newest first.
public struct TimelinePageRequest: NodeRequest {
    public typealias Answer = Viewed<TimelinePage>
    public static let name = "show.timeline.page"
    /// Which chart.
    public var chart: ChartID
    /// Only events of this group; nil for all.
    public var group: TimelineGroup?
    /// So many of the newest are left out.
    public var skipping: Int
    /// At most so many.
    public var count: Int

    /// Asks.
    public init(chart: ChartID, group: TimelineGroup?, skipping: Int, count: Int) {
        self.chart = chart
        self.group = group
        self.skipping = skipping
        self.count = count
    }
}

/// The moments of a chart's life that a replay can go to.
public struct ReplayMomentsRequest: NodeRequest {
    public typealias Answer = Viewed<ReplayMoments>
    public static let name = "audit.replay.moments"
    /// Which chart.
    public var chart: ChartID

    /// Asks.
    public init(chart: ChartID) { self.chart = chart }
}

/// The record at a moment with its picture, and what differs from now.
public struct ReplayPictureRequest: NodeRequest {
    public typealias Answer = ReplayPicture
    public static let name = "audit.replay.picture"
    /// Which chart.
    public var chart: ChartID
    /// Which moment.
    public var moment: MomentQuestion

    /// Asks.
    public init(chart: ChartID, moment: MomentQuestion) {
        self.chart = chart
        self.moment = moment
    }
}

/// The record at a moment with its picture, and what differs from now.
public struct ReplayPicture: Codable, Sendable {
    /// The chart.
    public var chart: ChartID
    /// The node that answers.
    public var node: NodeID
    /// Who it is about.
    public var patient: [String]
    /// The record then.
    public var replay: Replay
    /// The picture as it would have looked.
    public var course: CourseView
    /// From then to now.
    public var difference: ReplayDifference

    /// A record.
    public init(
        chart: ChartID, node: NodeID, patient: [String], replay: Replay, course: CourseView, difference: ReplayDifference
    ) {
        self.chart = chart
        self.node = node
        self.patient = patient
        self.replay = replay
        self.course = course
        self.difference = difference
    }
}
