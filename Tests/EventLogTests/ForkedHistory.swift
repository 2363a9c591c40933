import EventLog
import TestSupport

/// A history of one chart from a seed: several nodes that write and hear of each other late, decide from old views, and are copied, so
/// that dots come to name two events.
struct ForkedHistory {
    /// What one node holds, and which of it it wrote itself in its present epoch.
    private struct Replica {
        var graph: ChartGraph
        var origin: Origin
        var written: Set<EventHash> = []
        var views: [View] = []
    }

    let seed: UInt64
    let chart: ChartID
    /// All events of all replicas in the order in which they were written.
    private(set) var events: [Event] = []
    /// What could not be admitted; empty unless something is wrong.
    private(set) var failures: [String] = []
    private var replicas: [Replica]
    private var random: SplitMix64
    private let authors = ["one", "two"].compactMap { AuthorID($0) }

    init(seed: UInt64, steps: Int) throws {
        var made = try HandmadeChart(seed: seed)
        self.seed = seed
        chart = made.chart
        random = SplitMix64(seed: seed ^ 0xABCD)
        events = [made.genesis]
        replicas = (0..<3).map { Replica(graph: made.graph, origin: made.origin($0)) }
        made.graph = ChartGraph(chart: chart)
        for _ in 0..<steps { try step() }
    }

    private mutating func step() throws {
        let who = Int.random(in: replicas.indices, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: replicas[who].views.append(replicas[who].graph.view)
        case 1 where replicas.count < 5:
            // The state folder was copied, and both copies run.
            replicas.append(replicas[who])
        case 2...5: hear(who, from: Int.random(in: replicas.indices, using: &random))
        default: try write(who)
        }
    }

    private mutating func write(_ who: Int) throws {
        let graph = replicas[who].graph
        guard let author = authors.randomElement(using: &random) else { return }
        var frontier = graph.frontier
        if random.oneIn(3), let view = replicas[who].views.randomElement(using: &random), let old = graph.positions(in: view) {
            frontier = random.oneIn(2) ? old : graph.extend(old, by: author, in: replicas[who].origin)
        }
        let past = graph.nodes.indices.filter { graph.covers(frontier, $0) }
        let refs = (0..<2).compactMap { _ in random.oneIn(2) ? past.randomElement(using: &random) : nil }
        let event = try HandmadeChart.event(
            chart, replicas[who].origin, graph.next(in: replicas[who].origin, seeing: frontier),
            refs: Set(refs).map { graph.nodes[$0].hash }, author: author, salt: random.bytes(16))
        events.append(event)
        replicas[who].written.insert(event.hash)
        admit(event, at: who)
    }

    /// Hears the first few of the events that it lacks; a new epoch where one of its own is among them that it did not write.
    private mutating func hear(_ who: Int, from other: Int) {
        let missing = replicas[other].graph.nodes.filter { replicas[who].graph[$0.hash] == nil }
        let known = Dictionary(uniqueKeysWithValues: events.map { ($0.hash, $0) })
        for node in missing.prefix(Int.random(in: 1...8, using: &random)) {
            guard let event = known[node.hash] else { continue }
            admit(event, at: who)
            if event.envelope.origin == replicas[who].origin, !replicas[who].written.contains(event.hash) {
                replicas[who].origin = Origin(node: replicas[who].origin.node, epoch: random.next())
            }
        }
    }

    private mutating func admit(_ event: Event, at who: Int) {
        do throws(AdmissionError) {
            try replicas[who].graph.admit(event)
        } catch {
            failures.append("seed \(seed): \(error)")
        }
    }

    /// The same events in another order in which each comes after its past.
    func shuffled(_ shuffle: UInt64) -> [Event] {
        var random = SplitMix64(seed: seed ^ shuffle)
        var waiting = events
        var order: [Event] = []
        var here: Set<EventHash> = []
        while !waiting.isEmpty {
            let ready = waiting.indices.filter { index in
                let envelope = waiting[index].envelope
                return (envelope.after + [envelope.prev].compactMap { $0 }).allSatisfy { here.contains($0) }
            }
            guard let next = ready.randomElement(using: &random) else { break }
            let event = waiting.remove(at: next)
            here.insert(event.hash)
            order.append(event)
        }
        return order
    }
}
