public import EventLog

/// Concerns that must not be overlooked. An answer of "not at all" is no proof of safety, and is never shown as one: 71.6 % of suicides in
/// VA data had answered so (ps.201500149).
public struct SafetyView: TimedProjection {
    public static let name = "safety"

    /// A concern, keyed by what gave rise to it: a rule and a person make one.
    public struct Concern: Codable, Hashable, Sendable {
        /// The event that gave rise to it.
        public let trigger: EventHash
        /// What gave rise to it, in words.
        public let because: [String]
        /// The events that raised it.
        public let raised: [EventLabel]
        /// Who took it up, and what they do.
        public let acknowledged: [EventLabel]
        /// Since when.
        public let since: ClinicalTime
        /// True until every event that raised it was named by an acknowledgement.
        public let open: Bool
        /// True until a C-SSRS was done after it.
        public let needs_screening: Bool
    }

    /// All concerns, the oldest first.
    public let concerns: [Concern]
    /// The latest screening, and the worse of two on one day.
    public let screening: EventLabel?
    /// Its result.
    public let screening_level: ScreeningCompleted.Level?
    /// Its result in words.
    public let screening_summary: String?

    /// Those that nobody has taken up.
    public var open: [Concern] { concerns.filter(\.open) }

    /// What can be said in one line; never that there is no risk.
    public var headline: String {
        let open = open.count
        guard open == 0 else { return "\(open) open \(open == 1 ? "concern" : "concerns")" }
        return concerns.isEmpty
            ? "no concern recorded; that is no statement on risk" : "all concerns taken up; that is no statement on risk"
    }

    public init(_ fold: Fold, now: Timestamp) {
        let reader = ConcernReader(fold)
        concerns = reader.triggers.map { reader.concern($0) }
            .sorted { ($0.since.instant, $0.trigger) < ($1.since.instant, $1.trigger) }
        let screenings = fold.countedByTime([ScreeningCompleted.kind])
        let day = screenings.last.map { fold.record.when($0).day }
        let worst = screenings.filter { fold.record.when($0).day == day }.max { left, right in
            // One whose body was erased says nothing, and so comes last.
            guard let other = reader.level(right) else { return false }
            return reader.level(left).map { $0 < other } ?? true
        }
        screening = worst.map { EventLabel($0, fold) }
        screening_level = worst.flatMap { reader.level($0) }
        screening_summary = worst.flatMap { fold.currentBody($0) as? ScreeningCompleted }?.summary
    }
}

/// Gathers what raised a concern and what took it up.
private struct ConcernReader {
    private let fold: Fold
    private var answers: Set<Int> = []
    private var raised: [EventHash: [Int]] = [:]
    /// The acknowledgements of each event that raised a concern.
    private var acknowledged: [Int: [Int]] = [:]
    private let lastScreening: Timestamp?

    init(_ fold: Fold) {
        self.fold = fold
        lastScreening = fold.counted([ScreeningCompleted.kind]).map { fold.record.when($0).instant }.max()
        for position in fold.counted([SafetyAcknowledged.kind]) {
            for target in fold.targets(of: position) { acknowledged[target, default: []].append(position) }
        }
        // A correction does not take back what somebody once answered: the worse of the two counts.
        for position in fold.counted([ScaleCompleted.kind]) {
            let bodies = [fold.body(position), fold.currentBody(position)].compactMap { $0 as? ScaleCompleted }
            if bodies.contains(where: { $0.instrument == .phq9 && ($0.items.last ?? 0) >= 1 }) { answers.insert(position) }
        }
        for position in fold.counted([SafetyConcernRaised.kind]) {
            guard let body = fold.body(position) as? SafetyConcernRaised else { continue }
            raised[body.trigger, default: []].append(position)
        }
    }

    var triggers: [EventHash] {
        Set(raised.keys).union(answers.map { fold.record.graph.nodes[$0].hash }).sorted()
    }

    func level(_ position: Int) -> ScreeningCompleted.Level? { (fold.currentBody(position) as? ScreeningCompleted)?.level }

    func concern(_ trigger: EventHash) -> SafetyView.Concern {
        let events = raised[trigger] ?? []
        let answer = fold.record.graph.position(of: trigger).flatMap { answers.contains($0) ? $0 : nil }
        let acknowledgements = Set(events.flatMap { acknowledged[$0] ?? [] })
        let times = (events + (answer.map { [$0] } ?? [])).map { fold.record.when($0) }
        let since = times.min { $0.instant < $1.instant } ?? ClinicalTime(instant: Timestamp(milliseconds: 0), offsetMinutes: 0)
        let isScreened = lastScreening.map { $0 >= since.instant } ?? false
        let words =
            events.compactMap { (fold.body($0) as? SafetyConcernRaised)?.rule } + (answer == nil ? [] : ["PHQ-9 item 9 >= 1"])
        return SafetyView.Concern(
            trigger: trigger, because: Array(Set(words)).sorted(), raised: events.map { EventLabel($0, fold) },
            acknowledged: acknowledgements.isEmpty
                ? [] : fold.order.filter { acknowledgements.contains($0) }.map { EventLabel($0, fold) }, since: since,
            open: events.isEmpty || !events.allSatisfy { acknowledged[$0] != nil }, needs_screening: !isScreened)
    }
}
