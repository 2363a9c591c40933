/// The events of one chart and how they hang together: chains, closures, forks. It decides what is admitted.
///
/// Two kinds of past are told apart. The *closure* of an event is what its author had before them: all that `after` reaches, and all
/// that `prev` reaches where `seen` covers it. Its *reach* is what every replica holds that has the event: the closure, the event,
/// and the chain behind it, seen or not. They differ only for decisions made from an older view.
public struct ChartGraph: Sendable {
    /// An admitted event.
    public struct Node: Sendable {
        /// Its name.
        public let hash: EventHash
        /// Its envelope.
        public let envelope: Envelope
        /// What a replica holds that has this event, where that is more than `seen` and the event: only for a decision from an older view.
        let wider: VectorClock?
        let rank: Int
        let prev: Int?
        let after: [Int]

        /// What a replica holds that has this event, with the event itself.
        public var reach: VectorClock {
            if let wider { return wider }
            var reach = envelope.seen
            reach.advance(envelope.origin, to: envelope.seq)
            return reach
        }

        /// Its place in the fold.
        public var key: OrderKey { OrderKey(rank: rank, dot: envelope.dot, hash: hash) }

        /// True when a replica that has this event holds the number at `dot`. Asked far more often than ``reach``, and makes no clock.
        func covers(_ dot: Dot) -> Bool {
            if let wider { return wider.covers(dot) }
            return dot.origin == envelope.origin ? dot.seq <= envelope.seq : envelope.seen.covers(dot)
        }
    }

    private struct Chain {
        let origin: Origin
        /// By seq − 1: the branch that arrived first.
        var first: [Int] = []
        /// By seq: the events of other branches.
        var forked: [Int: [Int]] = [:]
        /// Events that no event of the chain follows.
        var tips: [Int] = []

        init(_ origin: Origin) { self.origin = origin }

        /// Takes in an event; true where it is of another branch. In place: a copy would cost in proportion to the chain.
        mutating func append(_ position: Int, seq: Int, after prev: Int?) -> Bool {
            tips.removeAll { $0 == prev }
            tips.append(position)
            guard first.count == seq - 1 else {
                forked[seq, default: []].append(position)
                return true
            }
            first.append(position)
            return false
        }
    }

    /// The chart's id.
    public let chart: ChartID
    /// The events in the order in which they were admitted.
    public private(set) var nodes: [Node] = []
    /// What has been admitted, as a clock.
    public private(set) var clock = VectorClock()
    private var index: [EventHash: Int] = [:]
    private var chains: [Chain] = []
    private var chainIndex: [Origin: Int] = [:]
    /// The chain that was written to last: nearly always the next to be asked for.
    private var recentChain = 0
    /// Origins of which a dot names two events: nearly always none.
    private var forks: Set<Origin> = []

    /// A chart without events.
    ///
    /// - Parameter count: how many there are going to be, as far as that is known: there is room for them from the start.
    public init(chart: ChartID, expecting count: Int = 0) {
        self.chart = chart
        nodes.reserveCapacity(count)
        index.reserveCapacity(count)
    }

    /// The position of an event in ``nodes``, or nil.
    public func position(of hash: EventHash) -> Int? { index[hash] }

    /// The event of that name, or nil.
    public subscript(hash: EventHash) -> Node? { index[hash].map { nodes[$0] } }

    // MARK: Admission

    /// Takes an event in; returns its position. An event that is here already keeps its place.
    @discardableResult
    public mutating func admit(_ event: Event) throws(AdmissionError) -> Int {
        if let position = index[event.hash] { return position }
        return try admit(new: event)
    }

    /// Takes in an event of which the caller knows that it is not here.
    package mutating func admit(new event: Event) throws(AdmissionError) -> Int {
        if event.envelope.seen.isEmpty { try checkGenesis(event) }
        return admit(event.envelope, hash: event.hash, at: try place(of: event.envelope))
    }

    /// Takes back what a store had admitted before: the checks were made then.
    public mutating func restore(_ envelope: Envelope, hash: EventHash) throws(AdmissionError) {
        _ = admit(envelope, hash: hash, at: try place(of: envelope))
    }

    /// What an event hangs on, and what a replica holds that has it, where that is more than `seen` and the event.
    private struct Place {
        var wider: VectorClock?
        var prev: Int?
        var after: [Int] = []
    }

    private mutating func admit(_ envelope: Envelope, hash: EventHash, at place: Place) -> Int {
        let position = nodes.count
        nodes.append(
            Node(
                hash: hash, envelope: envelope, wider: place.wider, rank: OrderKey.rank(of: envelope), prev: place.prev,
                after: place.after))
        index[hash] = position
        clock.advance(envelope.origin, to: envelope.seq)
        recentChain = chain(of: envelope.origin) ?? addChain(envelope.origin)
        if chains[recentChain].append(position, seq: envelope.seq, after: place.prev) { forks.insert(envelope.origin) }
        return position
    }

