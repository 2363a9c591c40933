public import EventLog

/// Something that people read, derived from the log and nothing else. A new one is one file and one line in ``Projections``.
public protocol Projection: Codable, Hashable, Sendable {
    /// Its name on the command line and in storage.
    static var name: String { get }
    /// Derives it.
    init(_ fold: Fold)
}

/// All projections.
public enum Projections {
    /// The version of the rules by which they are derived. A change of what any of them says of the same events raises it, and every
    /// node makes its stored ones anew at its next start.
    public static let version = 3

    /// In the order in which people are shown them.
    public static let all: [any Projection.Type] = [
        MembershipView.self, RegimenView.self, ConflictsView.self, IntegrityView.self, TimelineView.self,
    ]

    /// The canonical bytes of a projection: equal projections are equal bytes on every node.
    public static func bytes(_ projection: any Projection) -> [UInt8] {
        // Projections hold strings, integers and lists only, for which encoding does not fail; nothing would never equal something.
        (try? LineEncoder.encode(projection)) ?? []
    }

    /// One hash over all projections of a chart. Where two nodes hold the same events it is the same.
    public static func digest(_ fold: Fold) -> EventHash { digest(of: all.map { $0.init(fold) }) }

    /// The same of projections that were derived before, all of them in the order of ``all``.
    static func digest(of projections: [any Projection]) -> EventHash {
        EventHash(of: projections.flatMap { Array(type(of: $0).name.utf8) + [0x0A] + bytes($0) + [0x0A] })
    }
}

/// An event as every projection names it.
public struct EventLabel: Codable, Hashable, Sendable {
    /// The event.
    public let event: EventHash
    /// What kind it is.
    public let kind: Kind
    /// Who recorded it: a name where the chart has one, otherwise the id.
    public let author: String
    /// The practice.
    public let practice: String
    /// Clinical time.
    public let when: ClinicalTime
    /// When it was recorded, by the author's clock.
    public let at: Timestamp

    init(_ position: Int, _ fold: Fold) {
        let node = fold.record.graph.nodes[position]
        let envelope = node.envelope
        let seat = Membership.Seat(of: envelope)
        event = node.hash
        kind = envelope.kind
        author = fold.membership.practitioners[seat]?.name ?? envelope.author.text
        practice = fold.membership.members[envelope.origin.node]?.name ?? envelope.origin.node.description
        when = fold.record.when(position)
        at = envelope.at
    }
}

/// How an event stands now.
public enum EventStanding: String, Codable, Hashable, Sendable {
    /// It counts.
    case inEffect = "in effect"
    /// A later event that names it took its place.
    case replaced
    /// It is one of several current values that differ.
    case disputed
    /// Entered in error.
    case withdrawn
    /// It was not permitted, or what it says is not acceptable.
    case withoutEffect = "without effect"
    /// It was written while its practice was being removed, and no member has named it since.
    case suspended = "awaiting adoption"
    /// This version does not know the kind.
    case unknown = "unknown kind"
}

extension Fold {
    /// What an event says, in one line.
    func summary(of position: Int) -> String { summary(of: position, content(position)) }

    /// The same of a body that was read before.
    func summary(of position: Int, _ content: Content?) -> String {
        let envelope = record.graph.nodes[position].envelope
        guard let kind = Catalogue.kind(envelope.kind) else { return "\(envelope.kind)" }
        guard !erased.contains(position) else { return "[erased]" }
        if let body = try? content?.get() { return body.summary }
        return "\(kind.kind)"
    }
}
