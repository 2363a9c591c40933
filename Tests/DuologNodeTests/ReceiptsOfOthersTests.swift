import EventLog
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Receipts that a peer passes on for a node that is no peer of this one: they are taken by keys that any chart has shown of it.
@Suite struct ReceiptsOfOthersTests {
    private let (left, right, third): (TestNode, TestNode, TestNode)

    init() throws { (left, right, third) = (try TestNode(), try TestNode(), try TestNode()) }

    private func chart(with members: [TestNode]) async throws -> (id: ChartID, last: Event) {
        let chart = try await left.openChart(sharedWith: members.map { ($0, #""read""#) })
        let last = try #require(try await left.log.rows(from: 0).last { $0.event.envelope.chart == chart })
        return (chart, last.event)
    }

    private func receipt(
        _ receiver: TestNode, by key: NodeKey? = nil, _ chart: (id: ChartID, last: Event), hash: EventHash? = nil
    ) throws -> Receipt {
        let honest = try Receipt(
            signing: key ?? receiver.log.key, instance: 1, chart: chart.id, dot: chart.last.envelope.dot,
            hash: hash ?? chart.last.hash, at: left.clock.now)
        return Receipt(
            receiver: receiver.node, instance: 1, chart: chart.id, dot: honest.dot, hash: honest.hash, at: honest.at,
            signature: honest.signature)
    }

    private func isTaken(_ receipt: Receipt) async throws -> Bool {
        try await left.log.store([receipt], [], from: right.node) == 1
    }

    @Test func theyAreHeldAgainstTheKeysThatAChartHasShown() async throws {
        try await left.pair(right)
        let (first, second, other) = (
            try await chart(with: [right, third]), try await chart(with: [right, third]), try await chart(with: [right])
        )
        #expect(try await !isTaken(receipt(third, by: right.log.key, first)), "signed by the one who passes it on")
        #expect(try await isTaken(receipt(third, first)))
        // From here on its keys are known.
        #expect(try await !isTaken(receipt(third, by: right.log.key, second)))
        #expect(try await !isTaken(receipt(third, second, hash: EventHash(of: [1]))), "an event that nobody knows")
        #expect(try await !isTaken(receipt(third, other)), "no member of this chart")
        #expect(try await isTaken(receipt(third, second)))
        #expect(try await !isTaken(receipt(third, second)), "known")
        #expect(try await left.log.receipts(of: second.id).map(\.receiver) == [third.node])
    }

    /// A key that was replaced since: the chart that says so is read.
    @Test func aNewKeyIsLookedForInTheChart() async throws {
        try await left.pair(right)
        let (first, second) = (try await chart(with: [right, third]), try await chart(with: [right, third]))
        #expect(try await isTaken(receipt(third, first)))
        #expect(try await !isTaken(receipt(third, by: TestNode().log.key, second)), "a stranger's")
        #expect(try await isTaken(receipt(third, second)))
    }

    /// Whoever said it need not look.
    @Test func theyAreForEverybodyElse() async throws {
        try await left.pair(right)
        let chart = try await chart(with: [right, third])
        _ = left.changes.take()
        #expect(try await isTaken(receipt(third, chart)))
        let changes = left.changes.take()
        #expect(changes.contains { $0.hasStatements(for: right.node) })
        #expect(!changes.contains { $0.hasStatements(for: third.node) })
    }
}
