import CareModel
import EventLog
import Foundation

/// Who may have a chart, by another road than the fold: from the founder's decisions, by hashes and pasts alone.
///
/// A node is a member once admitted, until a removal that had seen that admission or that no admission names. A consent covers it until
/// a revocation that had seen the consent, or that no consent names.
struct SharingOracle {
    private struct Statement {
        enum What { case admission(String), removal([String]), grant(Set<String>), revocation(Set<String>) }

        let hash: EventHash
        let what: What
        let refs: Set<EventHash>
    }

    private let founder: NodeID?
    private var statements: [Statement] = []
    private var admissions: [EventHash: String] = [:]
    private var after: [EventHash: [EventHash]] = [:]
    private var allowed: Set<String> = []
    /// When a node was last allowed, or came to be disallowed.
    private var until: [String: Int] = [:]

    init(founder: NodeID?) { self.founder = founder }

    /// The node that an event admits.
    static func admitted(_ event: Event) -> NodeID? {
        guard [ChartOpened.kind, MemberAdmitted.kind].contains(event.envelope.kind),
            let key = members(event)["node_key"] as? String
        else { return nil }
        return NodePublicKey(key).map { NodeID(of: $0) }
    }

    private static func members(_ event: Event) -> [String: Any] {
        guard let line = event.bodyLine?.line else { return [:] }
        return (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any] ?? [:]
    }

    mutating func take(_ event: Event, at now: Int) {
        let envelope = event.envelope
        // The past is kept for all events, cheaply: what an author had before them.
        var before = envelope.after
        let own = envelope.seen.entries.first { $0.origin == envelope.origin }?.seq ?? 0
        if let prev = envelope.prev, own == envelope.seq - 1 { before.append(prev) }
        if let prev = envelope.prev, own != envelope.seq - 1 { hidden[event.hash] = prev }
        after[event.hash] = before
        guard envelope.origin.node == founder, let what = statement(event) else { return }
        statements.append(Statement(hash: event.hash, what: what, refs: Set(envelope.refs)))
        let known = evaluate()
        for node in allowed.subtracting(known) { until[node] = now }
        allowed = known
    }

    /// What lies behind an event without its author having seen it.
    private var hidden: [EventHash: EventHash] = [:]

    private mutating func statement(_ event: Event) -> Statement.What? {
        let members = Self.members(event)
        switch event.envelope.kind {
        case ChartOpened.kind, MemberAdmitted.kind:
            guard let node = Self.admitted(event)?.description else { return nil }
            admissions[event.hash] = node
            return .admission(node)
        case MemberRemoved.kind: return .removal(event.envelope.refs.compactMap { admissions[$0] })
        case ConsentGranted.kind: return .grant(Set(members["recipients"] as? [String] ?? []))
        case ConsentRevoked.kind: return .revocation(Set(members["recipients"] as? [String] ?? []))
        default: return nil
        }
    }

    /// True when the founder had `early` before them when they wrote `late`.
    private func saw(_ late: EventHash, _ early: EventHash) -> Bool {
        var pending = after[late] ?? []
        var visited: Set<EventHash> = []
        while let hash = pending.popLast() {
            if hash == early { return true }
            guard visited.insert(hash).inserted else { continue }
            pending += after[hash] ?? []
            if let prev = hidden[hash] { pending.append(prev) }
        }
        return false
    }

    private func evaluate() -> Set<String> {
        var nodes: Set<String> = []
        for statement in statements {
            if case .admission(let node) = statement.what { nodes.insert(node) }
        }
        return nodes.filter { isMember($0) && isCovered($0) }
    }

    private func isMember(_ node: String) -> Bool {
        let admissions = statements.filter { if case .admission(node) = $0.what { true } else { false } }
        let removals = statements.filter { if case .removal(let nodes) = $0.what { nodes.contains(node) } else { false } }
        guard removals.allSatisfy({ removal in admissions.contains { $0.refs.contains(removal.hash) } }) else { return false }
        return admissions.contains { admission in !removals.contains { saw($0.hash, admission.hash) } } || removals.isEmpty
    }

    private func isCovered(_ node: String) -> Bool {
        let grants = statements.filter { if case .grant(let nodes) = $0.what { nodes.contains(node) } else { false } }
        let revocations = statements.filter { if case .revocation(let nodes) = $0.what { nodes.contains(node) } else { false } }
        guard revocations.allSatisfy({ revocation in grants.contains { $0.refs.contains(revocation.hash) } }) else {
            return false
        }
        return grants.contains { grant in
            !revocations.contains { saw($0.hash, grant.hash) }
                && !statements.contains { other in
                    if case .grant = other.what { other.refs.contains(grant.hash) } else { false }
                }
        }
    }

    /// True when a node may have the chart now.
    func mayHave(_ node: NodeID) -> Bool { allowed.contains(node.description) }

    /// True when it may have it, or might have at some time since: what was read before a revocation may leave just after it.
    func couldHave(_ node: NodeID, since: Int) -> Bool {
        mayHave(node) || (until[node.description].map { $0 >= since } ?? false)
    }
}
