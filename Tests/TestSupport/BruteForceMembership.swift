import CareModel
import EventLog
import Foundation

/// Who was permitted what in a chart with one steward, its founder, by another road than the fold: over sets of hashes, one event after
/// another. The founder is never removed, and keeps its key.
struct MembershipByForce {
    /// Events whose authors were permitted to write them.
    private(set) var permitted: Set<EventHash> = []
    /// Of these, the ones that were written while their node was being removed, or its key replaced: they replace nothing until a member
    /// names them.
    private(set) var heldBack: Set<EventHash> = []

    private let events: [EventHash: Event]
    private let pasts: [EventHash: Set<EventHash>]
    /// What every holder of an event holds because of it: also what its author had not looked at.
    private let reaches: [EventHash: Set<EventHash>]
    private var admissions: [EventHash: NodeID] = [:]
    private var removals: [EventHash: Set<NodeID>] = [:]
    /// Statements that a node has another key, by the key.
    private var rotations: [NodeID: [String: Set<EventHash>]] = [:]
    private var enrolments: Set<EventHash> = []

    init(_ events: [EventHash: Event], pasts: [EventHash: Set<EventHash>], reaches: [EventHash: Set<EventHash>]) {
        (self.events, self.pasts, self.reaches) = (events, pasts, reaches)
        for event in events.values.sorted(by: { reach($0.hash).count < reach($1.hash).count }) where isPermitted(event) {
            permitted.insert(event.hash)
            note(event)
        }
        for hash in permitted where isApartFromAnEnding(hash, among: Set(events.keys)) { heldBack.insert(hash) }
    }

    private func past(_ hash: EventHash) -> Set<EventHash> { pasts[hash] ?? [] }
    private func reach(_ hash: EventHash) -> Set<EventHash> { reaches[hash] ?? [] }

    private mutating func note(_ event: Event) {
        let node = event.envelope.origin.node
        switch event.envelope.kind {
        case ChartOpened.kind, MemberAdmitted.kind:
            guard let key = (BruteForce.members(event)["node_key"] as? String).flatMap({ NodePublicKey($0) }) else { return }
            admissions[event.hash] = NodeID(of: key)
        case MemberRemoved.kind: removals[event.hash] = Set(event.envelope.refs.compactMap { admissions[$0] })
        case PractitionerEnrolled.kind: enrolments.insert(event.hash)
        case KeyRotated.kind:
            guard let new = (BruteForce.members(event)["succession"] as? [String: Any])?["new"] as? String else { return }
            rotations[node, default: [:]][new, default: []].insert(event.hash)
        default: break
        }
    }

    // MARK: Permission

    private func isPermitted(_ event: Event) -> Bool {
        let node = event.envelope.origin.node
        if event.envelope.kind == ChartOpened.kind { return true }
        guard !isRemoved(node, in: reach(event.hash)), isMember(node, in: past(event.hash)) else { return false }
        return !BruteForce.writers.contains(event.envelope.kind) || isEnrolled(event)
    }

    private func removals(of node: NodeID, in known: Set<EventHash>) -> Set<EventHash> {
        Set(removals.filter { known.contains($0.key) && $0.value.contains(node) }.keys)
    }

    private func admissions(of node: NodeID, in known: Set<EventHash>) -> Set<EventHash> {
        Set(admissions.filter { known.contains($0.key) && $0.value == node }.keys)
    }

    /// Removed, and no admission lifts that.
    private func isRemoved(_ node: NodeID, in known: Set<EventHash>) -> Bool {
        let named = admissions(of: node, in: known).flatMap { events[$0]?.envelope.refs ?? [] }
        return !removals(of: node, in: known).isSubset(of: named)
    }

    /// Admitted by an event that no removal had seen.
    private func isMember(_ node: NodeID, in known: Set<EventHash>) -> Bool {
        guard !isRemoved(node, in: known) else { return false }
        let removals = removals(of: node, in: known)
        return admissions(of: node, in: known).contains { admission in !removals.contains { past($0).contains(admission) } }
    }

    private func isEnrolled(_ event: Event) -> Bool {
        let known = past(event.hash)
        return enrolments.contains { enrolment in
            guard known.contains(enrolment), let one = events[enrolment]?.envelope else { return false }
            return one.origin.node == event.envelope.origin.node && one.author == event.envelope.author
                && !isApartFromAnEnding(enrolment, among: known)
        }
    }

    // MARK: Endings

    /// True when the event and a removal of its node knew nothing of each other, or it and all statements of one of its node's keys.
    private func isApartFromAnEnding(_ hash: EventHash, among known: Set<EventHash>) -> Bool {
        guard let node = events[hash]?.envelope.origin.node else { return false }
        let isRemovedMeanwhile = removals(of: node, in: known).contains { removal in
            removal != hash && !past(removal).contains(hash) && !past(hash).contains(removal)
        }
        let isReplacedMeanwhile = (rotations[node] ?? [:]).values.contains { statements in
            let statements = statements.intersection(known)
            return !statements.isEmpty
                && statements.allSatisfy { $0 != hash && !reach($0).contains(hash) && !reach(hash).contains($0) }
        }
        return isRemovedMeanwhile || isReplacedMeanwhile
    }
}
