import EventLog
import Replication
import TestSupport

/// Connections: made, used, broken.
extension World {
    // MARK: Making and breaking

    func dial(_ link: Link) async throws {
        guard links.contains(link), !isCut.contains(link) else { return }
        let (left, right) = (nodes[link.left], nodes[link.right])
        guard left.isUp, right.isUp else { return }
        // Who still takes an old connection for alive does not dial; the other side may.
        if left.connections[right.node] != nil, right.connections[left.node] != nil { return }
        connections += 1
        tally.count("connections")
        let connection = Connection(connections, link)
        for (node, peer) in [(left, right), (right, left)] {
            if let older = node.connections[peer.node] {
                older.wasReplaced = true
                try await handle(
                    .stop(Message.WireError(.replaced, "another connection took this one's place")), older,
                    older.side(of: node.slot))
                drop(older, older.side(of: node.slot))
            }
            node.connections[peer.node] = connection
        }
        for (node, peer) in [(left, right), (right, left)] {
            // Told before anything else is said.
            try await node.store.follow(peer.node, peer.store.key.keys)
            let side = connection.side(of: node.slot)
            let names = await Session.Configuration(
                me: node.node, instance: node.store.epoch.instance, peer: peer.node)
            connection.ends[side].session = Session(names, offer: try await node.store.offer(to: peer.node, among: nil))
            try await handle(.opened, connection, side)
            agenda.add(.tick(connection, side: side), at: now + 1000)
        }
        // What is written between the offer that a session begins with and its handshake is easily lost.
        if isFaulty, random.oneIn(6) { for _ in 0..<2 { try await act(.author) } }
    }

    /// Bytes are lost from now on. An end that is not told finds out by silence, or by the next connection.
    func cut(_ connection: Connection?, bothKnow: Bool) {
        guard let connection, !connection.isDead else { return }
        connection.isDead = true
        let told = bothKnow ? [0, 1] : [Int.random(in: 0...1, using: &random)]
        for side in told { agenda.add(.closed(connection, side: side), at: now + delay()) }
        if !bothKnow { tally.count("half-open") }
    }

    /// An end knows that the connection is over.
    func drop(_ connection: Connection, _ side: Int) {
        guard connection.ends[side].isOpen else { return }
        connection.ends[side].isOpen = false
        let node = nodes[connection.ends[side].slot]
        let peer = nodes[connection.ends[1 - side].slot].node
        if node.connections[peer] === connection { node.connections[peer] = nil }
        if !connection.isDead {
            connection.isDead = true
            agenda.add(.closed(connection, side: 1 - side), at: max(now + delay(), connection.ends[side].lastArrival))
        }
        agenda.add(.dial(connection.link), at: now + (connection.wasReplaced ? 20_000 : 100) + delay())
    }

    /// True when two nodes have a connection that both of them know.
    func areConnected(_ left: SimulatedNode, _ right: SimulatedNode) -> Bool {
        guard let connection = left.connections[right.node], connection === right.connections[left.node] else { return false }
        return connection.link == Link(left.slot, right.slot)
    }

    // MARK: Bytes

    func deliver(_ bytes: [UInt8], to side: Int, _ connection: Connection) async throws {
        guard connection.ends[side].isOpen, nodes[connection.ends[side].slot].isUp else { return }
        let lines: [[UInt8]]
        do throws(FormatError) {
            lines = try connection.ends[side].splitter.feed(bytes)
        } catch {
            try await handle(.stop(Message.WireError(.malformed, "\(error)")), connection, side)
            return
        }
        for line in lines where connection.ends[side].isOpen { try await handle(.line(line), connection, side) }
    }

