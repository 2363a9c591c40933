public import EventLog

/// Changes that somebody asked for and that no later event has named: a request stays until it is settled. A hand-over, which names what
/// is handed to whom, is settled as well once nothing of that waits any more.
public struct OpenRequests: Sendable {
    /// A request.
    public struct Request: Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What is asked for.
        public let text: String
        /// The member that is asked; nil for anybody.
        public let to: NodeID?
        /// What is handed over.
        public let names: [EventHash]
        /// True where it asks for more than what it names: it is settled by an event that names it, and by nothing else.
        public let asks: Bool
    }

    /// The oldest first.
    public let requests: [Request]

    /// Reads the requests of a chart at a moment.
    public init(_ fold: Fold, now: Timestamp) { self.init(fold, waiting: OpenItems.waiting(fold, now)) }

    init(_ fold: Fold, waiting: [OpenItems.Item]) {
        let named = Set(fold.order.filter { fold.counts($0) }.flatMap { fold.targets(of: $0) })
        let open = Set(waiting.flatMap(\.events))
        var asking: Set<Int> = []
        var found: [Int: Request] = [:]
        // Causes come first in this order: whether a hand-over passes a request on is known when the next one names it.
        for position in fold.counted([ChangeRequested.kind]) {
            let to = (fold.currentBody(position) as? ChangeRequested)?.to
            let names = to == nil ? [] : fold.record.graph.nodes[position].envelope.refs
            let asks = names.isEmpty || fold.targets(of: position).contains { asking.contains($0) }
            if asks { asking.insert(position) }
            guard !named.contains(position), asks || !open.isDisjoint(with: names) else { continue }
            found[position] = Request(
                label: EventLabel(position, fold), text: fold.summary(of: position), to: to, names: names, asks: asks)
        }
        requests = fold.countedByTime([ChangeRequested.kind]).compactMap { found[$0] }
    }
}
