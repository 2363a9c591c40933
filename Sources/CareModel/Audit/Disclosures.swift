public import EventLog

/// What peers have sent and what they were sent at once, gathered from one commit after another: what belongs together becomes one entry of the
/// journal.
public struct Disclosures {
    private enum Way: Hashable {
        case received
        case sent(consent: EventHash?)
    }

    private struct Place: Hashable {
        let way: Way
        let peer: NodeID
        let chart: ChartID
    }

    private var found: [Place: (ranges: [DisclosureRecorded.Range], at: Timestamp)] = [:]
    private var places: [Place] = []
    /// Of the commit that is being read.
    private var open: [(range: DisclosureRecorded.Range, chart: ChartID, source: NodeID?)] = []

    /// Begins with nothing.
    public init() {}

    /// Takes an event, or some of one origin that follow each other, of the commit that is being read.
    ///
    /// - Parameter source: the peer that they came from; nil for this node's own.
    public mutating func add(_ range: DisclosureRecorded.Range, of chart: ChartID, from source: NodeID?) {
        open.append((range, chart, source))
    }

    /// The end of a commit.
    ///
    /// - Parameters:
    ///   - accounts: to whom it is sent at once.
    ///   - time: when it was stored.
    public mutating func close(_ accounts: [ArrivalChain.Account], at time: Timestamp) {
        for (range, chart, source) in open {
            guard let source else { continue }
            note(range, Place(way: .received, peer: source, chart: chart), time)
        }
        let charts = accounts.isEmpty ? [:] : Dictionary(grouping: open, by: \.chart)
        for account in accounts {
            let place = Place(way: .sent(consent: account.consent), peer: account.peer, chart: account.chart)
            for (range, _, source) in charts[account.chart] ?? [] where source != account.peer { note(range, place, time) }
        }
        open = []
    }

    private mutating func note(_ range: DisclosureRecorded.Range, _ place: Place, _ time: Timestamp) {
        if found[place] == nil { places.append(place) }
        found[place, default: ([], time)].ranges.extend(with: range)
        found[place]?.at = time
    }

    /// What the journal has to say, each with the time of the last commit that it is of.
    public var entries: [(any EventBody, Timestamp)] {
        places.compactMap { place in
            found[place].map { entry in
                let events = entry.ranges.reduce(0) { $0 + $1.to - $1.from + 1 }
                let body: any EventBody =
                    switch place.way {
                    case .received:
                        DisclosureReceived(peer: place.peer, chart: place.chart, ranges: entry.ranges, events: events)
                    case .sent(let consent):
                        DisclosureRecorded(
                            peer: place.peer, chart: place.chart, ranges: entry.ranges, consent: consent, events: events)
                    }
                return (body, entry.at)
            }
        }
    }
}

extension [DisclosureRecorded.Range] {
    /// Adds an event to what the ranges hold.
    package mutating func extend(with dot: Dot) {
        extend(with: DisclosureRecorded.Range(origin: dot.origin, from: dot.seq, to: dot.seq))
    }

    /// Adds a range to one that it follows, or beside them.
    package mutating func extend(with range: DisclosureRecorded.Range) {
        guard let index = firstIndex(where: { $0.origin == range.origin && $0.to == range.from - 1 }) else {
            return append(range)
        }
        self[index] = DisclosureRecorded.Range(origin: range.origin, from: self[index].from, to: range.to)
    }
}
