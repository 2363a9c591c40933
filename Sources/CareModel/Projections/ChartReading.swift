public import EventLog

/// All that a clinician reads of a chart before they decide, from one fold and so with one view. The timeline is asked for by itself: it
/// grows with every event, and nobody reads all of it at once.
public struct ChartReading: TimedProjection {
    public static let name = "chart"

    /// Who the chart is about, and who belongs to it.
    public let membership: MembershipView
    /// What is prescribed.
    public let regimen: RegimenView
    /// What contradicts each other.
    public let conflicts: ConflictsView
    /// The picture.
    public let course: CourseView
    /// How symptoms go, and whether a dose can be judged.
    public let trend: TrendView
    /// When the medication is looked at next.
    public let followup: FollowupView
    /// Concerns.
    public let safety: SafetyView
    /// Goals and the safety plan.
    public let goals: GoalsView
    /// Who was asked for what.
    public let referrals: ReferralsView
    /// Which care has begun.
    public let coverage: CoverageView
    /// What the rules point at.
    public let alerts: AlertsView
    /// Allergies that were not refuted.
    public let allergies: [Allergy]
    /// Why the patient came, and conditions that were recorded, in words.
    public let conditions: [String]
    /// What a chart protected by 42 CFR Part 2 carries with it.
    public let notice: RedisclosureNotice?
    /// Events in all.
    public let events: Int

    /// An allergy that stands.
    public struct Allergy: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// To what.
        public let substance: String
        /// What happens.
        public let reaction: String?
        /// How grave.
        public let criticality: String
    }

    public init(_ fold: Fold, now: Timestamp) {
        membership = MembershipView(fold)
        regimen = RegimenView(fold)
        conflicts = ConflictsView(fold)
        course = CourseView(fold, now: now)
        trend = TrendView(fold, now: now)
        followup = FollowupView(fold, now: now)
        safety = SafetyView(fold, now: now)
        goals = GoalsView(fold, now: now)
        referrals = ReferralsView(fold, now: now)
        coverage = CoverageView(fold, now: now)
        alerts = AlertsView(fold, now: now)
        let refuted = Set(fold.counted([AllergyRefuted.kind]).flatMap { fold.targets(of: $0) })
        allergies = fold.counted([AllergyRecorded.kind]).filter { !refuted.contains($0) }.compactMap { position in
            (fold.currentBody(position) as? AllergyRecorded).map {
                Allergy(
                    label: EventLabel(position, fold), substance: $0.substance, reaction: $0.reaction,
                    criticality: $0.criticality.rawValue)
            }
        }
        conditions = fold.counted([EpisodeOpened.kind, ConditionRecorded.kind]).compactMap { fold.currentBody($0)?.summary }
        notice = ConsentView(fold, now: now).notice
        events = fold.order.count
    }
}
