import EventLog

/// Changes that somebody asked for and that no later event has named: a request stays until it is settled.
public struct OpenRequests: Sendable {
    /// A request.
    public struct Request: Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What is asked for.
        public let text: String
    }

    /// The oldest first.
    public let requests: [Request]

    /// Reads the requests of a chart.
    public init(_ fold: Fold) {
        let named = Set(fold.order.filter { fold.counts($0) }.flatMap { fold.targets(of: $0) })
        requests = fold.countedByTime([ChangeRequested.kind]).filter { !named.contains($0) }.map { position in
            Request(label: EventLabel(position, fold), text: fold.summary(of: position))
        }
    }
}
