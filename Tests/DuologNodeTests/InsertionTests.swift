import CareModel
import Dispatch
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
            CREATE TRIGGER planted BEFORE INSERT ON segment WHEN new.id >= \(stored + 1 + place)
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

    /// Many share a commit, and some of them cannot be stored: the others are.
    @Test func ofManyOnlyThoseAreUndoneThatCannotBeStored() async throws {
        let node = try TestNode()
        let (chart, bad) = (try await node.openChart(sharedWith: []), try await node.openChart(sharedWith: []))
        let (stored, before) = (try await node.log.rows(from: 0).count, try await node.digest(bad))
        try execute(
            """
            CREATE TRIGGER planted BEFORE INSERT ON segment WHEN new.chart = (SELECT id FROM chart ORDER BY id DESC LIMIT 1)
            BEGIN SELECT RAISE(ABORT, 'planted'); END
            """, on: node)
        let commits = await node.log.verifier.verify(isQuick: true).commits
        // While one has the writer and does not let it go, the others come and wait.
        let (came, comes) = AsyncStream<Void>.makeStream()
        let held = DispatchSemaphore(value: 0)
        let holder = Task {
            try await node.log.author(request: "held", by: node.author) { write in
                comes.yield()
                held.wait()
                _ = try write(node.draft(chart, SideEffectReported.kind, Bodies.sideEffect))
            }
        }
        var arrivals = came.makeAsyncIterator()
        await arrivals.next()
        let others = (0..<90).map { number in
            let draft = node.draft(number.isMultiple(of: 9) ? bad : chart, SideEffectReported.kind, Bodies.sideEffect)
            return Task {
                comes.yield()
                return (try? await node.log.author([draft], request: nil)) != nil
            }
        }
        for _ in others { await arrivals.next() }
        held.signal()
        #expect(try await holder.value.count == 1)
        var written = 0
        for other in others where await other.value { written += 1 }
        #expect(written == 80)
        #expect(try await node.log.rows(from: 0).count == stored + 81)
        #expect(try await node.digest(bad) == before)
        let report = await node.log.verifier.verify(isQuick: false)
        #expect(report.count == 0)
        #expect(report.commits < commits + 20, "none of them shared a commit")
        try execute("DROP TRIGGER planted", on: node)
        try await node.write(bad, SideEffectReported.kind, Bodies.sideEffect)
    }
}
