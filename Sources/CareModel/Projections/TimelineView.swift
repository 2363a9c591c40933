public import EventLog

/// Everything, by clinical time, with corrections beside what they correct.
public struct TimelineView: Projection {
    public static let name = "timeline"

    /// An event.
    public struct Entry: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What it says.
        public let summary: String
        /// How it stands now.
        public let standing: EventStanding
        /// Why it has no effect, or none yet.
        public let because: String?
        /// The rule and the event that decided that.
        public let decided: EffectRule?
        /// The events that it names.
        public let refs: [EventHash]
        /// Amendments and withdrawals of it.
        public let corrections: [Correction]
        /// Events that seem to record the same thing; of very many, the earliest.
        public let probable_duplicates: [EventHash]
        /// How many more there are than are named; nil where all are.
        public let more_probable_duplicates: Int?
    }

    /// A correction.
    public struct Correction: Codable, Hashable, Sendable {
        /// The correcting event.
        public let label: EventLabel
        /// What the record says with it, or why it was withdrawn.
        public let summary: String
    }

    /// By clinical time; at the same time, in the order of the fold.
    public let entries: [Entry]

    public init(_ fold: Fold) {
        let ordered = fold.order.enumerated().sorted {
            (fold.record.when($0.element).instant, $0.offset) < (fold.record.when($1.element).instant, $1.offset)
        }
        entries = Self.entries(of: ordered.map(\.element), in: fold)
    }

    /// What is told of some events, in their order.
    static func entries(of positions: [Int], in fold: Fold) -> [Entry] {
        // Each body is read once for all that is said of it.
        let contents = Dictionary(uniqueKeysWithValues: positions.lazy.map { ($0, fold.content($0)) })
        let duplicates = ProbableDuplicates(
            fold, Set(positions.map { fold.record.graph.nodes[$0].envelope.kind }), contents)
        return positions.map { position in
            let content = contents[position] ?? nil
            let (standing, rule) = fold.effect(of: position, content)
            let others = duplicates.of(position)
            return Entry(
                label: EventLabel(position, fold), summary: fold.summary(of: position, content), standing: standing,
                because: rule?.line, decided: rule, refs: fold.record.graph.nodes[position].envelope.refs,
                corrections: Self.corrections(of: position, fold),
                probable_duplicates: others.named.map { fold.record.graph.nodes[$0].hash }.sorted(),
                more_probable_duplicates: others.more)
        }
    }

    private static func corrections(of position: Int, _ fold: Fold) -> [Correction] {
        var corrections = (fold.amendments[position] ?? []).filter { fold.counts($0) }.map { amendment in
            Correction(label: EventLabel(amendment, fold), summary: fold.amended(position, by: amendment))
        }
        if let withdrawal = fold.withdrawals[position] {
            corrections.append(Correction(label: EventLabel(withdrawal, fold), summary: fold.summary(of: withdrawal)))
        }
        return corrections
    }
}

extension Fold {
    /// What an event says with an amendment.
    func amended(_ position: Int, by amendment: Int) -> String {
        guard !erased.contains(position), !erased.contains(amendment), let original = record.entries[position].body,
            let kind = Catalogue.kind(record.graph.nodes[position].envelope.kind),
            let change = body(amendment) as? RecordAmended,
            let body = try? Amended.read(original, as: kind, change)
        else { return "[erased]" }
        return "\(body.summary) (\(change.reason))"
    }
}
