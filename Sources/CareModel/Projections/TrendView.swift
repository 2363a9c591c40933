public import EventLog

/// How symptoms go, beside what was done. It draws no causal conclusion.
///
/// PHQ-9: cut-offs 5/10/15/20 (Kroenke 2001), minimal important change 5 (Löwe 2004), response a fall by half, remission under 5
/// (NCQA/HEDIS). GAD-7: cut-offs 5/10/15 (Spitzer 2006).
public struct TrendView: TimedProjection {
    public static let name = "trend"

    /// A score, its total computed from the items.
    public struct Score: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// The total, with corrections.
        public let total: Int
        /// What the cut-offs call it.
        public let severity: String
        /// False where the same questionnaire was filled in again within 24 hours: the later counts.
        public let counts: Bool
    }

    /// What became of a score since the baseline.
    public struct Change: Codable, Hashable, Sendable {
        /// In points; negative is better.
        public let points: Int
        /// In tenths of a per cent of the baseline; negative is better.
        public let permille: Int
        /// At least the minimal important change, for the better (PHQ-9 only).
        public let important: Bool
        /// A fall by half or more.
        public let response: Bool
        /// Under 5 (PHQ-9 only).
        public let remission: Bool
    }

    /// A questionnaire over time.
    public struct Series: Codable, Hashable, Sendable {
        /// Which.
        public let instrument: ScaleCompleted.Instrument
        /// By clinical time.
        public let scores: [Score]
        /// The latest score at or before the first prescription; nil where there is none.
        public let baseline: Score?
        /// The latest against the baseline.
        public let change: Change?
    }

    /// Sleep, mood, energy and the like.
    public struct Observation: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What was observed.
        public let code: Code
        /// How much.
        public let value: Quantity
    }

    /// How long a dose has been taken, and whether it can be judged.
    public struct Judgement: Codable, Hashable, Sendable {
        static let evaluableDays = 28
        static let fullTrialDays = 42

        /// Whether a dose can be judged. Most take 4 to 6 weeks.
        public enum Window: String, Codable, Hashable, Sendable {
            /// Under 28 days.
            case tooEarly = "TOO EARLY"
            /// From 28 days.
            case evaluable
            /// From 42 days.
            case fullTrial = "full trial"
            /// There is no one dose to judge.
            case disputed = "DISPUTED"
        }

        /// The medication.
        public let root: EventHash
        /// The medicine.
        public let drug: String
        /// Since when the present dose holds; nil while it is disputed.
        public let since: CalendarDay?
        /// Days since then.
        public let days: Int?
        /// Whether it can be judged.
        public let window: Window
        /// From day 14, before it can be judged: the PHQ-9 has fallen by a fifth or more since the change (sensitivity 85 %, specificity
        /// 54 %; a third of those without it still respond). Nil where no score tells.
        public let early_signal: Bool?
    }

    /// The questionnaires that were filled in.
    public let series: [Series]
    /// What was observed, by clinical time.
    public let observations: [Observation]
    /// The doses that are taken.
    public let judgements: [Judgement]

    public init(_ fold: Fold, now: Timestamp) {
        let start = fold.counted([MedicationPrescribed.kind]).map { fold.record.when($0).instant }.min()
        let all = [ScaleCompleted.Instrument.phq9, .gad7].map { ScaleReader(fold, $0) }
        series = all.filter { !$0.scores.isEmpty }.map { $0.series(start: start) }
        observations = fold.countedByTime([SymptomObserved.kind]).compactMap { position in
            (fold.currentBody(position) as? SymptomObserved).map {
                Observation(label: EventLabel(position, fold), code: $0.code, value: $0.value)
            }
        }
        judgements = fold.activeMedications.map { Judgement($0, fold, now, all[0]) }
    }
}

/// Reads the scores of one questionnaire.
private struct ScaleReader {
    let instrument: ScaleCompleted.Instrument
    private(set) var scores: [TrendView.Score] = []

    init(_ fold: Fold, _ instrument: ScaleCompleted.Instrument) {
        self.instrument = instrument
        let filled = fold.countedByTime([ScaleCompleted.kind]).compactMap { position in
            (fold.currentBody(position) as? ScaleCompleted).map { (position, $0) }
        }.filter { $0.1.instrument == instrument }
        for (index, (position, scale)) in filled.enumerated() {
            let next = index + 1 < filled.count ? fold.record.when(filled[index + 1].0).instant.milliseconds : .max
            let total = scale.items.reduce(0, +)
            scores.append(
                TrendView.Score(
                    label: EventLabel(position, fold), total: total, severity: instrument.severity(total),
                    counts: next - fold.record.when(position).instant.milliseconds >= 86_400_000))
        }
    }

    var counting: [TrendView.Score] { scores.filter(\.counts) }

    func series(start: Timestamp?) -> TrendView.Series {
        let baseline = start.flatMap { start in counting.last { $0.label.when.instant <= start } }
        let latest = counting.last
        var change: TrendView.Change?
        if let baseline, let latest, latest != baseline, baseline.total > 0 {
            let points = latest.total - baseline.total
            let permille = (abs(points) * 2000 + baseline.total) / (2 * baseline.total) * points.signum()
            let isPHQ = instrument == .phq9
            change = TrendView.Change(
                points: points, permille: permille, important: isPHQ && points <= -5,
                response: latest.total * 2 <= baseline.total,
                remission: isPHQ && latest.total < 5)
        }
        return TrendView.Series(instrument: instrument, scores: scores, baseline: baseline, change: change)
    }
}

extension ScaleCompleted.Instrument {
    /// What the cut-offs call a total.
    func severity(_ total: Int) -> String {
        let words = ["minimal", "mild", "moderate", "moderately severe", "severe"]
        switch self {
        case .phq9: return words[min(4, total / 5)]
        case .gad7: return ["minimal", "mild", "moderate", "severe"][min(3, total / 5)]
        }
    }
}

extension TrendView.Judgement {
    fileprivate init(_ register: RegisterState, _ fold: Fold, _ now: Timestamp, _ scale: ScaleReader) {
        root = fold.record.graph.nodes[register.root].hash
        drug = fold.subject(of: register)
        guard case .agreed(.medication(let value)) = register.standing, let position = register.current.last else {
            (since, days, window, early_signal) = (nil, nil, .disputed, nil)
            return
        }
        let start = value.effective_from ?? fold.record.when(position).day
        let passed = fold.day(of: now, where: position).number - start.number
        since = start
        days = passed
        window = passed < Self.evaluableDays ? .tooEarly : passed < Self.fullTrialDays ? .evaluable : .fullTrial
        let before = scale.counting.last { $0.label.when.day <= start }
        let after = scale.counting.last { $0.label.when.day.number >= start.number + 14 }
        early_signal =
            passed < 14
            ? nil : before.flatMap { before in after.map { ($0.total - before.total) * 5 <= -before.total && before.total > 0 } }
    }
}
