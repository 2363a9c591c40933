public import EventLog

/// The record as it would have been shown at a moment, what it is made of, and what was missing from it.
public struct Replay: Codable, Hashable, Sendable {
    /// The record at that moment. A function of its events alone: byte for byte the same on every node that holds them.
    public struct Record: Codable, Hashable, Sendable {
        /// How far each origin is in it.
        public let clock: VectorClock
        /// Its last events: where there are several, none of them knew of the others.
        public let last: [EventLabel]
        /// Who belonged to the chart.
        public let membership: MembershipView
        /// What was prescribed.
        public let regimen: RegimenView
        /// What was disputed.
        public let conflicts: ConflictsView
        /// Numbers that named two events.
        public let integrity: IntegrityView
        /// The events that make it up.
        public let timeline: TimelineView
        /// Of these, those whose bodies were erased since.
        public let erased: [EventHash]
        /// Of these, those of kinds that this version does not know.
        public let unknown: [EventHash]
        /// Of these, those that were without effect.
        public let without_effect: [EventHash]

        /// One hash over all projections. Made when it is asked for: it takes as long as the whole replay.
        public var digest: EventHash { Projections.digest(of: [membership, regimen, conflicts, integrity, timeline]) }
    }

    /// How an event that is not in the record stands to it.
    public enum Relation: String, Codable, Hashable, Sendable {
        /// It had been recorded by then, by its author's clock, and was not in the record.
        case existed = "existed elsewhere"
        /// It had been recorded on the author's own node by then, who had not looked since.
        case unread = "had arrived, and was not looked at"
        /// It was recorded later without knowing of the decision, or of all that the record holds.
        case concurrent = "recorded without knowing of this"
        /// It was recorded later, of a clinical time before the moment.
        case late = "recorded later, of an earlier time"
    }

    /// An event that is not in the record.
    public struct Outside: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What it says.
        public let summary: String
        /// How it stands to the record.
        public let relation: Relation
        /// When it arrived at the node that answers, by that node's clock.
        public let arrived: Timestamp?
    }

    /// The question, in words.
    public let question: String
    /// What the answer rests on.
    public let basis: [Basis]
    /// The decision whose author's view it is.
    public let decision: EventLabel?
    /// The record.
    public let record: Record
    /// What was not in it although it existed, or was recorded without knowing of it.
    public let outside: [Outside]
    /// Further events that are here now.
    public let later: Int

    /// Replays a chart.
    ///
    /// - Parameters:
    ///   - arrivals: when each event arrived at the node that answers, in the order of arrival; empty where that is not known.
    ///   - node: the node that answers.
    public init(_ record: ChartRecord, _ selection: Selection, question: String, arrivals: [Timestamp], node: NodeID?) {
        self.question = question
        basis = selection.basis
        self.record = Record(record, selection)
        let whole = Fold(record)
        decision = selection.decision.map { EventLabel($0, whole) }
        let left = whole.order.filter { !selection.positions.contains($0) && $0 != selection.decision }
        let frontier = record.last(of: selection.positions)
        let related = left.compactMap { position in
            Self.relation(of: position, to: selection, frontier, in: record, node: node).map { (position, $0) }
        }
        outside = related.map { position, relation in
            Outside(
                label: EventLabel(position, whole), summary: whole.summary(of: position), relation: relation,
                arrived: position < arrivals.count ? arrivals[position] : nil)
        }
        later = left.count - related.count
    }

    /// Nil for what is simply later.
    private static func relation(
        of position: Int, to selection: Selection, _ frontier: [Int], in record: ChartRecord, node: NodeID?
    ) -> Relation? {
        let envelope = record.graph.nodes[position].envelope
        if let decision = selection.decision {
            guard !record.graph.isBefore(decision, position) else { return nil }
            // On the node of the decision, the order of arrival tells what lay there unread.
            if record.graph.nodes[decision].envelope.origin.node == node, position < decision { return .unread }
            return envelope.at <= record.graph.nodes[decision].envelope.at ? .existed : .concurrent
        }
        if let time = selection.recordedBy {
            if envelope.at <= time, selection.now == nil { return .existed }
            return selection.now == nil && record.counts(position, by: time) ? .late : nil
        }
        let knowsAll = frontier.allSatisfy { record.graph.reaches($0, from: position) }
        return knowsAll ? nil : .concurrent
    }
}

extension Replay.Record {
    /// The part of a replay that is a function of its events alone.
    public init(_ record: ChartRecord, _ selection: Selection) {
        let fold = Fold(record, Fold.Scope(positions: selection.positions, now: selection.now))
        let frontier = record.last(of: selection.positions)
        clock = record.graph.clock(of: frontier)
        last = frontier.map { EventLabel($0, fold) }
        membership = MembershipView(fold)
        regimen = RegimenView(fold)
        conflicts = ConflictsView(fold)
        integrity = IntegrityView(fold)
        timeline = TimelineView(fold)
        func hashes(_ isMeant: (Int) -> Bool) -> [EventHash] {
            fold.order.filter(isMeant).map { record.graph.nodes[$0].hash }
        }
        erased = hashes { fold.erased.contains($0) }
        unknown = hashes { Catalogue.kind(record.graph.nodes[$0].envelope.kind) == nil }
        without_effect = hashes { fold.standing(of: $0).0 == .withoutEffect }
    }
}

extension Replay.Record {
    private enum CodingKeys: String, CodingKey {
        case clock, last, digest, membership, regimen, conflicts, integrity, timeline, erased, unknown, without_effect
    }

    /// Reads what ``encode(to:)`` wrote; the digest follows from it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clock = try container.decode(VectorClock.self, forKey: .clock)
        last = try container.decode([EventLabel].self, forKey: .last)
        membership = try container.decode(MembershipView.self, forKey: .membership)
        regimen = try container.decode(RegimenView.self, forKey: .regimen)
        conflicts = try container.decode(ConflictsView.self, forKey: .conflicts)
        integrity = try container.decode(IntegrityView.self, forKey: .integrity)
        timeline = try container.decode(TimelineView.self, forKey: .timeline)
        erased = try container.decode([EventHash].self, forKey: .erased)
        unknown = try container.decode([EventHash].self, forKey: .unknown)
        without_effect = try container.decode([EventHash].self, forKey: .without_effect)
    }

    /// Writes the record with its digest.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(clock, forKey: .clock)
        try container.encode(last, forKey: .last)
        try container.encode(digest, forKey: .digest)
        try container.encode(membership, forKey: .membership)
        try container.encode(regimen, forKey: .regimen)
        try container.encode(conflicts, forKey: .conflicts)
        try container.encode(integrity, forKey: .integrity)
        try container.encode(timeline, forKey: .timeline)
        try container.encode(erased, forKey: .erased)
        try container.encode(unknown, forKey: .unknown)
        try container.encode(without_effect, forKey: .without_effect)
    }
}
