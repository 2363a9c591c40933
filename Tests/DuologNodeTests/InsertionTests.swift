import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Events are stored behind the back of the transaction that decides on them: where one cannot be, its job fails as a whole, and no other.
@Suite struct InsertionTests {
    private func execute(_ sql: String, on node: TestNode) throws {
        try DatabaseQueue(path: node.folder.log).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// One among those that are stored first, one in the middle, and one of the last, which are stored where they are decided on.
    @Test(arguments: [3, 50, 99]) func whatCannotBeStoredUndoesItsJob(_ place: Int) async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let other = try await node.openChart(sharedWith: [])
        let before = try await node.digest(chart)
        let stored = try await node.log.rows(from: 0).count
        try execute(
            """
            CREATE TRIGGER planted BEFORE INSERT ON body WHEN new.event >= \(stored + 1 + place)
            BEGIN SELECT RAISE(ABORT, 'planted'); END
            """, on: node)
        let drafts = (0..<100).map { _ in node.draft(chart, SideEffectReported.kind, Bodies.sideEffect) }
        await #expect(throws: DatabaseError.self) { try await node.log.author(drafts, request: nil) }
        #expect(try await node.log.rows(from: 0).count == stored)
        #expect(try await node.digest(chart) == before)
        // What is small enough is still taken, and the numbers that were given back are given again.
        try await node.write(other, SideEffectReported.kind, Bodies.sideEffect)
        try execute("DROP TRIGGER planted", on: node)
        #expect(try await node.log.author(drafts, request: nil).count == 100)
        #expect(try await node.log.rows(from: 0).count == stored + 101)
        #expect(try await node.log.rebuild().isEmpty)
        #expect(await node.log.verifier.verify(isQuick: false).count == 0)
    }
}
