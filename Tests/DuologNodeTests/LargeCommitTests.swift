import CareModel
import EventLog
import Foundation
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// A commit that is larger than what a session sends at once.
@Suite struct LargeCommitTests {
    @Test func itReachesAPeerInPieces() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        let drafts = (0..<2500).map { _ in left.draft(chart, SideEffectReported.kind, Bodies.sideEffect) }
        _ = try await left.log.author(drafts, request: nil)
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        #expect(exchange.closings.isEmpty, "\(exchange.closings)")
        #expect(try await left.digest(chart) == right.digest(chart))
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }
}
