public import EventLog

/// What the rules point at: doses changed too soon after one another, two medicines of one kind, a medicine against a recorded allergy, a
/// raise made without seeing a side effect. The rules are data (``MedicationRules``); nothing here decides anything.
public struct AlertsView: TimedProjection {
    public static let name = "alerts"

    /// Which rule.
    public enum Rule: String, Codable, Hashable, Sendable {
        /// Two dose decisions closer than the medicine's interval.
        case interval
        /// Two medicines with the same ingredient, or of one class.
        case duplicateTherapy = "duplicate-therapy"
        /// More medicines of one group than the rules let pass.
        case manyOfAGroup = "many-of-a-group"
        /// A medicine and an allergy to it that has not been refuted.
        case allergy
        /// The author of a raise had not seen a report of a side effect.
        case madeWithoutSeeing = "made-without-seeing"
        /// What the patient takes is not what is prescribed.
        case intake
        /// An episode was closed by somebody who did not know of something that happened in it: it is not over.
        case closedWithoutSeeing = "closed-without-seeing"
        /// One session was held, by one record, and was not, by another.
        case slot
        /// Two corrections of one record that did not know of each other.
        case corrections
        /// The patient is stated in two ways that did not know of each other.
        case demographics
        /// Two assessments that did not know of each other state different conditions.
        case conditions
    }

    /// Something to look at.
    public struct Alert: Codable, Hashable, Sendable {
        /// Which rule.
        public let rule: Rule
        /// What it is about, in words.
        public let text: String
        /// The events that it is about, the decision first.
        public let events: [EventLabel]
    }

    /// The version of the rules.
    public let rules: Int
    /// By rule, in the order of the fold.
    public let alerts: [Alert]

    public init(_ fold: Fold, now: Timestamp) {
        rules = MedicationRules.version
        let reader = AlertReader(fold)
        alerts =
            reader.intervals + reader.duplicates + reader.crowds + reader.allergies + reader.unseen + reader.intakes
            + reader.closings
            + reader.slots
            + reader.corrections + reader.demographics + reader.conditions
    }
}

/// Applies the rules.
private struct AlertReader {
    private let fold: Fold

    init(_ fold: Fold) { self.fold = fold }

    private func labels(_ positions: [Int]) -> [EventLabel] { positions.map { EventLabel($0, fold) } }

    private func drug(_ root: Int) -> Code? { (fold.body(root) as? MedicationPrescribed)?.drug }

    /// Decisions on a medication that count, whoever made them; a resolution is one.
    private var intervalsByLineage: [(root: Int, decisions: [Int])] {
        fold.registers.filter { $0.register == .medication }.map { register in
            (register.root, register.members.filter { fold.counts($0) && fold.values[$0] != nil })
        }
    }

    var intervals: [AlertsView.Alert] {
        intervalsByLineage.flatMap { root, decisions in
            decisions.compactMap { decision in
                // The latest earlier decision that its author had before them.
                let earlier = decisions.filter { fold.record.graph.isBefore($0, decision) }
                    .max { fold.record.when($0).instant < fold.record.when($1).instant }
                guard let earlier else { return nil }
                let days = fold.record.when(decision).day.number - fold.record.when(earlier).day.number
                let least = MedicationRules.interval(of: drug(root))
                guard days < least else { return nil }
                let name = drug(root)?.display ?? "[erased]"
                return AlertsView.Alert(
                    rule: .interval,
                    text:
                        "\(name), \(fold.record.when(decision).day): decided \(days) days after the decision before; at least \(least)",
                    events: labels([decision, earlier]))
            }
        }
    }

    var duplicates: [AlertsView.Alert] {
        let active = fold.activeMedications.map(\.root)
        return active.indices.flatMap { index in
            active[(index + 1)...].compactMap { other in
                guard let one = drug(active[index]), let two = drug(other), let kind = MedicationRules.sameKind(one, two) else {
                    return nil
                }
                return AlertsView.Alert(
                    rule: .duplicateTherapy, text: "\(one.display) and \(two.display): \(kind)",
                    events: labels([active[index], other]))
            }
        }
    }

    var crowds: [AlertsView.Alert] {
        let active = fold.activeMedications.map(\.root).compactMap { root in drug(root).map { (root, $0) } }
        return MedicationRules.crowded(active.map(\.1)).map { group, members in
            let names = members.map { active[$0].1.display }.joined(separator: ", ")
            return AlertsView.Alert(
                rule: .manyOfAGroup, text: "\(members.count) \(group) at once: \(names)",
                events: labels(members.map { active[$0].0 }))
        }
    }

    var allergies: [AlertsView.Alert] {
        let refuted = Set(fold.counted([AllergyRefuted.kind]).flatMap { fold.targets(of: $0) })
        let standing = fold.counted([AllergyRecorded.kind]).filter { !refuted.contains($0) }
        return fold.activeMedications.map(\.root).flatMap { root in
            standing.compactMap { allergy in
                guard let drug = drug(root), let body = fold.currentBody(allergy) as? AllergyRecorded,
                    MedicationRules.names(drug, body.substance)
                else { return nil }
                return AlertsView.Alert(
                    rule: .allergy, text: "\(drug.display), and an allergy to \(body.substance) (\(body.criticality.rawValue))",
                    events: labels([root, allergy]))
            }
        }
    }

