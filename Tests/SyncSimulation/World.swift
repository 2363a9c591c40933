import CareModel
public import EventLog
import Replication
public import TestSupport

/// A run: nodes, links and what happens to them, on one thread, in virtual milliseconds, from one seed.
///
/// A fault phase in which everything may go wrong is followed by a liveness phase in which nothing does: then all that may be known must
/// be known within a bounded number of steps.
public final class World {
    public let options: Options
    public internal(set) var tally = Tally()
    var random: SplitMix64
    var nodes: [SimulatedNode] = []
    var links: Set<Link> = []
    /// Links that are cut for now.
    var isCut: Set<Link> = []
    var agenda = Agenda()
    var now = 0
    var connections = 0
    var charts: [ChartID] = []
    var founders: [ChartID: Int] = [:]
    let observer: Observer
    /// False in the liveness phase.
    var isFaulty = true
    private let makeStore: (NodeKey, Timestamp, SplitMix64) throws -> any NodeStore
    static let start = Timestamp(milliseconds: 1_925_000_000_000)

    public init(
        _ options: Options, makeStore: @escaping (NodeKey, Timestamp, SplitMix64) throws -> any NodeStore
    ) {
        self.options = options
        self.makeStore = makeStore
        random = SplitMix64(seed: options.seed &* 0x9E37_79B9 &+ 1)
        observer = Observer(mayFork: options.mayFork)
    }

    /// Runs all of it; throws the first violation.
    public func run() async throws {
        try await begin()
        let faults = Schedule(actions: options.actions, &random)
        for index in 0..<options.actions {
            try await act(faults.kind(at: index, &random))
            try await advance(by: pause())
        }
        try await heal()
        try await observer.checkAtRest(self)
    }

    private func pause() -> Int {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: 40_000
        case 1..<6: 3000
        case 6..<18: 400
        default: Int.random(in: 0...80, using: &random)
        }
    }

    // MARK: Beginning

    private func begin() async throws {
        for slot in 0..<options.nodes { _ = try addNode(slot) }
        links = Set(options.links)
        for link in links.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) { try await pair(link) }
        for index in 0..<options.charts { try await openChart(by: index % options.nodes) }
        try await advance(by: 5000)
    }

    func addNode(_ slot: Int) throws -> SimulatedNode {
        let key = Writer.key(from: random.bytes(32))
        let store = try makeStore(key, Self.start, SplitMix64(seed: random.next()))
        let node = SimulatedNode(slot: slot, store: store, author: AuthorID("person-\(slot)") ?? .node)
        nodes.append(node)
        return node
    }

    func pair(_ link: Link) async throws {
        try await nodes[link.left].store.pair(nodes[link.right].store.key.fingerprint)
        try await nodes[link.right].store.pair(nodes[link.left].store.key.fingerprint)
        agenda.add(.dial(link), at: now)
    }

    // MARK: Time

    /// The wall clock of a node.
    func wall(_ node: SimulatedNode) -> Timestamp { Self.start.advanced(byMilliseconds: now + node.skew) }

    func advance(by milliseconds: Int) async throws {
        let end = now + milliseconds
        while let time = agenda.nextTime, time <= end { try await step() }
        now = end
    }

    /// Does the next thing that is due.
    func step() async throws {
        guard let (time, due) = agenda.next() else { return }
        now = max(now, time)
        switch due {
        case .bytes(let connection, let side, let bytes): try await deliver(bytes, to: side, connection)
        case .closed(let connection, let side): drop(connection, side)
        case .ask(let connection, let side, let lane): try await ask(connection, side, lane)
        case .answer(let connection, let side, let lane, let answer):
            guard connection.ends[side].isOpen, nodes[connection.ends[side].slot].isUp else { return }
            connection.ends[side].lanes[lane]?.isUnderWay = false
            try await handle(.answered(answer), connection, side)
            askNext(connection, side)
        case .tick(let connection, let side):
            guard connection.ends[side].isOpen else { return }
            try await handle(.tick, connection, side)
            if connection.ends[side].isOpen { agenda.add(.tick(connection, side: side), at: now + 1000) }
        case .distribute(let slot): try await distribute(slot)
        case .dial(let link): try await dial(link)
        case .restart(let slot): try await restart(slot)
        }
    }

    /// After every commit: what changed is told to the sessions a little later, in its order.
    func committed(_ slot: Int) async throws {
        let node = nodes[slot]
        try await observer.look(at: node, now)
        for change in await node.store.takeChanges() {
            node.changes.append(change)
            agenda.add(.distribute(slot: slot), at: now + delay())
        }
    }

    private func distribute(_ slot: Int) async throws {
        let node = nodes[slot]
        guard node.isUp, !node.changes.isEmpty else { return }
        let change = node.changes.removeFirst()
        for peer in node.connections.keys.sorted() {
            guard let connection = node.connections[peer] else { continue }
            let side = connection.side(of: slot)
            if change.beganNewLife {
                try await handle(.stop(Message.WireError(.stopping, "the node has begun a new epoch")), connection, side)
                continue
            }
            if !change.charts.isEmpty {
                try await handle(.offerChanged(node.store.offer(to: peer, among: change.charts)), connection, side)
            }
            if change.statements { try await handle(.statementsChanged, connection, side) }
        }
    }

    func delay() -> Int {
        random.oneIn(12) ? Int.random(in: 0...600, using: &random) : Int.random(in: 0...20, using: &random)
    }

    // MARK: Liveness

    /// Heals everything, and goes on until nobody has anything to say.
    private func heal() async throws {
        isFaulty = false
        isCut = []
        for node in nodes {
            node.skew = 0
            setClock(node)
        }
        // Of a node that was copied only one is on the network at a time: otherwise they take each other's connections for ever.
        let copies = nodes.dropFirst(options.nodes).map(\.slot)
        if !copies.isEmpty {
            let copied = Set(copies.map { nodes[$0].node })
            var isOn: Set<NodeID> = []
            let chosen = Set(
                nodes.reversed().filter { !copied.contains($0.node) || isOn.insert($0.node).inserted }.map(\.slot))
            try await switchOn { chosen.contains($0.slot) }
        }
        try await switchOn { $0.slot < self.options.nodes }
    }

    /// Ends every session, and begins anew with these nodes: what is written then must reach everybody without another connection.
    private func switchOn(_ isChosen: (SimulatedNode) -> Bool) async throws {
        for node in nodes {
            for peer in node.connections.keys.sorted() { cut(node.connections[peer], bothKnow: true) }
            stop(node)
        }
        for node in nodes where isChosen(node) { try await restart(node.slot) }
        for _ in 0..<12 {
            try await act(.author)
            try await advance(by: Int.random(in: 0...300, using: &random))
        }
        try await rest()
    }

    private func rest() async throws {
        var quiet = now
        for _ in 0..<200_000 {
            let before = agenda.work
            guard let time = agenda.nextTime else { break }
            if before == 0, time >= quiet + 4000 { return }
            try await step()
            if agenda.work > 0 { quiet = now }
        }
        throw Violation(.rest, "\(agenda.work) things are still under way after 200,000 steps")
    }
}
