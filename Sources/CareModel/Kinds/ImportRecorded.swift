public import EventLog

/// Resources of a file that became events, in the node's journal: what was imported once is never imported again (FHIR Provenance).
public struct ImportRecorded: EventBody {
    /// A resource.
    public struct Item: Codable, Hashable, Sendable {
        /// The same for the same resource in another file.
        public let identity: EventHash
        /// The same for the same content.
        public let content: EventHash
        /// The events that it became.
        public let events: [EventHash]

        /// A resource.
        public init(identity: EventHash, content: EventHash, events: [EventHash]) {
            self.identity = identity
            self.content = content
            self.events = events
        }
    }

    public static let kind: Kind = "import.recorded"
    public static let fhir = "Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Into which chart.
    public let chart: ChartID
    /// SHA-256 of the file.
    public let file: EventHash
    /// Who imported it.
    public let who: String
    /// The resources.
    public let items: [Item]

    /// Resources that became events.
    public init(chart: ChartID, file: EventHash, who: String, items: [Item]) {
        self.chart = chart
        self.file = file
        self.who = who
        self.items = items
    }

    public var summary: String { "\(items.count) resources imported into \(chart.short)" }
}
