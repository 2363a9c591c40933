import EventLog
import Foundation
import LogStore
import Replication

@testable import DuologNode

/// The shipped sessions and the shipped storage, with lines handed over in memory: every byte that leaves a node is at hand.
struct PlainExchange {
    enum Direction: String { case leftToRight = ">", rightToLeft = "<" }

    /// Everything that was sent, in its order.
    private(set) var lines: [(Direction, [UInt8])] = []
    private(set) var notes: [(NodeID, Session.Note)] = []
    private var left: Session
    private var right: Session
    private let leftNode: TestNode
    private let rightNode: TestNode
    private var inputs: [(Bool, Session.Input)] = []
    private var monotonic = 0
    private(set) var closings: [Message.WireError?] = []

    init(_ left: TestNode, _ right: TestNode) async throws {
        leftNode = left
        rightNode = right
        func session(_ me: TestNode, _ peer: TestNode) async throws -> Session {
            Session(
                Session.Configuration(me: me.node, instance: me.log.epoch.instance, peer: peer.node),
                offer: try await me.port.offer(to: peer.node))
        }
        _ = (left.changes.take(), right.changes.take())
        self.left = try await session(left, right)
        self.right = try await session(right, left)
        inputs = [(true, .opened), (false, .opened)]
    }

    /// Bytes sent by both sides, with line feeds.
    var byteCount: Int { lines.reduce(0) { $0 + $1.1.count + 1 } }

    /// Runs until nobody has anything to say any more.
    mutating func run() async throws {
        var quietTicks = 0
        while quietTicks < 3 {
            try await passOnChanges()
            if inputs.isEmpty {
                monotonic += 1000
                let before = lines.count
                await step(true, .tick)
                await step(false, .tick)
                quietTicks = inputs.isEmpty && lines.count == before ? quietTicks + 1 : 0
            } else {
                let (isLeft, input) = inputs.removeFirst()
                await step(isLeft, input)
            }
        }
    }

    /// Tells the sessions what was committed, as the node does.
    private mutating func passOnChanges() async throws {
        for (isLeft, node, peer) in [(true, leftNode, rightNode), (false, rightNode, leftNode)] {
            for change in node.changes.take() {
                let (offer, arrival) = try node.log.offer(to: peer.node, on: node.clock.today, among: change.charts)
                if !change.charts.isEmpty { inputs.append((isLeft, .offerChanged(Offer(charts: offer, arrival: arrival)))) }
                if change.hasStatements(for: peer.node) { inputs.append((isLeft, .statementsChanged)) }
            }
        }
    }

    private mutating func step(_ isLeft: Bool, _ input: Session.Input) async {
        let (node, peer) = isLeft ? (leftNode, rightNode) : (rightNode, leftNode)
        let now = Moment(wall: node.clock.now, monotonic: monotonic)
        let directives = isLeft ? left.handle(input, now: now) : right.handle(input, now: now)
        for directive in directives {
            switch directive {
            case .send(let line):
                lines.append((isLeft ? .leftToRight : .rightToLeft, line))
                inputs.append((!isLeft, .line(line)))
            case .store(let request):
                inputs.append((isLeft, .answered(await node.port.answer(request, for: peer.node))))
            case .note(let note): notes.append((node.node, note))
            case .close(let reason): closings.append(reason)
            }
        }
    }

    /// The lines as docs/PROTOCOL.md shows them.
    var transcript: String {
        lines.map { "\($0.0.rawValue) \(String(decoding: $0.1, as: UTF8.self))" }.joined(separator: "\n") + "\n"
    }
}
