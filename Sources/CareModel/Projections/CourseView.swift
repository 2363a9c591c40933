public import EventLog

/// The course of treatment: what both practices did, and how the patient did meanwhile, over one line of time. It is what a picture of
/// the chart is drawn from. It puts things beside each other and draws no causal conclusion.
public struct CourseView: TimedProjection {
    public static let name = "course"

    /// A dose over the days for which it was intended.
    public struct Span: Codable, Hashable, Sendable {
        /// The decision that gives it.
        public let label: EventLabel
        /// The first day.
        public let from: CalendarDay
        /// The day from which on something else was intended; nil where it still holds.
        public let until: CalendarDay?
        /// The dose in words.
        public let amount: String
        /// What is taken in a day; nil where that is no number: as needed, or erased. Zero while it is stopped or on hold.
        public let daily: Quantity?
        /// Its last day as too early to judge would be the one before this: 28 days after the first. Nil where nothing is taken.
        public let evaluable: CalendarDay?
        /// From here on it was a full trial: 42 days after the first. Nil where nothing is taken.
        public let full_trial: CalendarDay?
    }

    /// Days on which values that differ stood side by side.
    public struct Dispute: Codable, Hashable, Sendable {
        /// The day on which the second of them was decided.
        public let from: CalendarDay
        /// The day on which it was settled; nil while it is open.
        public let until: CalendarDay?
        /// The decisions.
        public let decisions: [EventLabel]
        /// Their values in words.
        public let values: [String]
        /// What each comes to in a day; nil where that is no number.
        public let daily: [Quantity?]
    }

    /// What the patient said they took. A report speaks for the days up to itself, and for none after.
    public struct Taken: Codable, Hashable, Sendable {
        /// The report.
        public let label: EventLabel
        /// Since when.
        public let from: CalendarDay
        /// The day of the report.
        public let until: CalendarDay
        /// A single dose in words; `none` for nothing.
        public let amount: String
        /// What that comes to in a day, as often as was prescribed; nil where it cannot be said.
        public let daily: Quantity?
    }

    /// A medicine over time.
    public struct Medication: Codable, Hashable, Sendable {
        /// The prescription.
        public let root: EventHash
        /// The medicine.
        public let drug: String
        /// By day.
        public let spans: [Span]
        /// By day.
        public let disputes: [Dispute]
        /// By day.
        public let taken: [Taken]
    }

    /// Something that was observed again and again: sleep, mood, energy and the like.
    public struct Observations: Codable, Hashable, Sendable {
        /// What.
        public let code: Code
        /// In which unit.
        public let unit: String
        /// By clinical time.
        public let values: [TrendView.Observation]
    }

    /// Something that happened on a day.
    public struct Mark: Codable, Hashable, Sendable {
        /// What kind of thing.
        public enum What: String, Codable, Hashable, Sendable, CaseIterable {
            /// A therapy session that was held.
            case session
            /// One that was cancelled or missed.
            case sessionNotHeld = "session not held"
            /// An assessment, a prescription or a follow-up.
            case contact
            /// A follow-up that was missed.
            case contactMissed = "follow-up missed"
            /// A side effect.
            case sideEffect = "side effect"
            /// A safety concern.
            case concern = "safety concern"
            /// Somebody took a concern up.
            case takenUp = "concern taken up"
            /// A C-SSRS.
            case screening
            /// A safety plan.
            case plan = "safety plan"
        }

        /// What kind of thing.
        public let what: What
        /// The event.
        public let label: EventLabel
        /// The day.
        public let day: CalendarDay
        /// In a few words, as a picture has room for.
        public let short: String
        /// In one line.
        public let summary: String
        /// Of a side effect.
        public let severity: SideEffectReported.Severity?
    }

    /// The first day on which something happened; nil where nothing did.
    public let first: CalendarDay?
    /// The day on which it is read.
    public let today: CalendarDay
    /// The medicines in the order of the fold.
    public let medications: [Medication]
    /// The questionnaires.
    public let scales: [TrendView.Series]
    /// Sleep, mood and energy first, then by name.
    public let observations: [Observations]
    /// By clinical time.
    public let marks: [Mark]

    public init(_ fold: Fold, now: Timestamp) {
        let reader = CourseReader(fold)
        let trend = TrendView(fold, now: now)
        today = reader.last.map { fold.day(of: now, where: $0) } ?? ClinicalTime(instant: now, offsetMinutes: 0).day
        medications = reader.medications
        scales = trend.series
        observations = reader.grouped(trend.observations)
        marks = reader.marks
        first =
            (medications.flatMap { $0.spans.map(\.from) + $0.taken.map(\.from) } + marks.map(\.day)
            + scales.flatMap { $0.scores.map(\.label.when.day) } + trend.observations.map(\.label.when.day)).min()
    }
}
