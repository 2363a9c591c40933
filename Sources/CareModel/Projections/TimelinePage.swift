public import EventLog

/// Kinds of events that people look through together.
public enum TimelineGroup: String, Codable, Hashable, Sendable, CaseIterable {
    /// What is prescribed, taken and suspected.
    case medication
    /// Questionnaires, observations, laboratory.
    case symptoms
    /// Sessions, goals and progress.
    case therapy
    /// Assessments and follow-ups.
    case contacts
    /// Concerns, screenings and plans.
    case safety
    /// Referrals, episodes, requests.
    case referrals
    /// Corrections, withdrawals, settlements.
    case corrections
    /// Who belongs to the chart, and consent.
    case sharing
    /// All else.
    case other

    /// The group of a kind. Kinds that this version does not know are among the others.
    public init(_ kind: Kind) {
        let family = kind.name.prefix { $0 != "." }
        self =
            switch family {
            case "medication", "dose", "intake", "side_effect", "allergy": .medication
            case "scale", "symptom", "lab": .symptoms
            case "session", "therapy", "goal", "progress_summary": .therapy
            case "assessment", "condition", "followup": .contacts
            case "safety", "screening", "safety_plan": .safety
            case "referral", "episode", "change": .referrals
            case "record", "conflict", "event": .corrections
            case "chart", "patient", "member", "practitioner", "consent": .sharing
            default: .other
            }
    }
}

/// A part of the timeline, the newest first: nobody reads five thousand events at once.
public struct TimelinePage: Codable, Hashable, Sendable {
    /// What is told of each event, the newest first.
    public let entries: [TimelineView.Entry]
    /// Events of the group in all.
    public let total: Int
    /// Each group that has events, with how many.
    public let groups: [Group]

    /// How many events a group has.
    public struct Group: Codable, Hashable, Sendable {
        /// Which.
        public let group: TimelineGroup
        /// How many.
        public let events: Int
    }

    /// Reads a part.
    ///
    /// - Parameters:
    ///   - group: only these; nil for all.
    ///   - skipping: so many of the newest are left out.
    ///   - count: at most so many.
    public init(_ fold: Fold, group: TimelineGroup?, skipping: Int, count: Int) {
        func found(_ position: Int) -> TimelineGroup { TimelineGroup(fold.record.graph.nodes[position].envelope.kind) }
        let counts = Dictionary(grouping: fold.order, by: found).mapValues(\.count)
        groups = TimelineGroup.allCases.compactMap { group in counts[group].map { Group(group: group, events: $0) } }
        let wanted = group.map { group in fold.order.filter { found($0) == group } } ?? fold.order
        total = wanted.count
        let newest = wanted.enumerated().sorted {
            (fold.record.when($0.element).instant, $0.offset) > (fold.record.when($1.element).instant, $1.offset)
        }.dropFirst(max(0, skipping)).prefix(max(0, count)).map(\.element)
        entries = TimelineView.entries(of: Array(newest), in: fold)
    }
}
