public import EventLog

extension Fold {
    /// An event with what it comes to under the rules: for whoever passes the record on in another form.
    public struct Entry: Sendable {
        /// Who, what and when.
        public let label: EventLabel
        /// The envelope.
        public let envelope: Envelope
        /// The last events that its author had before them.
        public let parents: [EventHash]
        /// What it says, with its amendments; nil where the body is erased, or not acceptable.
        public let body: (any EventBody)?
        /// The members of the body as they were written; nil where it is erased.
        public let members: [UInt8]?
        /// What it says, in one line.
        public let summary: String
        /// How it stands now.
        public let standing: EventStanding
        /// Why it is without effect.
        public let because: String?
        /// True when an amendment in effect corrects it.
        public let isAmended: Bool
        /// The events that took its place, in the order of the fold.
        public let replacedBy: [EventHash]
        /// The event that began the medication, referral or episode that it writes.
        public let root: EventHash?
        /// The value that it gives its register; nil where it gives none.
        public let value: RegisterValue?
    }

    /// The counted events in the order of the fold: causes before effects.
    public var entries: [Entry] {
        order.map { position in
            let node = record.graph.nodes[position]
            let (standing, because) = standing(of: position)
            let root = roots[position]
            let register = root.flatMap { root in registers.first { $0.root == root } }
            let replacing = register?.replacedBy[position] ?? successors(of: position)
            return Entry(
                label: EventLabel(position, self), envelope: node.envelope, parents: parents(of: node.envelope),
                body: currentBody(position),
                members: erased.contains(position) ? nil : record.entries[position].body?.members,
                summary: summary(of: position), standing: standing, because: because,
                isAmended: (amendments[position] ?? []).contains { counts($0) },
                replacedBy: replacing.map { record.graph.nodes[$0].hash },
                root: root.map { record.graph.nodes[$0].hash }, value: values[position])
        }
    }

    /// `prev` where the author had it before them, and what they had seen beyond it.
    private func parents(of envelope: Envelope) -> [EventHash] {
        let hadPrevious = envelope.seen[envelope.origin] == envelope.seq - 1
        return (hadPrevious ? [envelope.prev].compactMap { $0 } : []) + envelope.after
    }

    /// Later events of the same family that name an event outside of a register: a goal's update, a plan's successor.
    private func successors(of position: Int) -> [Int] {
        let family = record.graph.nodes[position].envelope.kind.name.prefix { $0 != "." }
        return order.filter { later in
            counts(later) && targets(of: later).contains(position)
                && record.graph.nodes[later].envelope.kind.name.prefix { $0 != "." } == family
        }
    }
}
