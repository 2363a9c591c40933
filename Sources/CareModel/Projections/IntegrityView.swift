public import EventLog

/// Numbers that name two events: a node was copied, or put back, and went on writing. Nothing is discarded; a person reviews it.
public struct IntegrityView: Projection {
    public static let name = "integrity"

    /// One of the two (or more) stories that a fork tells.
    public struct Branch: Codable, Hashable, Sendable {
        /// Its first event, at the number that is used twice.
        public let first: EventHash
        /// Its last event: its signed head is evidence.
        public let tip: EventHash
        /// The number of the last event.
        public let seq: Int
        /// Its events, the oldest first.
        public let events: [EventLabel]
        /// Events of others that build on this branch.
        public let built_on: Int
    }

    /// An origin that forked.
    public struct Fork: Codable, Hashable, Sendable {
        /// The writer.
        public let origin: Origin
        /// The practice.
        public let practice: String
        /// The first number that names two events.
        public let seq: Int
        /// The branches, by their first events and tips.
        public let branches: [Branch]
        /// Reviews that name all branches.
        public let adopted: [EventLabel]

        /// True until somebody has reviewed all of its branches.
        public var isOpen: Bool { adopted.isEmpty }
    }

    /// By origin.
    public let forks: [Fork]

    public init(_ fold: Fold) { forks = fold.record.graph.forkedOrigins.compactMap { Fork($0, fold) } }
}

extension IntegrityView.Fork {
    /// Nil where the events that count hold no number twice.
    fileprivate init?(_ origin: Origin, _ fold: Fold) {
        let graph = fold.record.graph
        let members = graph.nodes.indices.filter { graph.nodes[$0].envelope.origin == origin && fold.includes($0) }
        let numbers = Dictionary(grouping: members) { graph.nodes[$0].envelope.seq }
        guard let seq = numbers.filter({ $0.value.count > 1 }).keys.min() else { return nil }
        let followed = Set(members.compactMap { graph.nodes[$0].envelope.prev })
        let tips = members.filter { !followed.contains(graph.nodes[$0].hash) }.sorted {
            graph.nodes[$0].hash < graph.nodes[$1].hash
        }
        let branches = tips.map { (tip: $0, members: Self.chain(to: $0, from: seq, in: graph)) }
        self.origin = origin
        practice = fold.membership.members[origin.node]?.name ?? origin.node.description
        self.seq = seq
        self.branches = branches.map { branch in
            IntegrityView.Branch(
                first: graph.nodes[branch.members.first ?? branch.tip].hash, tip: graph.nodes[branch.tip].hash,
                seq: graph.nodes[branch.tip].envelope.seq, events: branch.members.map { EventLabel($0, fold) },
                built_on: Self.others(on: branch.members.first ?? branch.tip, of: origin, fold))
        }
        adopted = fold.order.filter { position in
            guard graph.nodes[position].envelope.kind == BranchAdopted.kind, fold.isEffective(position) else { return false }
            let named = Set(fold.targets(of: position))
            return branches.allSatisfy { !named.isDisjoint(with: $0.members) }
        }.map { EventLabel($0, fold) }
    }

    /// The events of a branch from the fork on.
    private static func chain(to tip: Int, from seq: Int, in graph: ChartGraph) -> [Int] {
        var members: [Int] = []
        var next: Int? = tip
        while let position = next, graph.nodes[position].envelope.seq >= seq {
            members.append(position)
            next = graph.nodes[position].envelope.prev.flatMap { graph.position(of: $0) }
        }
        return members.reversed()
    }

    private static func others(on first: Int, of origin: Origin, _ fold: Fold) -> Int {
        let graph = fold.record.graph
        return graph.nodes.indices.count {
            graph.nodes[$0].envelope.origin != origin && fold.includes($0) && graph.reaches(first, from: $0)
        }
    }
}
