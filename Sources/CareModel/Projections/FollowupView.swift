public import EventLog

/// When the medication is to be looked at next. "Every 4 to 8 weeks" (guide); the first review after a start within 14 days, within 7 at
/// ages 18 to 25 or with an open safety concern (NICE NG222 1.4.11, 1.4.24).
public struct FollowupView: TimedProjection {
    public static let name = "followup"
    static let usualDays = 28
    static let mostDays = 56
    static let firstReviewDays = 14
    static let firstReviewDaysAtRisk = 7

    /// How it stands.
    public enum State: String, Codable, Hashable, Sendable {
        /// No medication is taken.
        case none = "nothing to follow up"
        /// Not yet due.
        case planned
        /// Due today.
        case due = "due today"
        /// The day has passed.
        case overdue = "OVERDUE"
    }

    /// How it stands.
    public let state: State
    /// The last contact by a prescriber: an assessment, a prescription or a follow-up that was held.
    public let last_contact: EventLabel?
    /// The day of the next one.
    public let due: CalendarDay?
    /// Why that day.
    public let because: String?
    /// Days past it.
    public let days_overdue: Int
    /// Plans that stand; the earliest leads.
    public let plans: [EventLabel]

    public init(_ fold: Fold, now: Timestamp) {
        let contacts = fold.countedByTime([AssessmentRecorded.kind, MedicationPrescribed.kind, FollowupHeld.kind])
            .filter { fold.isByPrescriber($0) }
        guard let last = contacts.last, !fold.activeMedications.isEmpty else {
            (state, last_contact, due, because, days_overdue, plans) =
                (.none, contacts.last.map { EventLabel($0, fold) }, nil, nil, 0, [])
            return
        }
        let candidates = DueReader(fold, now, last).candidates
        plans = DueReader(fold, now, last).plans.map { EventLabel($0, fold) }
        last_contact = EventLabel(last, fold)
        let first = candidates.min { $0.day < $1.day }
        due = first?.day
        because = first?.because
        days_overdue = max(0, fold.day(of: now, where: last).number - (first?.day.number ?? .max / 2))
        state = days_overdue > 0 ? .overdue : first?.day == fold.day(of: now, where: last) ? .due : .planned
    }
}

/// Finds the days by which the medication must be looked at.
private struct DueReader {
    struct Candidate {
        let day: CalendarDay
        let because: String
    }

    private let fold: Fold
    private let now: Timestamp
    private let last: Int

    init(_ fold: Fold, _ now: Timestamp, _ last: Int) { (self.fold, self.now, self.last) = (fold, now, last) }

    private var lastDay: CalendarDay { fold.record.when(last).day }

    /// Plans made since the last contact, that no event has held or missed.
    var plans: [Int] {
        let settled = Set(fold.counted([FollowupHeld.kind, FollowupMissed.kind]).flatMap { fold.targets(of: $0) })
        return fold.countedByTime([FollowupPlanned.kind]).filter { plan in
            !settled.contains(plan) && fold.record.when(plan).instant >= fold.record.when(last).instant
        }
    }

    private func day(after days: Int) -> CalendarDay { CalendarDay(number: lastDay.number + days) }

    var candidates: [Candidate] {
        var found = planned
        if found.isEmpty {
            found.append(
                Candidate(day: day(after: FollowupView.usualDays), because: "nothing was planned: 28 days after the last contact")
            )
        }
        found.append(Candidate(day: day(after: FollowupView.mostDays), because: "8 weeks after the last contact at most"))
        if let review = firstReview { found.append(review) }
        return found
    }

    private var planned: [Candidate] {
        var found: [Candidate] = []
        if let held = fold.currentBody(last) as? FollowupHeld {
            if let due = held.due { found.append(Candidate(day: due, because: "planned at the last contact")) }
            if let days = held.next_days {
                found.append(Candidate(day: day(after: days), because: "planned at the last contact, \(days) days after it"))
            }
        }
        for plan in plans {
            guard let body = fold.currentBody(plan) as? FollowupPlanned else { continue }
            let from = fold.record.when(plan).day.number
            let day = body.due ?? CalendarDay(number: from + (body.next_days ?? FollowupView.usualDays))
            found.append(Candidate(day: day, because: "planned"))
        }
        return found
    }

    /// After a start, until somebody who prescribes has looked.
    private var firstReview: Candidate? {
        let starts = fold.activeMedications.map(\.root).filter { root in
            fold.record.when(root).instant >= fold.record.when(last).instant
        }
        guard let start = starts.min(by: { fold.record.when($0).instant < fold.record.when($1).instant }) else { return nil }
        let isAtRisk = isYoung || !SafetyView(fold, now: now).open.isEmpty
        let days = isAtRisk ? FollowupView.firstReviewDaysAtRisk : FollowupView.firstReviewDays
        return Candidate(
            day: CalendarDay(number: fold.record.when(start).day.number + days),
            because: "first review after a start, \(days) days" + (isAtRisk ? " at this age or with an open concern" : ""))
    }

    /// Aged 18 to 25.
    private var isYoung: Bool {
        guard let birth = MembershipView(fold).patient.first?.birth_date.parts else { return false }
        let today = fold.day(of: now, where: last).parts
        let hadBirthday = (today.month, today.day) >= (birth.month, birth.day)
        return (18...25).contains(today.year - birth.year - (hadBirthday ? 0 : 1))
    }
}