    /// Hands a session what happened, and carries out what it directs.
    func handle(_ input: Session.Input, _ connection: Connection, _ side: Int) async throws {
        guard connection.ends[side].isOpen, connection.ends[side].session != nil else { return }
        let node = nodes[connection.ends[side].slot]
        let now = Moment(wall: wall(node), monotonic: self.now)
        let directives = connection.ends[side].session?.handle(input, now: now) ?? []
        var bytes: [UInt8] = []
        var ending: Message.WireError??
        for directive in directives {
            switch directive {
            case .send(let line):
                try observer.check(line, from: side, on: connection, self)
                bytes += line
                bytes.append(UInt8(ascii: "\n"))
            case .store(let request):
                connection.ends[side].lanes[Connection.Lane(request), default: Connection.Asked()].requests.append(request)
            case .note(let note): try took(note, connection, node)
            case .close(let error): ending = .some(error)
            }
        }
        if !bytes.isEmpty { send(bytes, from: side, connection) }
        try observer.checkMemory(connection, side)
        askNext(connection, side)
        if let error = ending {
            let isExpected = connection.isTamperedWith || connection.isDead || error.map { Self.mayEnd.contains($0.code) } ?? true
            guard isExpected else {
                throw Violation(.protocolError, "slot \(node.slot): \(error.map { "\($0.code): \($0.text)" } ?? "")")
            }
            drop(connection, side)
        }
    }

    private static let mayEnd: Set<Message.WireError.Code> = [.timeout, .replaced, .stopping]

    private func took(_ note: Session.Note, _ connection: Connection, _ node: SimulatedNode) throws {
        switch note {
        case .gap: tally.count("gaps")
        case .peerKnowsMoreOfMe: tally.count("amnesia found")
        case .refusing(let refusal):
            tally.count("refusals")
            guard connection.isTamperedWith else {
                throw Violation(.refusal, "slot \(node.slot): \(refusal.text)")
            }
        default: break
        }
    }

    /// Bytes arrive in order, in pieces of any size, unless the connection breaks first.
    private func send(_ bytes: [UInt8], from side: Int, _ connection: Connection) {
        tally.count("bytes", bytes.count)
        guard !connection.isDead else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = random.oneIn(3) ? Int.random(in: 1...max(1, min(rest.count, 200)), using: &random) : rest.count
            let arrival = max(connection.ends[side].lastArrival, now + delay())
            connection.ends[side].lastArrival = arrival
            agenda.add(.bytes(connection, to: 1 - side, Array(rest.prefix(size))), at: arrival)
            rest = rest.dropFirst(size)
            // A cut may fall into the middle of a line.
            if isFaulty, random.oneIn(400) {
                tally.count("cuts")
                return cut(connection, bothKnow: random.oneIn(2))
            }
        }
    }

    // MARK: Storage

    /// One request of a connection at a time, in their order; a read beside the others.
    func askNext(_ connection: Connection, _ side: Int) {
        for lane in Connection.Lane.allCases {
            guard connection.ends[side].isOpen, let asked = connection.ends[side].lanes[lane], !asked.isUnderWay,
                !asked.requests.isEmpty
            else { continue }
            connection.ends[side].lanes[lane]?.isUnderWay = true
            agenda.add(.ask(connection, side: side, lane), at: now + delay())
        }
    }

    func ask(_ connection: Connection, _ side: Int, _ lane: Connection.Lane) async throws {
        let node = nodes[connection.ends[side].slot]
        guard connection.ends[side].isOpen, node.isUp,
            let request = connection.ends[side].lanes[lane]?.requests.first
        else { return }
        connection.ends[side].lanes[lane]?.requests.removeFirst()
        setClock(node)
        let peer = nodes[connection.ends[1 - side].slot].node
        let answer = await node.store.answer(request, for: peer)
        if case .failed(let text) = answer { throw Violation(.storage, text) }
        try await committed(node.slot)
        // Between the commit and its answer the node may go down, and much may change.
        agenda.add(.answer(connection, side: side, lane, answer), at: now + delay())
    }

    func setClock(_ node: SimulatedNode) { node.store.clock = wall(node) }
}
