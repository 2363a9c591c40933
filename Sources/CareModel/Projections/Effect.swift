public import EventLog

/// Why an event has no effect, or none yet: the rule that it fell short of, and the event by which it did.
public struct EffectRule: Codable, Hashable, Sendable {
    /// The rule's name: a ``Verdict/Reason``, `content`, `concurrent-removal` or `concurrent-rotation`.
    public let rule: String
    /// What the rule says of this event.
    public let words: String
    /// The event that decided it; nil where it is the lack of one, or what the event itself says.
    public let event: EventHash?

    /// All of it in one line.
    var line: String { "\(words) (rule \(rule)\(event.map { ", event \($0.short)" } ?? ""))" }
}

extension Fold {
    /// How an event stands, and why where it has no effect.
    func standing(of position: Int) -> (EventStanding, String?) {
        let (standing, rule) = effect(of: position)
        return (standing, rule?.line)
    }

    /// How an event stands, with the rule and the event that decided it where it has no effect.
    func effect(of position: Int) -> (EventStanding, EffectRule?) { effect(of: position, content(position)) }

    /// The same of a body that was read before.
    func effect(of position: Int, _ content: Content?) -> (EventStanding, EffectRule?) {
        if case .withoutEffect(let reason, let decider) = record.verdict(on: position) {
            let event = decider ?? self.decider(of: reason, on: position)
            return (.withoutEffect, EffectRule(rule: reason.rawValue, words: reason.description, event: event))
        }
        if let problem = problems[position] { return (.withoutEffect, rule(problem, position)) }
        if Catalogue.kind(record.graph.nodes[position].envelope.kind) == nil { return (.unknown, nil) }
        if withdrawals[position] != nil { return (.withdrawn, nil) }
        if suspended.contains(position) { return (.suspended, suspension(of: position)) }
        if let root = roots[position], let register = registers.first(where: { $0.root == root }) {
            if register.replacedBy[position] != nil { return (.replaced, nil) }
            return register.isDisputed ? (.disputed, nil) : (.inEffect, nil)
        }
        if !erased.contains(position), case .failure(let problem)? = content {
            return (.withoutEffect, rule(problem, position))
        }
        return (.inEffect, nil)
    }

    /// What an event says is not acceptable by itself; what is wrong with its refs is decided by what they name.
    private func rule(_ problem: ContentError, _ position: Int) -> EffectRule {
        let named = problem.field == "refs" ? targets(of: position) : []
        let decider = named.first { !isEffective($0) } ?? named.first
        return EffectRule(
            rule: "content", words: problem.description, event: decider.map { record.graph.nodes[$0].hash })
    }

    private func suspension(of position: Int) -> EffectRule {
        let graph = record.graph
        let endings = record.authority.endings { includes($0) }
        let ending = endings.concurrent(with: position, of: graph.nodes[position].envelope.origin.node, in: graph)
            .map { graph.nodes[$0].hash }.min()
        if let rotation = ending.flatMap({ record.graph[$0] }), rotation.envelope.kind == KeyRotated.kind {
            return EffectRule(
                rule: "concurrent-rotation",
                words: "the practice's key was being replaced meanwhile; it counts once a member names it", event: ending)
        }
        return EffectRule(
            rule: "concurrent-removal", words: "the practice was being removed meanwhile; it counts once a member names it",
            event: ending)
    }

    /// The event by which a rule decided, where the verdict does not keep it.
    private func decider(of reason: Verdict.Reason, on position: Int) -> EventHash? {
        let nodes = record.graph.nodes
        let envelope = nodes[position].envelope
        func isOwn(_ other: Int) -> Bool {
            nodes[other].envelope.author == envelope.author && nodes[other].envelope.origin.node == envelope.origin.node
        }
        let found: Int? =
            switch reason {
            case .credential:
                order.last {
                    nodes[$0].envelope.kind == PractitionerEnrolled.kind && isOwn($0) && record.graph.isBefore($0, position)
                }
            case .notTheAuthor: targets(of: position).first { !isOwn($0) }
            case .notTheGenesis: order.first
            case .noScope, .removed, .wrongScope, .notEnrolled, .notSteward, .notShared, .keyMismatch, .keyContested: nil
            }
        return found.map { nodes[$0].hash }
    }
}
