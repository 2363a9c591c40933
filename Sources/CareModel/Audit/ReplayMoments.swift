public import EventLog

/// The moments of a chart's life that a replay can go to, one list for each of the three questions.
public struct ReplayMoments: Codable, Hashable, Sendable {
    /// A clinical day on which something happened.
    public struct Day: Codable, Hashable, Sendable {
        /// The day.
        public let day: CalendarDay
        /// The last event of it.
        public let end: Timestamp
        /// Events on it.
        public let events: Int
    }

    /// Something that arrived here in one commit.
    public struct Arrival: Codable, Hashable, Sendable {
        /// When, by the clock of the node that answers.
        public let at: Timestamp
        /// How many events.
        public let events: Int
    }

    /// A decision.
    public struct Decision: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What it says.
        public let summary: String
    }

    /// By day.
    public let days: [Day]
    /// In the order of arrival.
    public let arrivals: [Arrival]
    /// Decisions on medications, referrals and episodes, by the times at which they were recorded.
    public let decisions: [Decision]

    /// Reads them.
    ///
    /// - Parameter arrivals: when each event arrived, and with which commit, in the order of arrival.
    public init(_ fold: Fold, arrivals: [(commit: Int, at: Timestamp)]) {
        let times = Dictionary(grouping: fold.order.map { fold.record.when($0) }, by: \.day)
        days = times.sorted { $0.key < $1.key }.map { day, times in
            Day(day: day, end: times.map(\.instant).max() ?? Timestamp(milliseconds: 0), events: times.count)
        }
        self.arrivals = arrivals.reduce(into: [(commit: Int, arrival: Arrival)]()) { found, next in
            let before = found.last.flatMap { $0.commit == next.commit ? $0.arrival.events : nil }
            if before != nil { found.removeLast() }
            found.append((next.commit, Arrival(at: next.at, events: (before ?? 0) + 1)))
        }.map(\.arrival)
        decisions = fold.order.filter { fold.roots[$0] != nil }.map {
            Decision(label: EventLabel($0, fold), summary: fold.summary(of: $0))
        }.enumerated().sorted { ($0.element.label.at, $0.offset) < ($1.element.label.at, $1.offset) }.map(\.element)
    }
}
