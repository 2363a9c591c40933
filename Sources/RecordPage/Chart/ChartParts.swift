import CareModel
import EventLog
import NodeAPI

/// A medicine, as the chart tells of it under the picture.
struct Medicine {
    struct Step {
        let event, when, who, what, standing: String
        let remark: String?
    }

    let drug, headline, lastAgreed, taken, window: String
    let hint: String?
    let isDisputed: Bool
    let state: String
    let waiting: [String]
    /// The newest first.
    let history: [Step]
    let earlier: String?

    static func of(_ reading: ChartReading) -> [Medicine] {
        reading.regimen.medications.map { lineage in
            Medicine(lineage, reading.trend.judgements.first { $0.root == lineage.root })
        }
    }

    private init(_ lineage: RegimenView.Lineage, _ judgement: TrendView.Judgement?) {
        drug = lineage.drug?.display ?? "[erased]"
        headline = lineage.headline
        isDisputed = lineage.state == .disputed
        state =
            switch lineage.state {
            case .disputed: "dispute"
            case .withdrawn, .void: "warning"
            case .agreed: "good"
            }
        lastAgreed = lineage.last_agreed?.description ?? "nothing"
        taken =
            lineage.intake.first.map { intake in
                "\(intake.taking?.description ?? "none") since \(intake.since), as reported \(intake.label.when.day) to \(intake.label.author)"
            } ?? "not reported"
        window = judgement.map(Self.words) ?? ""
        hint = judgement.flatMap(Self.hint)
        waiting = lineage.awaiting_adoption.map { "\($0.value?.amount ?? "[erased]") by \($0.label.author)" }
        earlier = Folded.rest(of: lineage.history.count, "earlier decision", "earlier decisions")
        history = lineage.history.reversed().prefix(Folded.most).map { step in
            let unseen = step.made_without_seeing.map { "\(TimeAxis.short($0.when.day)) by \($0.author)" }
            return Step(
                event: "\(step.label.event)", when: Words.local(step.label.when), who: step.label.person, what: step.summary,
                standing: step.standing.rawValue,
                remark: [
                    step.because,
                    unseen.isEmpty
                        ? nil : "made without seeing a side effect that was reported \(unseen.joined(separator: ", "))",
                ].compactMap { $0 }.joined(separator: "; ").unlessEmpty)
        }
    }

    private static func words(_ judgement: TrendView.Judgement) -> String {
        let since = judgement.since.map { ", since \($0): \(judgement.days ?? 0) days" } ?? ""
        return switch judgement.window {
        case .tooEarly: "TOO EARLY to judge\(since); most take 4 to 6 weeks"
        case .evaluable: "can be judged\(since)"
        case .fullTrial: "a full trial\(since)"
        case .disputed: "there is no one dose to judge"
        }
    }

    private static func hint(_ judgement: TrendView.Judgement) -> String? {
        guard judgement.window == .tooEarly, let signal = judgement.early_signal else { return nil }
        return signal
            ? "an early sign: the PHQ-9 fell by a fifth or more" : "no early sign yet; a third of those without it still respond"
    }
}

/// Of a list that grows with the chart, so many stand on its page. All of them stand in the timeline.
enum Folded {
    static let most = 30

    /// How many are not shown; nil where all are.
    static func rest(of count: Int, _ one: String, _ many: String) -> String? {
        count > most ? "and \(Words.count(count - most, one, many))" : nil
    }
}

/// Follow-up, symptoms, safety, goals and referrals, as the chart tells of them.
struct Care {
    struct Symptom {
        let name, latest: String
        let change: String?
    }

    struct Concern {
        let state, kind, since, because: String
        let takenUp: String?
        let needsScreening: Bool
    }

    struct Goal {
        let text, state, kind, by: String
        let more: String?
    }

    struct Referral {
        let service, to, state, kind, asked, age: String
    }

