public import EventLog

/// The worklist of decisions that contradict each other: the values, the last agreed one, and who had seen what.
public struct ConflictsView: Projection {
    public static let name = "conflicts"

    /// One of the values.
    public struct Sibling: Codable, Hashable, Sendable {
        /// The event that gives it.
        public let label: EventLabel
        /// The value in words.
        public let value: String
        /// What the author gave as the reason, in one line.
        public let summary: String
        /// What the author had before them.
        public let seen: VectorClock
        /// Other values of this dispute that the author had before them and did not name.
        public let saw: [EventHash]
        /// Other values of this dispute that the author did not know of.
        public let had_not_seen: [EventHash]
    }

    /// How soon it must be settled.
    public enum Urgency: String, Codable, Hashable, Sendable {
        /// A medicine is stopped by one and taken by another: withdrawal.
        case urgent
        /// Any other.
        case soon
    }

    /// A dispute.
    public struct Dispute: Codable, Hashable, Sendable {
        /// What kind of register.
        public let register: HoldRegister
        /// The event that began the lineage.
        public let root: EventHash
        /// What it is about.
        public let subject: String
        /// The values that stand side by side.
        public let siblings: [Sibling]
        /// The last value that was not disputed.
        public let last_agreed: String?
        /// When the dispute came about, by its authors' clocks.
        public let since: Timestamp
        /// How soon it must be settled.
        public let urgency: Urgency
        /// Who has taken note of it.
        public let acknowledged: [EventLabel]
    }

    /// The oldest first.
    public let disputes: [Dispute]

    public init(_ fold: Fold) {
        disputes = fold.registers.filter(\.isDisputed).map { Dispute($0, fold) }
            .sorted { ($0.since, $0.root) < ($1.since, $1.root) }
    }
}

extension ConflictsView.Dispute {
    init(_ state: RegisterState, _ fold: Fold) {
        let graph = fold.record.graph
        register = state.register
        root = graph.nodes[state.root].hash
        subject = fold.subject(of: state)
        last_agreed = state.lastAgreed.map { fold.words($0) }
        siblings = state.current.map { position in
            let others = state.current.filter { $0 != position }
            return ConflictsView.Sibling(
                label: EventLabel(position, fold), value: fold.values[position].map { fold.words($0) } ?? "[erased]",
                summary: fold.summary(of: position), seen: graph.nodes[position].envelope.seen,
                saw: others.filter { graph.isBefore($0, position) }.map { graph.nodes[$0].hash },
                had_not_seen: others.filter { !graph.isBefore($0, position) }.map { graph.nodes[$0].hash })
        }
        since = state.current.map { graph.nodes[$0].envelope.at }.max() ?? Timestamp(milliseconds: 0)
        let statuses = Set(state.current.compactMap { fold.medication($0)?.status })
        urgency = statuses.contains(.stopped) && statuses.count > 1 ? .urgent : .soon
        acknowledged = fold.order.filter { position in
            graph.nodes[position].envelope.kind == ConflictAcknowledged.kind && fold.counts(position)
                && fold.targets(of: position).contains { state.current.contains($0) }
        }.map { EventLabel($0, fold) }
    }
}

extension Fold {
    /// A value as a dispute names it: the dose alone, unless the values differ in something else.
    func words(_ value: RegisterValue) -> String {
        if case .medication(let medication) = value { medication.amount } else { value.description }
    }

    /// What a register is about, in words.
    public func subject(of state: RegisterState) -> String {
        switch body(state.root) {
        case let prescribed as MedicationPrescribed: prescribed.drug.display
        case let referral as ReferralRequested: referral.service
        case let episode as EpisodeOpened: episode.reason
        default: state.register.rawValue
        }
    }
}

extension ConflictsView {
    /// A part of a worklist.
    public init(disputes: [Dispute]) { self.disputes = disputes }
}
