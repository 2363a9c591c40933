import CareModel
import Dispatch
import EventLog
import LogStore
import Synchronization
import TestSupport
import Testing

@testable import DuologNode

/// In which order commits are passed on, by whom, and how old what is said of them may be.
@Suite struct DistributionTests {
    private final class Told: Sendable {
        let changes = Mutex<[LogStore.Change]>([])
        /// Holds up whoever tells of a commit that is not small.
        let gate = DispatchSemaphore(value: 0)
        let isDone = DispatchSemaphore(value: 0)
    }

    private let told = Told()
    private let node: TestNode
    private let small: [LogStore.Change]
    private let large: LogStore.Change

    init() async throws {
        let (node, peer) = (try TestNode(), try TestNode())
        self.node = node
        try await node.pair(peer)
        node.log.noteConnected([peer.node])
        var charts: [ChartID] = []
        for _ in 0..<9 { charts.append(try await node.openChart(sharedWith: [(peer, #""read""#)])) }
        _ = node.changes.take()
        _ = try await node.log.author(
            charts.map { node.draft($0, SideEffectReported.kind, Bodies.sideEffect) }, request: nil)
        for chart in charts.prefix(3) { try await node.write(chart, SideEffectReported.kind, Bodies.sideEffect) }
        var changes = node.changes.take()
        large = changes.removeFirst()
        small = changes
        #expect(small.count == 3 && small.allSatisfy { !$0.offers.isEmpty } && large.charts.count == 9)
    }

    private func distribution() -> Distribution {
        Distribution { [told] change in
            if change.charts.count > 4 { told.gate.wait() }
            let count = told.changes.withLock { changes in
                changes.append(change)
                return changes.count
            }
            if count == 4 { told.isDone.signal() }
        }
    }

    @Test func aSmallCommitIsPassedOnWhereItWasMade() {
        let distribution = distribution()
        for change in small { distribution.pass(on: change) }
        let offers = told.changes.withLock { $0.map(\.offers) }
        #expect(offers == small.map(\.offers))
    }

    /// What is read for the first is newer than what the others have looked up: a session would pass over them.
    @Test func whatWaitsIsReadAgain() async {
        let distribution = distribution()
        distribution.pass(on: large)
        for change in small { distribution.pass(on: change) }
        let before = told.changes.withLock(\.count)
        #expect(before == 0, "they wait for the first")
        told.gate.signal()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [told] in
                told.isDone.wait()
                continuation.resume()
            }
        }
        let changes = told.changes.withLock { $0 }
        #expect(changes.map(\.arrival) == ([large] + small).map(\.arrival))
        #expect(changes.allSatisfy { $0.offers.isEmpty })
    }
}