    let symptoms: [Symptom]
    let followup, lastContact: String
    let followupBecause: String?
    let safety, screening: String
    /// Those that nobody has taken up first.
    let concerns: [Concern]
    let plan: String
    let goals: [Goal]
    let referrals: [Referral]
    let moreConcerns, moreGoals, moreReferrals: String?

    init(_ reading: ChartReading) {
        symptoms = reading.trend.series.map(Self.symptom)
        let view = reading.followup
        followup = view.due.map { "\(view.state.rawValue): \(TimeAxis.long($0))" } ?? view.state.rawValue
        followupBecause = view.because
        lastContact = view.last_contact.map { "\(TimeAxis.long($0.when.day)), \($0.person)" } ?? "none by a prescriber"
        safety = reading.safety.headline
        screening = reading.safety.screening.map { "\($0.when.day): \(reading.safety.screening_summary ?? "[erased]")" } ?? "none"
        let concerned = reading.safety.concerns.filter(\.open) + reading.safety.concerns.filter { !$0.open }.reversed()
        moreConcerns = Folded.rest(of: concerned.count, "more", "more")
        concerns = concerned.prefix(Folded.most).map { concern in
            Concern(
                state: concern.open ? "OPEN" : "taken up", kind: concern.open ? "safety" : "good",
                since: "\(concern.since.day)", because: concern.because.joined(separator: ", "),
                takenUp: concern.acknowledged.map { "\($0.person) on \($0.when.day)" }.joined(separator: "; ").unlessEmpty,
                needsScreening: concern.needs_screening)
        }
        plan =
            reading.goals.safety_plan.map { plan in
                "\(plan.when.day), \(plan.person): \(reading.goals.safety_plan_text ?? "[erased]")"
            } ?? "none recorded"
        moreGoals = Folded.rest(of: reading.goals.goals.count, "more", "more")
        goals = reading.goals.goals.prefix(Folded.most).map { goal in
            let more = [goal.measure, goal.target, goal.due.map { "by \($0)" }].compactMap { $0 }
            return Goal(
                text: goal.text ?? "[erased]", state: goal.met ? "met" : goal.overdue ? "overdue" : "open",
                kind: goal.met ? "good" : goal.overdue ? "warning" : "notice",
                by: "\(goal.latest.person), \(goal.latest.when.day)", more: more.joined(separator: "; ").unlessEmpty)
        }
        moreReferrals = Folded.rest(of: reading.referrals.referrals.count, "more", "more")
        referrals = reading.referrals.referrals.prefix(Folded.most).map { referral in
            let states = referral.state.map(\.rawValue).joined(separator: ", ")
            return Referral(
                service: referral.service ?? "[erased]", to: referral.to ?? "[erased]",
                state: referral.disputed ? "DISPUTED {\(states)}" : states,
                kind: referral.disputed ? "dispute" : referral.open ? "notice" : "good",
                asked: "\(referral.requested.when.day), \(referral.requested.person)", age: "\(referral.days) days")
        }
    }

    private static func symptom(_ series: TrendView.Series) -> Symptom {
        let latest = series.scores.last
        var change = ""
        if let baseline = series.baseline, let moved = series.change {
            let sign = moved.points > 0 ? "+" : ""
            change = "\(sign)\(moved.points) points (\(sign)\(moved.permille / 10) %) since the baseline of \(baseline.total)"
            if moved.remission {
                change += ": remission"
            } else if moved.response {
                change += ": response"
            } else if moved.important {
                change += ": an important change, not a response"
            }
        }
        return Symptom(
            name: series.instrument.rawValue,
            latest: latest.map { "\($0.total), \($0.severity), on \($0.label.when.day)" } ?? "none", change: change.unlessEmpty)
    }
}

extension Words {
    /// A day and a time where it happened.
    static func local(_ when: ClinicalTime) -> String { String("\(when)".prefix(16)).replacing("T", with: " ") }
}

extension String {
    /// Nil where there is nothing to say: a template leaves out what is not there.
    var unlessEmpty: String? { isEmpty ? nil : self }
}
