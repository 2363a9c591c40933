import EventLog

/// Charts that wait for their turn: first come, first served, each at most once.
struct ChartQueue: Hashable, Sendable {
    private var order: [ChartID] = []
    private var start = 0
    private var waiting: Set<ChartID> = []

    var isEmpty: Bool { waiting.isEmpty }

    var count: Int { waiting.count }

    mutating func append(_ chart: ChartID) {
        if waiting.insert(chart).inserted { order.append(chart) }
    }

    /// Returns whether the chart was waiting.
    @discardableResult
    mutating func remove(_ chart: ChartID) -> Bool { waiting.remove(chart) != nil }

    mutating func removeAll() { self = ChartQueue() }

    /// The chart whose turn it is; it stays in the queue.
    mutating func first() -> ChartID? {
        while start < order.count, !waiting.contains(order[start]) { start += 1 }
        if start > 1024, start * 2 > order.count {
            order.removeFirst(start)
            start = 0
        }
        return start < order.count ? order[start] : nil
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
