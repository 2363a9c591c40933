import EventLog

/// Reads the course of treatment out of a fold.
struct CourseReader {
    private let fold: Fold

    init(_ fold: Fold) { self.fold = fold }

    /// The event that happened last: days are told in its offset.
    var last: Int? { fold.order.max { fold.record.when($0).instant < fold.record.when($1).instant } }

    var medications: [CourseView.Medication] {
        fold.registers.filter { $0.register == .medication }.map { register in
            let decisions = Decisions(register, fold)
            let spans = decisions.spans
            return CourseView.Medication(
                root: fold.record.graph.nodes[register.root].hash, drug: fold.subject(of: register), spans: spans,
                disputes: decisions.disputes, taken: taken(register, spans))
        }
    }

    private func taken(_ register: RegisterState, _ spans: [CourseView.Span]) -> [CourseView.Taken] {
        fold.countedByTime([IntakeReported.kind]).compactMap { position in
            guard fold.targets(of: position).contains(where: { fold.roots[$0] == register.root }),
                let body = fold.currentBody(position) as? IntakeReported
            else { return nil }
            let day = fold.record.when(position).day
            // The frequency that was prescribed when the report was made; the patient tells of a single dose.
            let frequency = register.members.filter { fold.values[$0] != nil && fold.record.when($0).day <= day }
                .compactMap { fold.medication($0)?.frequency }.last
            return CourseView.Taken(
                label: EventLabel(position, fold), from: min(body.since, day), until: day,
                amount: body.taking?.description ?? "none",
                daily: body.taking.map { taking in frequency.flatMap { $0.daily(taking) } }
                    ?? Quantity(value: "0", unit: spans.lazy.compactMap(\.daily?.unit).first ?? "mg/d"))
        }
    }

    private static let first = ["sleep", "mood", "energy"]

    func grouped(_ observations: [TrendView.Observation]) -> [CourseView.Observations] {
        struct Key: Hashable { let (code, unit): (Code, String) }
        let groups = Dictionary(grouping: observations) { Key(code: $0.code, unit: $0.value.unit) }
        func rank(_ name: String) -> Int {
            Self.first.firstIndex { name.lowercased().contains($0) } ?? Self.first.count
        }
        return groups.map { CourseView.Observations(code: $0.key.code, unit: $0.key.unit, values: $0.value) }.sorted {
            (rank($0.code.display), $0.code.display, $0.code.code ?? "", $0.unit) < (
                rank($1.code.display), $1.code.display, $1.code.code ?? "", $1.unit
            )
        }
    }

    // MARK: Marks

    private static let marked: Set<Kind> = [
        SessionHeld.kind, SessionCancelled.kind, SessionMissed.kind, AssessmentRecorded.kind, MedicationPrescribed.kind,
        FollowupHeld.kind, FollowupMissed.kind, SideEffectReported.kind, SafetyConcernRaised.kind, SafetyAcknowledged.kind,
        ScreeningCompleted.kind, SafetyPlanUpdated.kind,
    ]

    var marks: [CourseView.Mark] {
        fold.countedByTime(Self.marked).map { position in
            let body = fold.currentBody(position)
            let (what, short) = Self.words(fold.record.graph.nodes[position].envelope.kind, body)
            return CourseView.Mark(
                what: what, label: EventLabel(position, fold), day: fold.record.when(position).day, short: short,
                summary: body?.summary ?? "[erased]", severity: (body as? SideEffectReported)?.severity)
        }
    }

    private static func words(_ kind: Kind, _ body: (any EventBody)?) -> (CourseView.Mark.What, String) {
        switch kind {
        case SessionHeld.kind: (.session, (body as? SessionHeld)?.modality ?? "[erased]")
        case SessionCancelled.kind: (.sessionNotHeld, "cancelled")
        case SessionMissed.kind: (.sessionNotHeld, "missed")
        case AssessmentRecorded.kind: (.contact, "assessment")
        case MedicationPrescribed.kind: (.contact, "prescription")
        case FollowupHeld.kind: (.contact, "follow-up")
        case FollowupMissed.kind: (.contactMissed, "missed")
        case SideEffectReported.kind:
            (.sideEffect, (body as? SideEffectReported).map { "\($0.what) (\($0.severity.rawValue))" } ?? "[erased]")
        case SafetyConcernRaised.kind: (.concern, (body as? SafetyConcernRaised)?.rule ?? "[erased]")
        case SafetyAcknowledged.kind: (.takenUp, "taken up")
        case ScreeningCompleted.kind:
            (.screening, (body as? ScreeningCompleted).map { "\($0.instrument.rawValue) \($0.level.rawValue)" } ?? "[erased]")
        default: (.plan, "safety plan")
        }
    }
}

