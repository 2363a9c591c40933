/// The last event of an origin in a chart, or of a branch of it.
public struct Tip: Hashable, Sendable, Codable {
    /// The sequence.
    public var origin: Origin
    /// The last number.
    public var seq: Int
    /// The last event.
    public var hash: EventHash

    /// Names an event and where it stands.
    public init(origin: Origin, seq: Int, hash: EventHash) {
        self.origin = origin
        self.seq = seq
        self.hash = hash
    }

    /// Reads an object; the number is one that an event can have.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        origin = try fields.decode(Origin.self, forKey: .origin)
        seq = try fields.decode(Int.self, forKey: .seq)
        hash = try fields.decode(EventHash.self, forKey: .hash)
        guard (1...Limits.sequence).contains(seq) else {
            throw DecodingError.dataCorruptedError(forKey: .seq, in: fields, debugDescription: "not a sequence number")
        }
    }
}

/// The last events of one chart: what two replicas compare.
public struct ChartHeads: Hashable, Sendable, Codable {
    /// The chart.
    public var chart: ChartID
    /// One for each origin, or for each branch of a fork.
    public var tips: [Tip]

    /// Names a chart and its tips.
    public init(chart: ChartID, tips: [Tip]) {
        self.chart = chart
        self.tips = tips
    }

    /// One hash over chart and tips. Heads carry hashes, so a fork shows.
    public var digest: EventHash {
        let bytes = ByteWriter.write(atMost: 64 + 128 * tips.count) { output in
            output.put("duolog/heads/1\n")
            chart.write(to: &output)
            output.put("\n")
            for tip in tips.sorted(by: { ($0.origin, $0.hash) < ($1.origin, $1.hash) }) {
                tip.origin.write(to: &output)
                output.put(" ")
                output.put(tip.seq)
                output.put(" ")
                tip.hash.write(to: &output)
                output.put("\n")
            }
        }
        return EventHash(of: bytes)
    }
}

extension ChartHeads {
    /// What a replica misses of these heads.
    public struct Missing: Hashable, Sendable {
        /// The tips that it does not hold.
        public var tips: [Tip]
        /// How far it holds each of the origins named. One where the two sides differ at one number (a fork) is left out: it is asked
        /// for from its beginning.
        public var after: VectorClock
    }

    /// What a replica with the tips `mine` misses of these heads; nil when it holds them all.
    ///
    /// - Parameter mayKnow: whether the one who asks may have the chart. Otherwise the answer holds no number but the asker's own:
    ///   whoever was removed must not learn how far a chart has come since.
    public func missing(
        with mine: [Tip], mayKnow: Bool, holds: (Tip) throws -> Bool
    ) rethrows -> Missing? {
        let missing = try tips.filter { try !holds($0) }
        guard !missing.isEmpty else { return nil }
        guard mayKnow else {
            let origins = Set(missing.map(\.origin))
            return Missing(
                tips: missing,
                after: tips.reduce(into: VectorClock()) { after, tip in
                    if !origins.contains(tip.origin) { after.advance(tip.origin, to: tip.seq) }
                })
        }
        // What the other side does not name it does not have: to list it would only make the line longer.
        let named = Set(tips.map(\.origin))
        var after = VectorClock()
        for (origin, tips) in Dictionary(grouping: mine, by: \.origin) where named.contains(origin) {
            let seq = tips.map(\.seq).max() ?? 0
            let isForked = tips.count > 1 || missing.contains { $0.origin == origin && $0.seq <= seq }
            if !isForked { after.advance(origin, to: seq) }
        }
        return Missing(tips: missing, after: after)
    }
}