    private mutating func addChain(_ origin: Origin) -> Int {
        chainIndex[origin] = chains.count
        chains.append(Chain(origin))
        return chains.count - 1
    }

    private func chain(of origin: Origin) -> Int? {
        if recentChain < chains.count, chains[recentChain].origin == origin { return recentChain }
        return chainIndex[origin]
    }

    /// Checks the structure of an envelope against the chart and returns its place.
    private func place(of envelope: Envelope) throws(AdmissionError) -> Place {
        let dot = envelope.dot
        guard envelope.chart == chart else { throw .otherChart }
        var place = Place()
        let seenCoversPrev = envelope.seenCoversPrev
        if let prevHash = envelope.prev {
            // Nearly always it came right before.
            let last = nodes.count - 1
            guard let prev = last >= 0 && nodes[last].hash == prevHash ? last : index[prevHash] else {
                throw .missingPrev(dot, prevHash)
            }
            guard nodes[prev].envelope.origin == dot.origin, nodes[prev].envelope.seq == dot.seq - 1 else {
                throw .brokenChain(dot)
            }
            place.prev = prev
        }
        for hash in envelope.after {
            guard let position = index[hash] else { throw .missingAfter(dot, hash) }
            place.after.append(position)
        }
        let known = seenCoversPrev ? place.prev : nil
        guard isClosure(envelope.seen, of: known, place.after) else { throw .seenIsNotClosure(dot) }
        guard envelope.seen.isEmpty == (envelope.kind == ChartFounding.kind) else { throw .notTheGenesis(dot) }
        if !(envelope.after.isEmpty && envelope.refs.isEmpty) {
            try check(envelope, covering: (known.map { [$0] } ?? []) + place.after, place.after)
        }
        if let prev = place.prev, !seenCoversPrev {
            var wider = reach(of: prev)
            wider.merge(envelope.seen)
            wider.advance(dot.origin, to: dot.seq)
            place.wider = wider
        }
        return place
    }

    /// True where `seen` is what these events reach, and nothing else.
    private func isClosure(_ seen: VectorClock, of prev: Int?, _ after: [Int]) -> Bool {
        // Nearly always somebody goes on where they left off.
        if let prev, after.isEmpty, nodes[prev].wider == nil {
            return seen.isAdvance(
                of: nodes[prev].envelope.seen, nodes[prev].envelope.origin, to: nodes[prev].envelope.seq)
        }
        return seen == clock(of: (prev.map { [$0] } ?? []) + after)
    }

    /// `after` names nothing that another of its events, or `prev`, covers; `refs` nothing that lies outside of the event's past.
    private func check(_ envelope: Envelope, covering: [Int], _ after: [Int]) throws(AdmissionError) {
        for (hash, position) in zip(envelope.after, after) {
            let isPrev = envelope.seenCoversPrev && hash == envelope.prev
            guard !isPrev, !covering.contains(where: { $0 != position && reaches(position, from: $0) }) else {
                throw .afterIsNotMaximal(envelope.dot, hash)
            }
        }
        for hash in envelope.refs {
            guard let position = index[hash], covering.contains(where: { reaches(position, from: $0) }) else {
                throw .refOutsideOfPast(envelope.dot, hash)
            }
        }
    }

    private func checkGenesis(_ event: Event) throws(AdmissionError) {
        let dot = event.envelope.dot
        guard event.envelope.kind == ChartFounding.kind, dot.seq == 1 else { throw .notTheGenesis(dot) }
        guard let body = event.bodyLine, let founding = ChartFounding.Members(body),
            NodeID(of: founding.node_key) == dot.origin.node,
            ChartFounding.chart(founder: founding.node_key, nonce: founding.nonceBytes) == chart
        else { throw .foreignFounder(dot) }
    }

    // MARK: Order and closure

    /// True when the event at `early` is in the closure of the one at `late`: its author had it before them.
    public func isBefore(_ early: Int, _ late: Int) -> Bool {
        let dot = nodes[early].envelope.dot
        guard nodes[late].envelope.seen.covers(dot) else { return false }
        guard isForked(dot.origin) else { return true }
        if nodes[late].envelope.seenCoversPrev, let prev = nodes[late].prev, reaches(early, from: prev) { return true }
        return nodes[late].after.contains { reaches(early, from: $0) }
    }

