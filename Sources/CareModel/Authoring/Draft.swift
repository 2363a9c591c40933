public import EventLog

/// An event that somebody wants to write.
public struct Draft: Sendable {
    /// Which events it names.
    public enum Refs: Hashable, Sendable {
        /// Exactly these.
        case events([EventHash])
        /// The current heads, in the author's view, of the lineage that this event belongs to.
        case heads(of: EventHash)
    }

    /// What the author had before them.
    public enum Seeing: Hashable, Sendable {
        /// A view that they were shown; what they wrote from it since counts as seen.
        case view(View)
        /// No more than what the event names and what the node itself wrote before.
        case onlyRefs
        /// Exactly this, nothing that was written since: for what was decided elsewhere and is taken over.
        case exactly(View)
        /// Everything: for events of the node itself.
        case everything
    }

    /// The chart.
    public var chart: ChartID
    /// Who writes.
    public var author: AuthorID
    /// What kind.
    public var kind: Kind
    /// The members of the body, as JSON.
    public let members: [UInt8]
    /// What these members say, where they were made of it: it need not be read again to see what is wrong with it.
    let said: (any EventBody)?
    /// Clinical time.
    public var when: ClinicalTime
    /// What it names.
    public var refs: Refs
    /// What the author had before them.
    public var seeing: Seeing
    /// 16 random bytes.
    public var salt: [UInt8]

    /// An event that somebody wants to write.
    public init(
        chart: ChartID, author: AuthorID, kind: Kind, members: [UInt8], when: ClinicalTime, refs: Refs = .events([]),
        seeing: Seeing, salt: [UInt8]
    ) {
        self.init(chart, author, kind, members, said: nil, when, refs, seeing, salt)
    }

    /// What the node itself says, of everything that it has of the chart.
    public init(
        chart: ChartID, saying body: some EventBody, when: ClinicalTime, refs: Refs = .events([]), salt: [UInt8]
    ) {
        self.init(chart, .node, type(of: body).kind, body.members, said: body, when, refs, .everything, salt)
    }

    private init(
        _ chart: ChartID, _ author: AuthorID, _ kind: Kind, _ members: [UInt8], said: (any EventBody)?, _ when: ClinicalTime,
        _ refs: Refs, _ seeing: Seeing, _ salt: [UInt8]
    ) {
        self.chart = chart
        self.author = author
        self.kind = kind
        self.members = members
        self.said = said
        self.when = when
        self.refs = refs
        self.seeing = seeing
        self.salt = salt
    }
}

/// An event that was written.
public struct Authored: Hashable, Sendable {
    /// The chart that it was written in.
    public let chart: ChartID
    /// Its name.
    public let event: EventHash
    /// Its place.
    public let seq: Int
    /// Events that had arrived before, and that the author had not seen.
    public let not_seen: [EventHash]

    /// The author's view with it, as a token: all that they had before them is in the event's past.
    public var view: String { View(chart: chart, events: [event]).token }
}

/// As a request that is repeated is answered again.
extension Authored: Codable {
    private enum CodingKeys: CodingKey { case event, seq, view, not_seen }

    /// Reads the answer; its view says which chart it is of.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let view = View(token: try container.decode(String.self, forKey: .view)) else {
            throw DecodingError.dataCorruptedError(forKey: .view, in: container, debugDescription: "not a view token")
        }
        chart = view.chart
        event = try container.decode(EventHash.self, forKey: .event)
        seq = try container.decode(Int.self, forKey: .seq)
        not_seen = try container.decode([EventHash].self, forKey: .not_seen)
    }

    /// Writes the answer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event, forKey: .event)
        try container.encode(seq, forKey: .seq)
        try container.encode(view, forKey: .view)
        try container.encode(not_seen, forKey: .not_seen)
    }
}

/// Why a draft is not written. Authoring is strict where admission is not.
public enum AuthoringError: Error, Sendable {
    /// The chart is not here.
    case unknownChart
    /// The view token is of another chart, or names events that are not here.
    case unknownView
    /// What it says is not acceptable.
    case content(ContentError)
    /// The author is not permitted.
    case notPermitted(Verdict.Reason)
    /// The register is disputed: only a resolution may be written; the token is of the present view.
    case disputed(subject: String, view: String)
    /// A newer Duolog is needed to decide in this chart.
    case incomplete
    /// The event names something that the author's view does not contain.
    case refNotSeen(EventHash)
    /// The body line is malformed.
    case format(FormatError)
    /// What is here of the chart does not hang together: other replicas would not admit the event.
    case damaged(AdmissionError)
}
