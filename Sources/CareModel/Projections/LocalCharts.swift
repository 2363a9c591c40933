public import EventLog

/// What a practice keeps of its charts for itself: its own patient numbers, and which charts are of one patient. It stands in the node's
/// journal, and nothing of it is in a chart or in a digest: what may not be shared together (42 CFR Part 2) is linked only where both are.
public struct LocalCharts: Hashable, Sendable {
    /// Two charts, in the order of their ids.
    public struct Pair: Hashable, Comparable, Sendable {
        /// The one with the lesser id.
        public let first: ChartID
        /// The other.
        public let second: ChartID

        /// Two charts; nil for one and the same.
        public init?(_ one: ChartID, _ other: ChartID) {
            guard one != other else { return nil }
            (first, second) = one < other ? (one, other) : (other, one)
        }

        public static func < (left: Pair, right: Pair) -> Bool {
            (left.first, left.second) < (right.first, right.second)
        }
    }

    /// The patient's number in this practice, by accepted chart.
    public private(set) var numbers: [ChartID: String] = [:]
    /// Charts of one patient.
    public private(set) var links: Set<Pair> = []
    /// Charts that somebody said are not of one patient, or not any more.
    public private(set) var unlinked: Set<Pair> = []

    /// Nothing accepted or linked.
    public init() {}

    /// Reads a journal, in the order of the fold: the later entry counts.
    public init(journal: ChartRecord) {
        for position in journal.order { take(position, journal) }
    }

    private mutating func take(_ position: Int, _ journal: ChartRecord) {
        guard let line = journal.entries[position].body else { return }
        switch journal.graph.nodes[position].envelope.kind {
        case ChartAccepted.kind:
            if let accepted = try? ChartAccepted.read(line) { numbers[accepted.chart] = accepted.patient_number }
        case NodeChanged.kind:
            guard let changed = try? NodeChanged.read(line), let charts = changed.charts, charts.count == 2,
                let pair = Pair(charts[0], charts[1])
            else { return }
            switch changed.what {
            case .chartsLinked:
                links.insert(pair)
                unlinked.remove(pair)
            case .chartsUnlinked:
                links.remove(pair)
                unlinked.insert(pair)
            default: return
            }
        default: return
        }
    }

    /// The charts of the same patient, over any number of links, by their ids.
    public func linked(to chart: ChartID) -> [ChartID] {
        var found: Set<ChartID> = [chart]
        var pending = [chart]
        while let next = pending.popLast() {
            for pair in links where pair.first == next || pair.second == next {
                let other = pair.first == next ? pair.second : pair.first
                if found.insert(other).inserted { pending.append(other) }
            }
        }
        return found.subtracting([chart]).sorted()
    }
}
