import CareModel
import EventLog
import LogStore

/// What of one chart waits for a certain person of this practice.
struct Matter: Hashable, Sendable {
    /// What kind of thing; the word that the notifying command is given.
    enum What: String, CaseIterable, Sendable {
        case dispute
        case safety
        case overdue
    }

    let what: What
    let person: AuthorID
    let chart: ChartID
    /// The event that stands for it: another one is another matter.
    let event: EventHash
    /// Since when it is so, as the record says; and from ``known(_:in:_:)`` on, since when it is known here.
    var since: Timestamp

    /// The same matters, none of them older than the arrival of what they are about: what was opened before is no answer to what came later.
    static func known(_ matters: [Matter], in record: ChartRecord, _ arrivals: [Timestamp]) -> [Matter] {
        matters.map { matter in
            guard let position = record.graph.position(of: matter.event), position < arrivals.count else { return matter }
            var known = matter
            known.since = max(matter.since, arrivals[position])
            return known
        }
    }
}

extension Matter {
    /// What waits in a chart for the people of a node: a dispute for those who made one of its decisions, or who may settle it where none of
    /// them is here; a concern for all who treat the patient; an overdue follow-up for whom it was planned by or last held.
    static func all(in record: ChartRecord, at node: NodeID, _ people: [Practitioner], now: Timestamp) -> [Matter] {
        let fold = Fold(record, Fold.Scope(now: now))
        guard fold.membership.removals[node] == nil, fold.membership.members[node] != nil else { return [] }
        let enrolled = people.map(\.author).filter {
            fold.membership.practitioners[Membership.Seat(node: node, author: $0)] != nil
        }
        let chart = record.graph.chart
        func author(_ event: EventHash) -> AuthorID? {
            guard let position = record.graph.position(of: event) else { return nil }
            let envelope = record.graph.nodes[position].envelope
            return envelope.origin.node == node && enrolled.contains(envelope.author) ? envelope.author : nil
        }
        func matters(_ what: What, _ named: [AuthorID], _ event: EventHash, _ since: Timestamp) -> [Matter] {
            Set(named).map { Matter(what: what, person: $0, chart: chart, event: event, since: since) }
        }
        func settlers(_ register: HoldRegister) -> [AuthorID] {
            guard register == .medication else { return enrolled }
            guard fold.membership.scopes(of: node).contains(.prescribing) else { return [] }
            return people.filter { enrolled.contains($0.author) && $0.credential.mayAct(as: .prescribing) }.map(\.author)
        }
        let disputes = ConflictsView(fold).disputes.flatMap { dispute in
            // The last decision to arrive is what made it a dispute here.
            let last = dispute.siblings.map(\.label.event).max {
                (record.graph.position(of: $0) ?? 0) < (record.graph.position(of: $1) ?? 0)
            }
            let deciders = dispute.siblings.compactMap { author($0.label.event) }
            return matters(
                .dispute, deciders.isEmpty ? settlers(dispute.register) : deciders, last ?? dispute.root, dispute.since)
        }
        let concerns = SafetyView(fold, now: now).open.flatMap { matters(.safety, enrolled, $0.trigger, $0.since.instant) }
        return disputes + concerns + overdue(FollowupView(fold, now: now), author, matters)
    }

    private static func overdue(
        _ view: FollowupView, _ author: (EventHash) -> AuthorID?,
        _ matters: (What, [AuthorID], EventHash, Timestamp) -> [Matter]
    ) -> [Matter] {
        guard view.state == .overdue, let due = view.due, let contact = view.last_contact else { return [] }
        let named = author(view.plans.first?.event ?? contact.event) ?? author(contact.event)
        // Whose patient it is is told; another practice's prescriber is told by their own node.
        guard let named, let since = ClinicalTime("\(due)T00:00:00+00:00")?.instant else { return [] }
        return matters(.overdue, [named], contact.event, since)
    }
}
