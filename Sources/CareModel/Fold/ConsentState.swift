public import EventLog

/// Whom the patient allows a chart to be sent to. Revoked wins until a grant names the revocation.
public struct ConsentState: Sendable {
    /// How far a node is covered.
    public enum Coverage: Hashable, Sendable {
        /// Not at all.
        case none
        /// Up to and with this day.
        case until(CalendarDay)
        /// Without an end.
        case unlimited

        /// The last day that is covered, where there is one.
        public var lastDay: CalendarDay? {
            if case .until(let day) = self { day } else { nil }
        }

        /// True when the chart may be sent on `day`.
        public func covers(_ day: CalendarDay) -> Bool {
            switch self {
            case .none: false
            case .until(let last): day <= last
            case .unlimited: true
            }
        }
    }

    private var coverage: [NodeID: Coverage] = [:]
    private var grants: [NodeID: EventHash] = [:]
    private var revocations: [(event: EventHash, recipients: Set<NodeID>)] = []
    /// For each grant that no later one names, the recipients for whom it was not taken back, dates aside.
    public private(set) var standing: [EventHash: Set<NodeID>] = [:]

    /// Reads the consents of a chart.
    public init(_ fold: Fold) {
        let nodes = fold.record.graph.nodes
        let effective = fold.order.filter { fold.isEffective($0) }
        let grants = effective.filter { nodes[$0].envelope.kind == ConsentGranted.kind && !fold.suspended.contains($0) }
        let named = Set(grants.flatMap { fold.targets(of: $0) })
        var revoked: Set<NodeID> = []
        var ended: [Int: Set<NodeID>] = [:]
        // The safe side: a revocation holds even when its author's practice was being removed meanwhile.
        for position in effective where nodes[position].envelope.kind == ConsentRevoked.kind {
            guard let revocation = fold.body(position) as? ConsentRevoked else { continue }
            let lifted = grants.filter { fold.targets(of: $0).contains(position) }
                .compactMap { fold.body($0) as? ConsentGranted }.flatMap(\.recipients)
            // What the revocation had seen stays ended, also when a later grant lifts it.
            for grant in grants where fold.record.graph.isBefore(grant, position) {
                ended[grant, default: []].formUnion(revocation.recipients)
            }
            let left = Set(revocation.recipients).subtracting(lifted)
            revoked.formUnion(left)
            if !left.isEmpty { revocations.append((nodes[position].hash, left)) }
        }
        for position in grants where !named.contains(position) {
            guard let grant = fold.body(position) as? ConsentGranted else { continue }
            for node in grant.recipients where !revoked.contains(node) && !ended[position, default: []].contains(node) {
                standing[nodes[position].hash, default: []].insert(node)
                if extend(node, grant.until) { self.grants[node] = nodes[position].hash }
            }
        }
    }

    /// True when a grant covers more than what came before it in the order of the fold.
    private mutating func extend(_ node: NodeID, _ until: CalendarDay?) -> Bool {
        let before = coverage[node] ?? .none
        switch (before, until) {
        case (.unlimited, _), (_, nil): coverage[node] = .unlimited
        case (.none, let day?): coverage[node] = .until(day)
        case (.until(let last), let day?): coverage[node] = .until(max(last, day))
        }
        return coverage[node] != before
    }

    /// The grant that covers a node longest: the one that a disclosure to it relies on.
    public func grant(for node: NodeID) -> EventHash? { grants[node] }

    /// Revocations that keep the chart from one of these nodes: a grant that names them lifts them.
    public func standingRevocations(of recipients: Set<NodeID>) -> [EventHash] {
        revocations.filter { !$0.recipients.isDisjoint(with: recipients) }.map(\.event)
    }

    /// How far a node is covered.
    public func coverage(of node: NodeID) -> Coverage { coverage[node] ?? .none }
}
