public import EventLog

/// Who was asked for what, and what became of it.
public struct ReferralsView: TimedProjection {
    public static let name = "referrals"

    /// A referral.
    public struct Referral: Codable, Hashable, Sendable {
        /// The request.
        public let requested: EventLabel
        /// What is asked for; nil where it was erased.
        public let service: String?
        /// Whom it is asked of.
        public let to: String?
        /// How soon.
        public let priority: ReferralRequested.Priority?
        /// How it stands: one word, or several where it is disputed.
        public let state: [ReferralStatus]
        /// True when several stand side by side.
        public let disputed: Bool
        /// True while somebody has to do something.
        public let open: Bool
        /// Days since it was requested.
        public let days: Int
        /// What happened to it.
        public let history: [EventLabel]
        /// Requests for the same service of the same practice; of very many, the earliest.
        public let duplicates: [EventHash]
        /// How many more there are than are named; nil where all are.
        public let more_duplicates: Int?
    }

    /// The open ones first, the oldest of them first.
    public let referrals: [Referral]

    public init(_ fold: Fold, now: Timestamp) {
        let duplicates = ProbableDuplicates(fold, [ReferralRequested.kind])
        referrals = fold.registers.filter { $0.register == .referral }.map { register in
            let body = fold.body(register.root) as? ReferralRequested
            let states = register.current.compactMap { position -> ReferralStatus? in
                if case .referral(let status)? = fold.values[position] { status } else { nil }
            }
            let others = duplicates.of(register.root)
            let distinct = states.reduce(into: [ReferralStatus]()) { if !$0.contains($1) { $0.append($1) } }
            return Referral(
                requested: EventLabel(register.root, fold), service: body?.service,
                to: body.map { fold.membership.members[$0.to]?.name ?? $0.to.description }, priority: body?.priority,
                state: distinct, disputed: register.isDisputed,
                open: register.isDisputed || distinct.contains { [.requested, .accepted].contains($0) },
                days: fold.day(of: now, where: register.root).number - fold.record.when(register.root).day.number,
                history: register.members.map { EventLabel($0, fold) },
                duplicates: others.named.map { fold.record.graph.nodes[$0].hash }.sorted(), more_duplicates: others.more)
        }.sorted { ($0.open ? 0 : 1, -$0.days, $0.requested.event) < ($1.open ? 0 : 1, -$1.days, $1.requested.event) }
    }
}
