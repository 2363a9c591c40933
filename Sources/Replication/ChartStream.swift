import EventLog

/// What a sender is to read of a chart.
struct ChartStream: Hashable, Sendable {
    /// What the peer holds of the events that it was told of.
    struct Known: Hashable, Sendable {
        let clock: VectorClock
        /// The arrival number up to which the peer was told. A clock names numbers: of a fork that arrived later, the peer may hold
        /// the same numbers and not these events.
        let upTo: Int
    }

    /// What the peer holds of it, as far as that is known.
    var known: Known?
    /// Read up to this arrival number.
    var position: Int
    /// A chart that the peer asked for is sent with what once came from the peer: it may have lost it.
    var skipsOwn: Bool
    /// Tells this stream from one that took its place while storage was read.
    var number = 0

    /// How far to read in one go, where events have arrived up to `arrival`.
    func end(_ arrival: Int) -> Int { min(arrival, known?.upTo ?? arrival) }
}

/// What is to be read of each chart, in parts: a change in a copy of it copies one of them.
struct ChartStreams: Sendable {
    private var parts = Array(repeating: [ChartID: ChartStream](), count: 32)

    subscript(chart: ChartID) -> ChartStream? {
        get { parts[Self.part(of: chart)][chart] }
        _modify { yield &parts[Self.part(of: chart)][chart] }
    }

    private static func part(of chart: ChartID) -> Int { chart.bucket % 32 }
}

/// Heads of some charts, as they were or will be told in one line.
struct HeadsPiece: Hashable, Sendable {
    var charts: [Message.ChartHeads] = []
    /// What had arrived up to this number is among what the heads vouch for.
    let covers: Int

    init(covers: Int) { self.covers = covers }

    /// How much the peer is asked with it.
    var weight: Int { max(1, charts.reduce(0) { $0 + $1.tips.count }) }
}

/// A read that storage has not answered yet.
struct PendingRead: Hashable, Sendable {
    /// A chart of it.
    struct Chart: Hashable, Sendable {
        let chart: ChartID
        let stream: Int
        /// Up to this arrival number.
        let upTo: Int
        /// The chart changed meanwhile: it may have been withdrawn and shared again.
        var isOld = false
    }

    /// In the order in which they are read.
    var charts: [Chart] = []
    /// What was left of batch and credit.
    let bytes: Int
}