    /// True when neither author had the other's event before them.
    public func areConcurrent(_ left: Int, _ right: Int) -> Bool {
        left != right && !isBefore(left, right) && !isBefore(right, left)
    }

    /// True when neither event is in the reach of the other: nobody who holds the one holds the other because of it.
    public func areApart(_ left: Int, _ right: Int) -> Bool {
        left != right && !reaches(left, from: right) && !reaches(right, from: left)
    }

    /// True when every replica that holds the event at `late` holds the one at `early`.
    public func reaches(_ early: Int, from late: Int) -> Bool {
        guard early != late else { return true }
        let dot = nodes[early].envelope.dot
        guard nodes[late].covers(dot) else { return false }
        guard isForked(dot.origin) else { return true }
        // A number does not tell the branches of a fork apart: walk.
        var visited: Set<Int> = []
        var pending = [late]
        while let position = pending.popLast() {
            if position == early { return true }
            guard visited.insert(position).inserted, nodes[position].covers(dot) else { continue }
            if let prev = nodes[position].prev { pending.append(prev) }
            pending.append(contentsOf: nodes[position].after)
        }
        return false
    }

    /// The events among `positions` that no other of them reaches, ascending by hash.
    public func maximal(_ positions: some Sequence<Int>) -> [Int] {
        let candidates = Array(positions)
        guard candidates.count > 1 else { return candidates }
        var maximal: [Int] = []
        for candidate in candidates where !maximal.contains(candidate) {
            if candidates.contains(where: { $0 != candidate && reaches(candidate, from: $0) }) { continue }
            maximal.append(candidate)
        }
        return maximal.sorted { nodes[$0].hash < nodes[$1].hash }
    }

    /// What a replica holds that has the event. The parts of a node are asked for one by one: to copy it whole costs more than its clock.
    func reach(of position: Int) -> VectorClock {
        if let wider = nodes[position].wider { return wider }
        var reach = nodes[position].envelope.seen
        reach.advance(nodes[position].envelope.origin, to: nodes[position].envelope.seq)
        return reach
    }

    // MARK: Chains

    /// True when a dot of this origin names two events.
    public func isForked(_ origin: Origin) -> Bool { !forks.isEmpty && forks.contains(origin) }

    /// Origins with a fork, ascending.
    public var forkedOrigins: [Origin] { forks.sorted() }

    /// True where there is one.
    public var isForked: Bool { !forks.isEmpty }

    /// The origins that have written, ascending.
    public var origins: [Origin] { chains.map(\.origin).sorted() }

    /// The last events of an origin: one, or one for each branch of a fork; ascending by hash.
    public func tips(of origin: Origin) -> [Int] {
        guard let tips = chain(of: origin).map({ chains[$0].tips }) else { return [] }
        return tips.count > 1 ? tips.sorted { nodes[$0].hash < nodes[$1].hash } : tips
    }

    /// The last events of every origin and of every branch, as peers compare them.
    public var heads: ChartHeads {
        ChartHeads(
            chart: chart,
            tips: chains.flatMap { chain in
                chain.tips.map { Tip(origin: chain.origin, seq: nodes[$0].envelope.seq, hash: nodes[$0].hash) }
            })
    }

    /// The events that a replica lacks which holds no more than `clock`, in the order in which they were admitted here.
    public func positions(beyond clock: VectorClock) -> [Int] {
        guard clock != self.clock else { return [] }
        return chains.flatMap { chain in
            let seen = clock[chain.origin]
            return chain.first.dropFirst(seen) + chain.forked.filter { $0.key > seen }.flatMap(\.value)
        }.sorted()
    }

    /// The events that are here, and that a replica lacks which holds no more than what it must with the event at `position`.
    public func positions(beyondReachOf position: Int) -> [Int] {
        let wider = nodes[position].wider
        // Nearly always there is none.
        if wider == nil,
            clock.isAdvance(
                of: nodes[position].envelope.seen, nodes[position].envelope.origin, to: nodes[position].envelope.seq)
        {
            return []
        }
        return positions(beyond: wider ?? reach(of: position))
    }

    /// The events at a dot: none, one, or several after a fork.
    public func events(at dot: Dot) -> [Int] {
        guard dot.seq >= 1, let chain = chain(of: dot.origin).map({ chains[$0] }) else { return [] }
        return (dot.seq <= chain.first.count ? [chain.first[dot.seq - 1]] : []) + (chain.forked[dot.seq] ?? [])
    }

    /// The maximal events of the whole chart: what somebody who looks at it now has before them.
    public var frontier: [Int] {
        chains.count == 1 ? maximal(chains[0].tips) : maximal(chains.flatMap(\.tips))
    }
}
