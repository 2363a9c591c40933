import EventLog

/// Pasts as sets of names, found by walking `prev` and `after`: no clock, no position and no code of the graph takes part.
struct ClosureByHash {
    private(set) var closure: [EventHash: Set<EventHash>] = [:]
    private(set) var reach: [EventHash: Set<EventHash>] = [:]
    private let envelopes: [EventHash: Envelope]

    /// Events in an order in which each comes after its past.
    init(_ events: [Event]) {
        envelopes = Dictionary(uniqueKeysWithValues: events.map { ($0.hash, $0.envelope) })
        for event in events {
            let envelope = event.envelope
            var closure: Set<EventHash> = []
            for hash in envelope.after { closure.formUnion(reach[hash] ?? []) }
            let behind = envelope.prev.map { reach[$0] ?? [] } ?? []
            let ownSeen = envelope.seen.entries.first { $0.origin == envelope.origin }?.seq ?? 0
            if envelope.prev != nil, ownSeen == envelope.seq - 1 { closure.formUnion(behind) }
            self.closure[event.hash] = closure
            reach[event.hash] = closure.union(behind).union([event.hash])
        }
    }

    /// The highest number of each origin among `hashes`.
    func clock(_ hashes: some Sequence<EventHash>) -> [Origin: Int] {
        hashes.compactMap { envelopes[$0] }.reduce(into: [:]) { $0[$1.origin] = max($0[$1.origin] ?? 0, $1.seq) }
    }

    /// The events that no other event names as the one before it.
    func tips(of origin: Origin) -> Set<EventHash> {
        let followed = Set(envelopes.values.compactMap(\.prev))
        return Set(envelopes.filter { $0.value.origin == origin && !followed.contains($0.key) }.keys)
    }

    /// The events that are in the reach of no other.
    var frontier: Set<EventHash> {
        let covered = reach.reduce(into: Set<EventHash>()) { $0.formUnion($1.value.subtracting([$1.key])) }
        return Set(envelopes.keys).subtracting(covered)
    }

    /// The origins with a number that names two events.
    var forked: Set<Origin> {
        Set(Dictionary(grouping: envelopes.values, by: \.dot).filter { $0.value.count > 1 }.keys.map(\.origin))
    }
}
