public import CareModel
public import EventLog

/// Takes resources of a file into a chart, each on its own, in their order.
public struct ImportRequest: NodeRequest {
    public typealias Answer = ImportAnswer
    public static let name = "import"
    /// Which chart.
    public var chart: ChartID
    /// SHA-256 of the file.
    public var file: EventHash
    /// The resources.
    public var items: [ImportItem]
    /// True to see what would become of them.
    public var dry_run: Bool
    /// The chart before the first part of the file, as the first answer said; nil for the first.
    public var base: String?
    /// True with the last part of a dry run: nothing of it needs to be kept.
    public var is_last: Bool

    /// Takes resources.
    public init(chart: ChartID, file: EventHash, items: [ImportItem], dry_run: Bool, base: String?, is_last: Bool = false) {
        self.chart = chart
        self.file = file
        self.items = items
        self.dry_run = dry_run
        self.base = base
        self.is_last = is_last
    }
}

/// A resource as it is to be taken, or why it is not.
public struct ImportItem: Codable, Hashable, Sendable {
    /// The same for the same resource in another file.
    public var identity: EventHash
    /// The same for the same content.
    public var content: EventHash
    /// Type and id.
    public var name: String
    /// The events that it becomes; none where it is kept aside.
    public var events: [ImportEvent]
    /// Why it is kept aside.
    public var quarantine: String?
    /// The resource, for where it is kept aside.
    public var source: String?

    /// A resource.
    public init(
        identity: EventHash, content: EventHash, name: String, events: [ImportEvent], quarantine: String?, source: String?
    ) {
        self.identity = identity
        self.content = content
        self.name = name
        self.events = events
        self.quarantine = quarantine
        self.source = source
    }
}

/// An event that a resource becomes.
public struct ImportEvent: Codable, Hashable, Sendable {
    /// What kind.
    public var kind: Kind
    /// The members of its body, as a JSON object.
    public var body: String
    /// Clinical time.
    public var when: ClinicalTime
    /// What it names.
    public var refs: [ImportRef]
    /// The resources or events of the file that its author had before them; nil for everything that is here.
    public var seen: [EventHash]?

    /// An event.
    public init(kind: Kind, body: String, when: ClinicalTime, refs: [ImportRef], seen: [EventHash]?) {
        self.kind = kind
        self.body = body
        self.when = when
        self.refs = refs
        self.seen = seen
    }
}

/// What an imported event names.
public enum ImportRef: Codable, Hashable, Sendable {
    /// What the resource of this identity became.
    case imported(EventHash)
    /// The one medication of this name.
    case medication(Code)
    /// The event before it of the same resource.
    case previous
}

/// What became of resources.
public struct ImportAnswer: Codable, Sendable {
    /// What became of one.
    public struct Outcome: Codable, Hashable, Sendable {
        /// How it ended.
        public enum Result: String, Codable, Sendable {
            /// It became events.
            case taken
            /// It had been imported before, with the same content.
            case already
            /// It is kept aside.
            case quarantined
        }

        /// Which.
        public var identity: EventHash
        /// How it ended.
        public var result: Result
        /// The events that it became; in a dry run none.
        public var events: [EventHash]
        /// Why it is kept aside.
        public var reason: String?

        /// What became of one.
        public init(identity: EventHash, result: Result, events: [EventHash] = [], reason: String? = nil) {
            self.identity = identity
            self.result = result
            self.events = events
            self.reason = reason
        }
    }

    /// The chart before the first part.
    public var base: String
    /// In the order of the resources.
    public var outcomes: [Outcome]

    /// What became of resources.
    public init(base: String, outcomes: [Outcome]) {
        self.base = base
        self.outcomes = outcomes
    }
}

/// What was kept aside of imported files, and not taken since.
public struct QuarantineRequest: NodeRequest {
    public typealias Answer = [QuarantineEntry]
    public static let name = "import.quarantine"
    /// Which chart; nil for all.
    public var chart: ChartID?

    /// Asks.
    public init(chart: ChartID?) { self.chart = chart }
}

/// A resource that was kept aside.
public struct QuarantineEntry: Codable, Hashable, Sendable {
    /// Since when.
    public var at: Timestamp
    /// For which chart.
    public var chart: ChartID
    /// Type and id.
    public var name: String
    /// Why.
    public var reason: String
    /// The resource; nil where it was too long to be kept.
    public var source: String?

    /// A resource that was kept aside.
    public init(at: Timestamp, _ body: ImportQuarantined) {
        self.at = at
        chart = body.chart
        name = body.name
        reason = body.reason
        source = body.source
    }
}
