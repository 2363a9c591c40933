public import EventLog

/// What stands in the way of a practice that goes, or that ends the care: it leaves nothing behind that nobody has taken over.
public struct Departure: Sendable {
    /// What it has to settle, or to hand to somebody.
    public let open: [OpenItems.Item]
    /// Hand-overs to it that are not settled: handing on names them, so that they end.
    public let taken: [EventHash]
    /// True when no other member could admit or remove anybody after it.
    public let isLastSteward: Bool

    /// Looks at a practice's part in a chart.
    public init(of node: NodeID, _ fold: Fold, now: Timestamp) {
        let items = OpenItems(fold, now: now)
        open = items.items(of: node, fold.membership)
        taken = items.handedOver.filter { $0.to == node }.map(\.label.event)
        let stewards = fold.membership.members.keys.filter { fold.membership.scopes(of: $0).contains(.steward) }
        isLastSteward = stewards.contains(node) && stewards.count == 1
    }

    /// What somebody with these scopes could not act on.
    public func leftOver(by scopes: Set<Scope>) -> [OpenItems.Item] { open.filter { !$0.isFor(scopes) } }

    /// The request that hands everything open to a member, and what it names. It says how many of what kind and no more: what they are
    /// stands in the events that it names, so that an erasure of one of these leaves nothing behind.
    public func handOver(to node: NodeID) -> (request: ChangeRequested, names: [EventHash]) {
        let counts = Dictionary(grouping: open, by: \.what.rawValue).mapValues(\.count).sorted { $0.key < $1.key }
        let words = counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let names = Set(open.flatMap(\.events) + taken).sorted()
        return (ChangeRequested(text: "please take over: \(words)", urgency: nil, to: node), names)
    }
}

extension Fold {
    /// Episodes of care that are agreed to be open, in the order of the fold.
    public var openEpisodes: [RegisterState] {
        registers.filter { $0.standing == .agreed(.episode(.active)) }
    }
}
