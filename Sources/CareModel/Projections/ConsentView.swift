public import EventLog

/// Whom the patient allows the chart to be sent to: what was granted, what was taken back, and how long what stands will last.
public struct ConsentView: TimedProjection {
    public static let name = "consent"
    /// Somebody is told so many days before a consent ends: time to ask the patient.
    public static let warningDays = 14

    /// A node and what it is called.
    public struct Party: Codable, Hashable, Sendable {
        /// Its short id.
        public let node: NodeID
        /// The practice.
        public let name: String
    }

    /// A consent.
    public struct Grant: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// To whom the chart may be sent.
        public let recipients: [Party]
        /// Why.
        public let purpose: String
        /// SHA-256 of the signed document.
        public let document: EventHash
        /// The last day.
        public let until: CalendarDay?
        /// True for a consent under 42 CFR Part 2.
        public let part2: Bool
        /// The recipients for whom it was neither taken back nor replaced, dates aside.
        public let stands_for: [NodeID]
    }

    /// A consent that was taken back.
    public struct Revocation: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// For whom.
        public let recipients: [Party]
        /// Why.
        public let reason: String?
    }

    /// How a member is covered.
    public struct Coverage: Codable, Hashable, Sendable {
        /// The member.
        public let member: Party
        /// True when the chart may be sent to it today, by UTC.
        public let covered: Bool
        /// The last day, where there is one.
        public let until: CalendarDay?
        /// Days that are left, 0 on the last one, less than 0 after it.
        public let days_left: Int?
    }

    /// All that were granted, by clinical time.
    public let grants: [Grant]
    /// All that were taken back, by clinical time.
    public let revocations: [Revocation]
    /// The members, by id.
    public let members: [Coverage]
    /// What goes with each disclosure, where the chart needs it.
    public let notice: RedisclosureNotice?

    public init(_ fold: Fold, now: Timestamp) {
        let state = ConsentState(fold)
        func party(_ node: NodeID) -> Party {
            Party(node: node, name: fold.membership.members[node]?.name ?? node.description)
        }
        let grants = fold.effective(ConsentGranted.self).map { position, body in
            let event = fold.record.graph.nodes[position].hash
            return Grant(
                label: EventLabel(position, fold), recipients: Set(body.recipients).sorted().map(party), purpose: body.purpose,
                document: body.signed_document_hash, until: body.until, part2: body.part2 ?? false,
                stands_for: (state.standing[event] ?? []).sorted())
        }
        self.grants = grants
        revocations = fold.effective(ConsentRevoked.self).map { position, body in
            Revocation(
                label: EventLabel(position, fold), recipients: Set(body.recipients).sorted().map(party), reason: body.reason)
        }
        let today = ClinicalTime(instant: now, offsetMinutes: 0).day
        members = fold.membership.members.keys.sorted().filter { fold.membership.contains($0) }.map { node in
            let coverage = state.coverage(of: node)
            return Coverage(
                member: party(node), covered: coverage.covers(today), until: coverage.lastDay,
                days_left: coverage.lastDay.map { $0.number - today.number })
        }
        notice = RedisclosureNotice(grants)
    }
}

extension Fold {
    /// The events of a kind that were permitted, with what they say, by clinical time. What was written during the author's removal is
    /// among them: a notice rather stands once too often.
    fileprivate func effective<Body: EventBody>(_ type: Body.Type) -> [(Int, Body)] {
        order.enumerated().filter { record.graph.nodes[$0.element].envelope.kind == type.kind && isEffective($0.element) }
            .sorted { (record.when($0.element).instant, $0.offset) < (record.when($1.element).instant, $1.offset) }
            .compactMap { item in (body(item.element) as? Body).map { (item.element, $0) } }
    }
}
