import CareModel
import EventLog
import Replication
import TestSupport

/// What can happen in a run.
enum Action: CaseIterable {
    case author, authorFromAnOldView, resolve, withdraw, report, erase, newKind
    case admit, remove, grant, revoke
    case cut, partition, mend, unpair, crash, backUp, restore, clone, rotate, skew, hostile, replay
}

/// Which actions a run takes, and when: chance, but at least one cut and one crash.
struct Schedule {
    private let cutAt: Int
    private let crashAt: Int

    init(actions: Int, _ random: inout SplitMix64) {
        cutAt = Int.random(in: 0..<max(1, actions), using: &random)
        crashAt = Int.random(in: 0..<max(1, actions), using: &random)
    }

    func kind(at index: Int, _ random: inout SplitMix64) -> Action {
        if index == cutAt { return .cut }
        if index == crashAt { return .crash }
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<72: return .author
        case 72..<104: return .authorFromAnOldView
        case 104..<116: return .resolve
        case 116..<122: return .withdraw
        case 122..<132: return .report
        case 132..<135: return .erase
        case 135..<138: return .newKind
        case 138..<143: return .admit
        case 143..<146: return .remove
        case 146..<151: return .grant
        case 151..<155: return .revoke
        case 155..<162: return .cut
        case 162..<165: return .partition
        case 165..<173: return .mend
        case 173..<174: return .unpair
        case 174..<180: return .crash
        case 180..<184: return .backUp
        case 184..<187: return .restore
        case 187..<189: return .clone
        case 189..<192: return .skew
        case 192..<195: return .hostile
        case 199: return .rotate
        default: return .replay
        }
    }
}

