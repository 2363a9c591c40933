/// The place of an event in the one order in which every replica folds a chart.
///
/// (1 + sum of `seen`, origin, seq, hash): it extends causality across epochs and forks, and no wall clock takes part.
public struct OrderKey: Hashable, Comparable, Sendable {
    /// 1 + the sum of `seen`: higher than that of every event in the past.
    public let rank: Int
    /// Breaks ties between concurrent events.
    public let dot: Dot
    /// Breaks ties between the branches of a fork.
    public let hash: EventHash

    /// The key of an event.
    public init(_ envelope: Envelope, hash: EventHash) {
        self.init(rank: Self.rank(of: envelope), dot: envelope.dot, hash: hash)
    }

    init(rank: Int, dot: Dot, hash: EventHash) {
        self.rank = rank
        self.dot = dot
        self.hash = hash
    }

    static func rank(of envelope: Envelope) -> Int { 1 + envelope.seen.sum }

    /// Earlier events first.
    public static func < (left: OrderKey, right: OrderKey) -> Bool {
        (left.rank, left.dot.origin, left.dot.seq, left.hash) < (right.rank, right.dot.origin, right.dot.seq, right.hash)
    }
}