/// The decisions of one medication, each with the days on which it held.
private struct Decisions {
    private struct Decision {
        let position: Int
        /// The day from which it was intended, and the day from which something else was.
        let intended: (from: CalendarDay, until: CalendarDay?)
        /// When it was made, and when something took its place.
        let standing: (from: ClinicalTime, until: ClinicalTime?)
    }

    private let fold: Fold
    private let decisions: [Decision]

    init(_ register: RegisterState, _ fold: Fold) {
        self.fold = fold
        func decided(_ position: Int) -> ClinicalTime { fold.record.when(position) }
        func intended(_ position: Int) -> CalendarDay {
            // Where the value of a correction is gone, the day on which it was made is all there is.
            guard fold.counts(position) else { return decided(position).day }
            return fold.medication(position)?.effective_from ?? decided(position).day
        }
        decisions = register.members.filter { fold.counts($0) && fold.values[$0] != nil }.map { position in
            let followers = (register.replacedBy[position] ?? []) + [fold.withdrawals[position]].compactMap { $0 }
            return Decision(
                position: position, intended: (intended(position), followers.map(intended).min()),
                standing: (decided(position), followers.map(decided).min { $0.instant < $1.instant }))
        }
    }

    var spans: [CourseView.Span] {
        decisions.compactMap { decision in
            let (from, until) = decision.intended
            // Replaced before the day from which it was intended: it never held.
            guard until.map({ from < $0 }) ?? true else { return nil }
            let value = fold.medication(decision.position)
            let isTaken = value?.status == .active
            return CourseView.Span(
                label: EventLabel(decision.position, fold), from: from, until: until,
                amount: fold.values[decision.position].map { fold.words($0) } ?? "[erased]", daily: daily(decision.position),
                evaluable: isTaken ? CalendarDay(number: from.number + TrendView.Judgement.evaluableDays) : nil,
                full_trial: isTaken ? CalendarDay(number: from.number + TrendView.Judgement.fullTrialDays) : nil)
        }.sorted { ($0.from, $0.label.event) < ($1.from, $1.label.event) }
    }

    private func daily(_ position: Int) -> Quantity? {
        guard let value = fold.medication(position) else { return nil }
        guard value.status == .active else { return Quantity(value: "0", unit: value.dose.map { "\($0.unit)/d" } ?? "mg/d") }
        return value.dailyDose
    }

    /// Time is cut at every decision; neighbours with the same decisions are one stretch, of a day at the least.
    var disputes: [CourseView.Dispute] {
        let times = decisions.flatMap { [$0.standing.from] + [$0.standing.until].compactMap { $0 } }
            .sorted { $0.instant < $1.instant }
        var found: [(from: ClinicalTime, until: ClinicalTime?, decisions: [Int])] = []
        for (index, time) in times.enumerated() {
            let next = index + 1 < times.count ? times[index + 1] : nil
            guard next?.instant != time.instant else { continue }
            let standing = decisions.filter { decision in
                let (from, until) = decision.standing
                return from.instant <= time.instant && (until.map { time.instant < $0.instant } ?? true)
            }.map(\.position)
            guard areSiblings(standing) else { continue }
            if let last = found.last, last.until?.instant == time.instant, last.decisions == standing {
                found[found.count - 1].until = next
            } else {
                found.append((time, next, standing))
            }
        }
        return found.map { from, until, positions in
            CourseView.Dispute(
                from: from.day, until: until.map { max($0.day, CalendarDay(number: from.day.number + 1)) },
                decisions: positions.map { EventLabel($0, fold) },
                values: positions.map { fold.values[$0].map { fold.words($0) } ?? "[erased]" }, daily: positions.map(daily))
        }
    }

    /// Values that differ, of decisions of which none names another: only what is named is replaced.
    private func areSiblings(_ positions: [Int]) -> Bool {
        let named = Set(positions.flatMap { fold.targets(of: $0) })
        let heads = positions.filter { !named.contains($0) }
        let values = Set(heads.compactMap { fold.values[$0] })
        return heads.count > 1 && (values.count > 1 || values.contains(.erased))
    }
}