extension World {
    func act(_ action: Action) async throws {
        tally.count("action: \(action)")
        switch action {
        case .author, .authorFromAnOldView, .resolve, .withdraw, .report, .erase, .newKind: try await write(action)
        case .admit, .remove, .grant, .revoke: try await decide(action)
        case .cut: cut(anyConnection(), bothKnow: random.oneIn(2))
        case .partition:
            guard let link = anyLink() else { return }
            isCut.insert(link)
            cut(nodes[link.left].connections[nodes[link.right].node], bothKnow: random.oneIn(2))
        case .mend:
            guard let link = isCut.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }).randomElement(using: &random) else {
                return
            }
            isCut.remove(link)
            agenda.add(.dial(link), at: now)
        case .unpair: try await unpairAndPair()
        case .crash: try await crash(Int.random(in: nodes.indices, using: &random))
        case .backUp: try await backUp()
        case .restore: try await restoreBackup()
        case .clone: try await cloneNode()
        case .rotate: try await rotateKey()
        case .skew:
            let node = nodes[Int.random(in: nodes.indices, using: &random)]
            node.skew = [0, 10, -10, 1].map { $0 * 365 * 86_400_000 }.randomElement(using: &random) ?? 0
        case .hostile: tamper { random in random.bytes(Int.random(in: 1...300, using: &random)) + [10] }
        case .replay: replay()
        }
    }

    func anyConnection() -> Connection? {
        let node = nodes[Int.random(in: nodes.indices, using: &random)]
        return node.connections.keys.sorted().randomElement(using: &random).flatMap { node.connections[$0] }
    }

    func anyLink() -> Link? {
        links.sorted { ($0.left, $0.right) < ($1.left, $1.right) }.randomElement(using: &random)
    }

    // MARK: Nodes

    /// The process dies: sessions, answers under way and what was not durable are gone.
    func crash(_ slot: Int) async throws {
        let node = nodes[slot]
        guard node.isUp else { return }
        stop(node)
        try await node.store.crash()
        agenda.add(.restart(slot: slot), at: now + Int.random(in: 10...8000, using: &random))
    }

    func stop(_ node: SimulatedNode) {
        node.isUp = false
        node.changes = []
        for peer in node.connections.keys.sorted() {
            guard let connection = node.connections[peer] else { continue }
            let side = connection.side(of: node.slot)
            connection.ends[side].isOpen = false
            connection.isDead = true
            // The other end is told by its kernel, or not at all.
            if random.oneIn(2) { agenda.add(.closed(connection, side: 1 - side), at: now + delay()) }
        }
        node.connections = [:]
    }

    func restart(_ slot: Int) async throws {
        let node = nodes[slot]
        guard !node.isUp else { return }
        node.isUp = true
        setClock(node)
        // Nobody is told of these: a session begins with all that there is. Kept, they would have each later change told one too late.
        _ = await node.store.takeChanges()
        for link in links.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) })
        where link.left == slot || link.right == slot { agenda.add(.dial(link), at: now) }
    }

    private func backUp() async throws {
        let node = nodes[Int.random(in: nodes.indices, using: &random)]
        node.backups.append(try await node.store.backUp())
    }

    /// An old backup is put back, now and then the same one twice; with the epoch token of then only where forks may be.
    private func restoreBackup() async throws {
        let candidates = nodes.filter { !$0.backups.isEmpty && $0.isUp }
        guard let node = candidates.randomElement(using: &random), let backup = node.backups.randomElement(using: &random)
        else { return }
        let withToken = options.mayFork && random.oneIn(2)
        stop(node)
        try await node.store.restore(backup, withToken: withToken)
        tally.count(withToken ? "restored as a folder" : "restored")
        try await observer.restored(node, in: self)
        agenda.add(.restart(slot: node.slot), at: now + Int.random(in: 10...8000, using: &random))
    }

    /// The whole folder is copied to another machine, and both go on.
    private func cloneNode() async throws {
        guard options.mayFork, nodes.count < options.nodes + 2,
            let original = nodes.randomElement(using: &random)
        else { return }
        let copy = SimulatedNode(
            slot: nodes.count, store: try await original.store.clone(seed: random.next()), author: original.author)
        copy.hasPeople = original.hasPeople
        copy.views = original.views
        nodes.append(copy)
        tally.count("clones")
        observer.cloned(copy, from: original)
        for link in links.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) })
        where link.left == original.slot || link.right == original.slot {
            let other = link.other(than: original.slot)
            guard nodes[other].node != copy.node else { continue }
            links.insert(Link(other, copy.slot))
            agenda.add(.dial(Link(other, copy.slot)), at: now + delay())
        }
    }

    /// A node gets another key, and says so wherever it writes. Its peers follow with the next connection. Founders keep theirs, as the
    /// oracles take a founder's word without asking for its keys; and so do nodes that are copied: two keys would claim to follow theirs.
    private func rotateKey() async throws {
        let candidates = nodes.filter { $0.isUp && !founders.values.contains($0.slot) }
        guard !options.mayFork, let node = candidates.randomElement(using: &random),
            let next = try node.store.key.succeeded(by: Writer.key(from: random.bytes(32)).privateKey, at: wall(node))
        else { return }
        setClock(node)
        try await node.store.rotate(to: next)
        tally.count("keys rotated")
        try await committed(node.slot)
        for peer in node.connections.keys.sorted() { cut(node.connections[peer], bothKnow: true) }
    }

    private func unpairAndPair() async throws {
        guard let link = anyLink() else { return }
        cut(nodes[link.left].connections[nodes[link.right].node], bothKnow: true)
        try await nodes[link.left].store.unpair(nodes[link.right].node)
        try await pair(link)
    }

    // MARK: Hostile bytes

    /// Somebody writes into a connection as if they were one of its ends.
    private func tamper(_ bytes: (inout SplitMix64) -> [UInt8]) {
        guard let connection = anyConnection(), !connection.isDead else { return }
        connection.isTamperedWith = true
        tally.count("hostile bytes")
        let side = Int.random(in: 0...1, using: &random)
        let arrival = max(connection.ends[1 - side].lastArrival, now)
        let bytes = bytes(&random)
        // Whoever writes as the other end may ask about what they know already.
        connection.ends[1 - side].named.formUnion((try? observer.charts(in: bytes, of: self)) ?? [])
        agenda.add(.bytes(connection, to: side, bytes), at: arrival)
    }

    /// A line that was sent before, on whatever connection, with or without a changed byte.
    private func replay() {
        guard let line = observer.overheard.randomElement(using: &random) else { return }
        tamper { random in
            var line = line
            if random.oneIn(2), !line.isEmpty {
                line[Int.random(in: line.indices, using: &random)] = UInt8.random(in: 32...126, using: &random)
            }
            return line + [10]
        }
    }
}
