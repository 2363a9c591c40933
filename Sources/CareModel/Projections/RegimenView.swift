public import EventLog

/// What is prescribed, how it came to be, and what is actually taken.
public struct RegimenView: Projection {
    public static let name = "regimen"

    /// How a medication stands.
    public enum State: String, Codable, Hashable, Sendable {
        /// One value holds.
        case agreed
        /// Values that differ stand side by side; none of them is shown as the dose.
        case disputed = "DISPUTED"
        /// The last value was entered in error, and nothing was put in its place.
        case withdrawn = "WITHDRAWN"
        /// Nothing is in effect.
        case void = "without effect"
    }

    /// A value and the event that gives it.
    public struct Value: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// The value; nil where it was erased.
        public let value: MedicationValue?
        /// What is taken in a day, computed.
        public let daily_dose: Quantity?
    }

    /// A step in the history of a medication.
    public struct Step: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What it says.
        public let summary: String
        /// How it stands now.
        public let standing: EventStanding
        /// Why it is without effect.
        public let because: String?
        /// The value that it gave; nil where it gave none or was erased.
        public let value: MedicationValue?
        /// Reports on this medication that the author of a raise had not seen.
        public let made_without_seeing: [EventLabel]
    }

    /// What the patient says they take.
    public struct Intake: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// A single dose; nil for none.
        public let taking: Quantity?
        /// Since when.
        public let since: CalendarDay
    }

    /// A medication from its prescription on.
    public struct Lineage: Codable, Hashable, Sendable {
        /// The prescription.
        public let root: EventHash
        /// The medicine; nil where it was erased.
        public let drug: Code?
        /// How it stands.
        public let state: State
        /// The current values: one, or several that differ.
        public let values: [Value]
        /// The last value that was not disputed.
        public let last_agreed: MedicationValue?
        /// Values that wait for a member to name them.
        public let awaiting_adoption: [Value]
        /// All that happened to it.
        public let history: [Step]
        /// What is actually taken, the newest first.
        public let intake: [Intake]
    }

    /// The medications, by the order of the fold.
    public let medications: [Lineage]

    public init(_ fold: Fold) {
        medications = fold.registers.filter { $0.register == .medication }.map { Lineage($0, fold) }
    }
}

extension RegimenView.Lineage {
    init(_ register: RegisterState, _ fold: Fold) {
        func value(_ position: Int) -> RegimenView.Value {
            let value = fold.medication(position)
            return RegimenView.Value(label: EventLabel(position, fold), value: value, daily_dose: value?.dailyDose)
        }
        root = fold.record.graph.nodes[register.root].hash
        drug = (fold.body(register.root) as? MedicationPrescribed)?.drug
        state =
            switch register.standing {
            case .agreed: .agreed
            case .disputed: .disputed
            case .withdrawn: .withdrawn
            case .void: .void
            }
        values = register.current.map(value)
        if case .medication(let agreed)? = register.lastAgreed { last_agreed = agreed } else { last_agreed = nil }
        awaiting_adoption = register.suspended.map(value)
        let reports = fold.reports(on: register.root)
        history = register.members.map { position in
            let (standing, because) = fold.standing(of: position)
            return RegimenView.Step(
                label: EventLabel(position, fold), summary: fold.summary(of: position), standing: standing,
                because: because, value: fold.medication(position),
                made_without_seeing: fold.unseen(reports, by: position).map { EventLabel($0, fold) })
        }
        intake = fold.order.reversed().compactMap { position in
            // Bodies are read when they are looked at: only those that can be about this medication are.
            guard fold.record.graph.nodes[position].envelope.kind == IntakeReported.kind, fold.counts(position),
                fold.targets(of: position).contains(where: { fold.roots[$0] == register.root }),
                let body = fold.body(position) as? IntakeReported
            else { return nil }
            return RegimenView.Intake(label: EventLabel(position, fold), taking: body.taking, since: body.since)
        }
    }
}

extension Fold {
    /// True when an event is in effect and was not withdrawn.
    func counts(_ position: Int) -> Bool {
        isEffective(position) && withdrawals[position] == nil && !suspended.contains(position)
    }

    /// The value that an event gives its medication; nil where it gives none, or was erased.
    public func medication(_ position: Int) -> MedicationValue? {
        if case .medication(let value)? = values[position] { value } else { nil }
    }

    /// Side effects that were reported of a medication.
    func reports(on root: Int) -> [Int] {
        order.filter { position in
            record.graph.nodes[position].envelope.kind == SideEffectReported.kind && counts(position)
                && targets(of: position).contains { roots[$0] == root }
        }
    }

    /// The reports that the author of a raise neither had before them nor was known to: the raise was made without seeing them.
    func unseen(_ reports: [Int], by position: Int) -> [Int] {
        let concurrent = reports.filter { record.graph.areConcurrent($0, position) }
        return !concurrent.isEmpty && isRaise(position) ? concurrent : []
    }

    /// True when an event gives a higher daily dose than one that it names, or than what those last agreed on.
    private func isRaise(_ position: Int) -> Bool {
        guard isEffective(position), let new = medication(position)?.dailyDose?.number else { return false }
        let before = targets(of: position).compactMap { medication($0)?.dailyDose?.number }
        guard !before.isEmpty else { return false }
        // A settlement between several values raises the dose when it exceeds the lowest that a patient may be taking.
        return before.contains { new > $0 }
    }
}