    var unseen: [AlertsView.Alert] {
        fold.registers.filter { $0.register == .medication }.flatMap { register in
            register.members.compactMap { position in
                let reports = fold.unseen(fold.reports(on: register.root), by: position)
                guard let first = reports.first else { return nil }
                let more = reports.count > 1 ? " and \(reports.count - 1) more" : ""
                return AlertsView.Alert(
                    rule: .madeWithoutSeeing,
                    text:
                        "\(drug(register.root)?.display ?? "[erased]"), \(fold.summary(of: position)), by \(EventLabel(position, fold).author), who had not seen: \(fold.summary(of: first))\(more)",
                    events: labels([position] + reports))
            }
        }
    }

    private static let clinical: Set<Kind> = [
        SessionHeld.kind, AssessmentRecorded.kind, MedicationPrescribed.kind, DoseAdjusted.kind, ScaleCompleted.kind,
        SafetyConcernRaised.kind, SideEffectReported.kind, ReferralRequested.kind,
    ]

    var closings: [AlertsView.Alert] {
        let clinical = fold.counted(Self.clinical)
        return fold.registers.filter { $0.register == .episode }.flatMap(\.current).compactMap { position in
            guard case .episode(.finished)? = fold.values[position] else { return nil }
            let unknown = clinical.filter { fold.record.graph.areConcurrent($0, position) }
            guard !unknown.isEmpty else { return nil }
            return AlertsView.Alert(
                rule: .closedWithoutSeeing,
                text: "the episode was closed without knowing of \(unknown.count) things recorded in it",
                events: labels([position] + unknown))
        }
    }

    /// Sessions of one beginning that were held by one record, and cancelled or missed by another.
    var slots: [AlertsView.Alert] {
        func start(_ position: Int) -> Timestamp? {
            switch fold.currentBody(position) {
            case let held as SessionHeld: held.start.instant
            case let cancelled as SessionCancelled: cancelled.start.instant
            case let missed as SessionMissed: missed.start.instant
            default: nil
            }
        }
        let off = Dictionary(grouping: fold.counted([SessionCancelled.kind, SessionMissed.kind]), by: start)
        guard !off.isEmpty else { return [] }
        return fold.counted([SessionHeld.kind]).flatMap { held -> [AlertsView.Alert] in
            guard let start = start(held) else { return [] }
            return (off[start] ?? []).map { other in
                AlertsView.Alert(
                    rule: .slot, text: "a session that was held, and was not", events: labels([held, other]))
            }
        }
    }

    var corrections: [AlertsView.Alert] {
        fold.order.compactMap { target in
            let standing = (fold.amendments[target] ?? []).filter { fold.counts($0) }
            let concurrent = standing.contains { one in standing.contains { fold.record.graph.areConcurrent(one, $0) } }
            guard concurrent else { return nil }
            return AlertsView.Alert(
                rule: .corrections, text: "corrected by \(standing.count) records that did not know of each other",
                events: labels([target] + standing))
        }
    }

    var demographics: [AlertsView.Alert] {
        let stated = fold.counted([PatientIdentified.kind])
        let replaced = Set(stated.flatMap { fold.targets(of: $0) })
        let current = stated.filter { !replaced.contains($0) }
        let members = current.map { fold.currentBody($0)?.members }
        let differs = current.indices.contains { one in
            current.indices.contains { other in
                fold.record.graph.areConcurrent(current[one], current[other]) && members[one] != members[other]
            }
        }
        guard differs else { return [] }
        return [
            AlertsView.Alert(
                rule: .demographics,
                text: "the patient is stated in \(current.count) ways; a correction that names them settles it",
                events: labels(current))
        ]
    }

    /// Until an assessment that had both before it.
    var conditions: [AlertsView.Alert] {
        let graph = fold.record.graph
        let all = fold.counted([AssessmentRecorded.kind])
        let stating = all.compactMap { position -> (position: Int, conditions: Set<String>)? in
            let conditions = Set((fold.currentBody(position) as? AssessmentRecorded)?.conditions ?? [])
            return conditions.isEmpty ? nil : (position, conditions)
        }
        return stating.indices.flatMap { index in
            let one = stating[index]
            return stating[(index + 1)...].filter { other in
                one.conditions != other.conditions && graph.areConcurrent(one.position, other.position)
                    && !all.contains { graph.isBefore(one.position, $0) && graph.isBefore(other.position, $0) }
            }.map { other in
                AlertsView.Alert(
                    rule: .conditions, text: "two assessments that did not know of each other state different conditions",
                    events: labels([one.position, other.position]))
            }
        }
    }

    /// The latest report of what is taken against what was agreed on when it was made, while that still holds.
    var intakes: [AlertsView.Alert] {
        fold.registers.filter { $0.register == .medication }.compactMap { register in
            guard case .agreed(.medication(let value)) = register.standing, let decision = register.current.last,
                let report = fold.countedByTime([IntakeReported.kind]).last(where: { position in
                    fold.targets(of: position).contains { fold.roots[$0] == register.root }
                }), fold.record.when(report).instant >= fold.record.when(decision).instant,
                let body = fold.currentBody(report) as? IntakeReported
            else { return nil }
            let prescribed = value.status == .active ? value.dose : nil
            guard body.taking != prescribed else { return nil }
            return AlertsView.Alert(
                rule: .intake,
                text:
                    "takes \(body.taking?.description ?? "none") since \(body.since), prescribed \(prescribed?.description ?? "none")",
                events: labels([report, decision]))
        }
    }
}
