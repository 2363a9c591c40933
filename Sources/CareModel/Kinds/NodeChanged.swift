public import EventLog

/// Something happened to the node itself; in its journal only (FHIR Device, Provenance).
public struct NodeChanged: EventBody {
    /// What happened.
    public enum What: String, CaseIterable, Codable, Sendable {
        /// A peer was paired.
        case paired
        /// A peer was unpaired.
        case unpaired
        /// A backup was made.
        case backup
        /// The node was restored.
        case restored
        /// A new epoch was drawn.
        case epoch
        /// The node has a new key.
        case keyRotated = "key-rotated"
        /// Bodies were erased here.
        case erasureApplied = "erasure-applied"
        /// Charts of one patient were linked.
        case chartsLinked = "charts-linked"
        /// Charts are not of one patient: a link was taken back, or never was one.
        case chartsUnlinked = "charts-unlinked"
    }

    public static let kind: Kind = "node.changed"
    public static let fhir = "Device, Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// What happened.
    public let what: What
    /// More of it; never clinical.
    public let detail: String?
    /// The two charts that were linked or unlinked.
    public let charts: [ChartID]?

    /// Says what happened.
    public init(what: What, detail: String?, charts: [ChartID]? = nil) {
        self.what = what
        self.detail = detail
        self.charts = charts
    }

    public var summary: String {
        what.rawValue + (detail.map { ": \($0)" } ?? "") + (charts.map { ": \($0.map(\.short).joined(separator: ", "))" } ?? "")
    }
}
