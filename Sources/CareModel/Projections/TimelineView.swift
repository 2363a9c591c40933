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
        /// Events that seem to record the same thing.
        public let probable_duplicates: [EventHash]
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
        let duplicates = ProbableDuplicates(fold)
        return positions.map { position in
            let (standing, rule) = fold.effect(of: position)
            return Entry(
                label: EventLabel(position, fold), summary: fold.summary(of: position), standing: standing,
                because: rule?.line, decided: rule, refs: fold.record.graph.nodes[position].envelope.refs,
                corrections: Self.corrections(of: position, fold),
                probable_duplicates: duplicates.of(position).map { fold.record.graph.nodes[$0].hash }.sorted())
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

/// Pairs that probably record the same thing twice. Both are kept; people are only pointed at them.
struct ProbableDuplicates {
    private var pairs: [Int: Set<Int>] = [:]

    init(_ fold: Fold) {
        var sessions: [(Int, Range<Int>)] = []
        var scales: [(Int, ScaleCompleted)] = []
        var referrals: [(Int, ReferralRequested)] = []
        // Bodies are read when they are looked at: only those that can be duplicates are.
        for position in fold.counted([SessionHeld.kind, ScaleCompleted.kind, ReferralRequested.kind]) {
            switch fold.body(position) {
            case let held as SessionHeld:
                let start = held.start.instant.milliseconds
                sessions.append((position, start..<start + held.minutes * 60_000))
            case let scale as ScaleCompleted: scales.append((position, scale))
            case let referral as ReferralRequested: referrals.append((position, referral))
            default: continue
            }
        }
        pair(sessions) { $0.overlaps($1) }
        pairScales(scales, fold)
        pair(referrals) { $0.service == $1.service && $0.to == $1.to }
    }

    func of(_ position: Int) -> Set<Int> { pairs[position] ?? [] }

    private mutating func pair<Value>(_ values: [(Int, Value)], _ isSame: (Value, Value) -> Bool) {
        for (index, left) in values.enumerated() {
            for right in values[(index + 1)...] where isSame(left.1, right.1) { join(left.0, right.0) }
        }
    }

    /// The same instrument twice within 24 hours.
    private mutating func pairScales(_ scales: [(Int, ScaleCompleted)], _ fold: Fold) {
        for (index, left) in scales.enumerated() {
            for right in scales[(index + 1)...] where left.1.instrument == right.1.instrument {
                let apart = fold.record.when(left.0).instant.milliseconds - fold.record.when(right.0).instant.milliseconds
                if abs(apart) < 86_400_000 { join(left.0, right.0) }
            }
        }
    }

    private mutating func join(_ left: Int, _ right: Int) {
        pairs[left, default: []].insert(right)
        pairs[right, default: []].insert(left)
    }
}
