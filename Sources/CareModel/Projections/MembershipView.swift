public import EventLog

/// Who belongs to the chart, what they may do, and whom the patient allows it to be sent to.
public struct MembershipView: Projection {
    public static let name = "membership"

    /// A node.
    public struct Member: Codable, Hashable, Sendable {
        /// Its short id.
        public let node: NodeID
        /// The practice.
        public let name: String
        /// Its public key: the present one, or, where two claim to be that, the one that both replace.
        public let key: NodePublicKey
        /// What it may do.
        public let scopes: [Scope]
        /// True when it was removed and not admitted again.
        public let removed: Bool
        /// True when a consent covers it, dates aside.
        public let consent: Bool
        /// The last day of that consent, where it ends.
        public let consent_until: CalendarDay?
        /// The events that admitted it, or the one that removed it.
        public let decided_by: [EventHash]
        /// Its practitioners.
        public let practitioners: [Practitioner]
    }

    /// A person.
    public struct Practitioner: Codable, Hashable, Sendable {
        /// The id in envelopes.
        public let author: AuthorID
        /// Full name.
        public let name: String
        /// Qualification.
        public let credential: Credential
    }

    /// Who the chart is about, the newest first; several where corrections differ.
    public let patient: [Patient]
    /// The nodes, by id.
    public let members: [Member]
    /// True when a newer Duolog is needed to read all of the chart.
    public let incomplete: Bool

    /// Demographics.
    public struct Patient: Codable, Hashable, Sendable {
        /// Full name.
        public let name: String
        /// Day of birth.
        public let birth_date: CalendarDay
        /// Numbers of the patient elsewhere.
        public let identifiers: [String]?
        /// How to reach the patient.
        public let contact: String?
        /// As the patient gives it.
        public let sex: String?
        /// The event that says so.
        public let event: EventHash
    }

    public init(_ fold: Fold) {
        let consent = ConsentState(fold)
        members = fold.membership.members.map { node, member in
            let coverage = consent.coverage(of: node)
            return Member(
                node: node, name: member.name, key: member.keys.present,
                scopes: member.scopes.sorted { $0.rawValue < $1.rawValue },
                removed: fold.membership.removals[node] != nil, consent: coverage != .none,
                consent_until: coverage.lastDay,
                decided_by: fold.membership.removals[node].map { [$0] } ?? member.admissions.map(\.event).sorted(),
                practitioners: Self.practitioners(of: node, fold))
        }.sorted { $0.node < $1.node }
        patient = Self.patient(fold)
        incomplete = fold.record.unknownCritical.contains { fold.includes($0) }
    }

    private static func practitioners(of node: NodeID, _ fold: Fold) -> [Practitioner] {
        fold.membership.practitioners.filter { $0.key.node == node }
            .map { Practitioner(author: $0.key.author, name: $0.value.name, credential: $0.value.credential) }
            .sorted { $0.author < $1.author }
    }

    private static func patient(_ fold: Fold) -> [Patient] {
        let statements = fold.order.filter {
            fold.record.graph.nodes[$0].envelope.kind == PatientIdentified.kind && fold.isEffective($0)
                && fold.withdrawals[$0] == nil && !fold.suspended.contains($0)
        }
        let corrected = Set(statements.flatMap { fold.targets(of: $0) })
        return statements.filter { !corrected.contains($0) }.reversed().compactMap { position in
            guard let body = fold.body(position) as? PatientIdentified else { return nil }
            return Patient(
                name: body.name, birth_date: body.birth_date, identifiers: body.identifiers, contact: body.contact, sex: body.sex,
                event: fold.record.graph.nodes[position].hash)
        }
    }
}
