import CareModel
import EventLog
import Foundation
import LogStore
import Synchronization
import TestSupport
import Testing

@testable import DuologNode

/// Whoever watches commits is called directly, however many there were before.
@Suite struct CommitObserverTests {
    @Test func aCallIsAsDeepAfterManyCommitsAsAfterOne() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let depths = Mutex<[Int]>([])
        node.log.observe { _ in depths.withLock { $0.append(Thread.callStackReturnAddresses.count) } }
        for _ in 0..<100 { try await node.write(chart, SideEffectReported.kind, Bodies.sideEffect) }
        let seen = depths.withLock { $0 }
        #expect(seen.count == 100)
        let (least, most) = (try #require(seen.min()), try #require(seen.max()))
        #expect(most - least < 10, "a commit makes the next call deeper: from \(least) to \(most)")
    }
}
