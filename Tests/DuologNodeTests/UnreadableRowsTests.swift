import EventLog
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Cells that hold something else than was ever written there: such a peer, receipt or notice is passed over, and what is beside it is read.
@Suite struct UnreadableRowsTests {
    private let (left, right): (TestNode, TestNode)

    init() throws { (left, right) = (try TestNode(), try TestNode()) }

    private func alter(_ node: TestNode, _ sql: String) throws {
        try DatabaseQueue(path: node.folder.log).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    @Test(arguments: ["node = 7", "node = x'61'", "key = 'text'", "key = x'00'", "name = x'ff'"])
    func aPeer(_ damage: String) async throws {
        let third = try TestNode()
        try await left.pair(right)
        try await left.pair(third)
        try alter(left, "UPDATE peer SET \(damage) WHERE node = '\(right.node)'")
        #expect(try await left.log.peers().map(\.node) == [third.node])
    }

    @Test(arguments: [
        "receiver = 7", "instance = x'37'", "origin = x'61'", "seq = 'text'", "hash = 'text'", "at = 1.5", "signature = 7",
    ])
    func aReceipt(_ damage: String) async throws {
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""read""#)])
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        #expect(try await right.log.receipts(of: chart).count == 1)
        // Another one, that the peer has not noted yet.
        try alter(
            right,
            """
            INSERT INTO receipt SELECT 7, receiver, '1' || instance, chart, origin, seq, hash, at, signature FROM receipt;
            UPDATE receipt SET \(damage) WHERE number = 7
            """)
        #expect(try await right.log.receipts(of: chart).count == 1)
        let pending = try await right.log.pendingStatements(for: left.node, on: right.clock.today, after: 0, limit: 8)
        #expect(pending.receipts.isEmpty)
        // Its number counts: whatever comes behind it is sent.
        #expect(pending.mark == 7)
    }

    @Test(arguments: [
        "7, 'r', x'00', 1, x'00'", "x'00', 7, x'00', 1, x'00'", "x'00', 'r', 7, 1, x'00'", "x'00', 'r', x'00', 'now', 7",
    ])
    func aNotice(_ cells: String) async throws {
        try alter(left, "INSERT INTO notice (chart, removed, removal, at, signature, incoming) VALUES (\(cells), 1)")
        #expect(try await left.log.removedFrom().isEmpty)
    }
}
