import EventLog

/// Charts that wait for their turn: first come, first served, each at most once.
struct ChartQueue: Hashable, Sendable {
    private var order: [ChartID] = []
    private var start = 0
    /// Places that were cut off the front of `order`.
    private var cut = 0
    /// The place of each chart; one that left and came again has a new one, and its old place counts no more.
    private var waiting: [ChartID: Int] = [:]

    var isEmpty: Bool { waiting.isEmpty }

    var count: Int { waiting.count }

    mutating func append(_ chart: ChartID) {
        guard waiting[chart] == nil else { return }
        waiting[chart] = cut + order.count
        order.append(chart)
    }

    /// Returns whether the chart was waiting.
    @discardableResult
    mutating func remove(_ chart: ChartID) -> Bool {
        let wasWaiting = waiting.removeValue(forKey: chart) != nil
        // Nothing that is left in it counts any more, and a copy would copy it.
        if waiting.isEmpty {
            cut += order.count
            start = 0
            order.removeAll(keepingCapacity: true)
        }
        return wasWaiting
    }

    mutating func removeAll() { self = ChartQueue() }

    /// The chart whose turn it is; it stays in the queue.
    mutating func first() -> ChartID? {
        while start < order.count, waiting[order[start]] != cut + start { start += 1 }
        if start > 1024, start * 2 > order.count {
            order.removeFirst(start)
            cut += start
            start = 0
        }
        return start < order.count ? order[start] : nil
    }

    /// Up to `count` charts whose turn is next; they stay in the queue.
    mutating func first(_ count: Int) -> [ChartID] {
        // Passes over what has left.
        guard first() != nil else { return [] }
        var (charts, place) = ([ChartID](), start)
        while charts.count < count, place < order.count {
            if waiting[order[place]] == cut + place { charts.append(order[place]) }
            place += 1
        }
        return charts
    }

    /// Takes up to `count` charts out.
    mutating func take(_ count: Int) -> [ChartID] {
        var taken: [ChartID] = []
        while taken.count < count, let chart = first() {
            taken.append(chart)
            remove(chart)
        }
        return taken
    }
}
