/// What somebody had before them: the maximal events of a chart at that moment, by name.
///
/// Every answer that a decision can be made from carries one, as a *view token*; the decision hands it back. Names, not numbers:
/// after a fork a number would mean two events.
public struct View: Hashable, Sendable {
    /// The chart that was looked at.
    public let chart: ChartID
    /// Its maximal events then, ascending.
    public let events: [EventHash]

    /// A view of `chart` in which `events` are the last ones.
    public init(chart: ChartID, events: [EventHash]) {
        self.chart = chart
        self.events = events.count > 1 ? events.sorted() : events
    }

    /// The token that people and programs hand back.
    public var token: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((events.count + 1) * EventHash.byteCount)
        chart.withBytes { bytes.append(contentsOf: $0) }
        for event in events { event.withBytes { bytes.append(contentsOf: $0) } }
        return "v1." + Base64URL.encode(bytes)
    }

    /// Reads a token; nil when it is not one.
    public init?(token: String) {
        guard token.hasPrefix("v1."), let bytes = Base64URL.decode(token.dropFirst(3).utf8),
            !bytes.isEmpty, bytes.count % EventHash.byteCount == 0
        else { return nil }
        let hashes = stride(from: 0, to: bytes.count, by: EventHash.byteCount)
            .compactMap { EventHash(bytes: bytes[$0..<$0 + EventHash.byteCount]) }
        self.init(chart: hashes[0], events: Array(hashes.dropFirst()))
    }
}

/// Where a new event goes, and what it has seen.
public struct Causality: Hashable, Sendable {
    /// Its number in the origin.
    public let seq: Int
    /// The origin's event before it.
    public let prev: EventHash?
    /// The closure.
    public let seen: VectorClock
    /// What names that closure beyond `prev`.
    public let after: [EventHash]
}

extension ChartGraph {
    /// The view of somebody who looks at the chart now.
    public var view: View { View(chart: chart, events: frontier.map { nodes[$0].hash }) }

    /// The events that a view names; nil when it is of another chart, or names an event that is not here.
    public func positions(in view: View) -> [Int]? {
        guard view.chart == chart else { return nil }
        let positions = view.events.compactMap { position(of: $0) }
        return positions.count == view.events.count ? maximal(positions) : nil
    }

    /// What a replica holds that has all of `positions`.
    public func clock(of positions: [Int]) -> VectorClock {
        guard let first = positions.first else { return VectorClock() }
        return positions.dropFirst().reduce(into: reach(of: first)) { $0.merge(reach(of: $1)) }
    }

    /// True when the event at `position` was before somebody who saw `frontier`.
    public func covers(_ frontier: [Int], _ position: Int) -> Bool {
        frontier.contains { reaches(position, from: $0) }
    }

    /// A view and the same author's events that followed directly from it: what one wrote oneself counts as seen.
    ///
    /// It ends at the first event of somebody else, or that was decided from more than this view.
    public func extend(_ frontier: [Int], by author: AuthorID, in origin: Origin) -> [Int] {
        var extended = frontier
        var clock = clock(of: frontier)
        while let next = events(at: Dot(origin: origin, seq: clock[origin] + 1)).first {
            let node = nodes[next]
            guard node.envelope.author == author, node.envelope.seen.isAtMost(clock) else { break }
            extended.append(next)
            clock.merge(node.reach)
        }
        return maximal(extended)
    }

    /// Where the next event of `origin` goes when its author has seen `frontier`.
    public func next(in origin: Origin, seeing frontier: [Int]) -> Causality {
        let seen = clock(of: frontier)
        let prev = tips(of: origin).first
        let seq = (prev.map { nodes[$0].envelope.seq } ?? 0) + 1
        // Nearly always somebody goes on where they left off, and there is nothing beside it.
        var after = frontier.count == 1 && frontier.first == prev ? [] : frontier
        if let prev, !after.isEmpty, seen[origin] == seq - 1 { after.removeAll { reaches($0, from: prev) } }
        return Causality(
            seq: seq, prev: prev.map { nodes[$0].hash }, seen: seen,
            after: after.isEmpty ? [] : after.map { nodes[$0].hash }.sorted())
    }

}
