import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// A signed head vouches for every event before it: there is one at the end of each commit, and never more than 256 events without one.
@Suite struct HeadTests {
    @Test func aLargeCommitHasAHeadForEach256Events() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let drafts = (0..<600).map { _ in node.draft(chart, SideEffectReported.kind, Bodies.sideEffect) }
        let written = try await node.log.author(drafts, request: nil)
        let signed = try await DatabaseQueue(path: node.folder.log).read { db in
            try Data.fetchAll(
                db,
                sql: """
                    SELECT substr(names, -32) FROM segment
                    WHERE signature IS NOT NULL AND batch = (SELECT max(batch) FROM segment) ORDER BY id
                    """)
        }
        #expect(signed.map { EventHash(bytes: $0) } == [255, 511, 599].map { written[$0].event })
        #expect(await node.log.verifier.verify(isQuick: true).count == 0)
    }
}
