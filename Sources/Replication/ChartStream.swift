import EventLog

/// What a sender is to read of a chart.
struct ChartStream: Hashable, Sendable {
    /// What the peer holds of it.
    var after = VectorClock()
    /// Read up to this arrival number.
    var position: Int
    /// A chart that the peer asked for is sent with what once came from the peer: it may have lost it.
    var skipsOwn: Bool
    /// Tells this stream from one that took its place while storage was read.
    var number = 0
}

/// A read that storage has not answered yet.
struct ChartReading: Hashable, Sendable {
    let chart: ChartID
    let stream: Int
    /// What was left of batch and credit.
    let bytes: Int
    /// The chart changed meanwhile: it may have been withdrawn and shared again.
    var isOld = false
}
