import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import Synchronization
import TestSupport
import Testing

@testable import DuologNode

/// What came from peers is written down in the journal once, whenever the node ends.
@Suite struct DisclosureJournalTests {
    private let (left, right): (TestNode, TestNode)
    private let (one, other): (ChartID, ChartID)

    init() async throws {
        // Whatever a test waits for, it does not come by itself.
        (left, right) = (try TestNode(), try TestNode(leisure: .seconds(86_400)))
        try await left.pair(right)
        one = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        other = try await left.openChart(sharedWith: [(right, #""therapy""#)])
    }

    private func journal(of node: TestNode) async throws -> Journal {
        let journal = Journal(log: node.log, clock: node.clock)
        try await journal.open()
        try await node.log.recordDisclosures(try #require(journal.entry()))
        return journal
    }

    /// Brings the second node, or another one, what it lacks of a chart; returns how much that was.
    @discardableResult
    private func bring(_ chart: ChartID, to node: TestNode? = nil) async throws -> Int {
        let node = node ?? right
        let batch = IncomingBatch(runs: [try await left.lacking(chart, at: node)])
        return try await node.log.admit([batch], from: left.node).reduce(0) { $0 + $1.newEvents }
    }

    private func entries(_ journal: Journal) async throws -> [DisclosureReceived] {
        try #require(try await journal.record()).entries(DisclosureReceived.self).map(\.body)
    }

    private func commits(of node: TestNode) async -> Int { await node.log.verifier.verify(isQuick: true).commits }

    @Test func theCommitThatBringsThemWritesNothingElse() async throws {
        let journal = try await journal(of: right)
        let (before, events) = (await commits(of: right), try await right.log.eventCount())
        let first = try await bring(one)
        #expect(await commits(of: right) == before + 1)
        #expect(try await right.log.eventCount() == events + first)
        try await left.write(one, SideEffectReported.kind, Bodies.sideEffect)
        try await bring(one)
        let second = try await bring(other)
        // Whoever reads the journal finds all of it, in one entry for each chart.
        let found = try await entries(journal)
        #expect(found.map(\.chart) == [one, other] && found.allSatisfy { $0.peer == left.node })
        #expect(found.map(\.events) == [first + 1, second])
        #expect(found[0].ranges == [.init(origin: try origin(of: left), from: 1, to: first + 1)])
        #expect(try await entries(journal).count == 2, "nothing has come since")
        #expect(await commits(of: right) == before + 4)
    }

    private func origin(of node: TestNode) throws -> Origin { Origin(node: node.node, epoch: node.log.epoch.epoch) }

    /// Nobody reads the journal, and nothing else is written.
    @Test func itIsWrittenDownByItself() async throws {
        let right = try TestNode(leisure: .milliseconds(1))
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        try await left.pair(right)
        let journal = Journal(log: right.log, clock: right.clock)
        try await journal.open()
        let (written, writes) = AsyncStream<ChartID>.makeStream()
        let entry = try #require(journal.entry())
        try await right.log.recordDisclosures { received, at in
            if let received = received as? DisclosureReceived { writes.yield(received.chart) }
            return entry(received, at)
        }
        for _ in 1...2 {
            try await bring(chart, to: right)
            #expect(await written.first { _ in true } == chart)
            try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        }
        try await right.log.finish()
        #expect(try await entries(journal).count == 2)
    }

    /// A node that was killed has not written it down: it does when it begins again, with the time at which it came.
    @Test func aNodeThatBeginsAgainWritesDownTheRest() async throws {
        let first = try await journal(of: right)
        try await bring(one)
        _ = try await entries(first)
        try await left.write(one, SideEffectReported.kind, Bodies.sideEffect)
        try await bring(one)
        let came = right.clock.now
        // As the file is now.
        let copy = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: right.folder.path, toPath: copy)
        let again = try TestNode(copy)
        let journal = Journal(log: again.log, clock: again.clock)
        try await journal.open()
        #expect(try await entries(journal).count == 1)
        let entry = try #require(journal.entry())
        let times = Mutex<[Timestamp]>([])
        for _ in 1...2 {
            try await again.log.recordDisclosures { received, at in
                times.withLock { $0.append(at) }
                return entry(received, at)
            }
        }
        #expect(times.withLock { $0.count == 1 && $0.allSatisfy { $0 <= came } }, "once, and not as of now")
        #expect(try await entries(journal).map(\.events).last == 1)
    }

    /// What had come when the log was of an earlier version was written down with the events.
    @Test func whatAnEarlierVersionWroteDownIsNotWrittenAgain() async throws {
        let node = right
        try await bring(one)
        try await DatabaseQueue(path: node.folder.log).write { db in
            try db.execute(sql: "DELETE FROM meta WHERE name = 'received'")
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier IN ('13-receptions', '14-accounts')")
            try db.execute(sql: "DROP TRIGGER commit_is_final")
            try db.execute(sql: "ALTER TABLE segment DROP COLUMN accounts")
            try db.execute(
                sql: """
                    CREATE TRIGGER commit_is_final BEFORE UPDATE OF stored, chain ON segment WHEN old.chain IS NOT NULL
                    BEGIN SELECT RAISE(ABORT, 'arrivals are never changed'); END
                    """)
        }
        let copy = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: node.folder.path, toPath: copy)
        let again = try TestNode(copy)
        let journal = try await journal(of: again)
        #expect(try await entries(journal).isEmpty)
    }

    /// More than can wait: written down while it comes.
    @Test func aWholeHistoryIsWrittenDownWhileItComes() async throws {
        let journal = Journal(log: right.log, clock: right.clock)
        try await journal.open()
        let drafts = (0..<2000).map { _ in left.draft(one, SideEffectReported.kind, Bodies.sideEffect) }
        for _ in 0..<3 { _ = try await left.log.author(drafts, request: nil) }
        let entry = try #require(journal.entry())
        let asked = Mutex(0)
        try await right.log.recordDisclosures { received, at in
            asked.withLock { $0 += (received as? DisclosureReceived)?.events ?? 0 }
            return entry(received, at)
        }
        var all = 0
        while case let brought = try await bring(one), brought > 0 { all += brought }
        // Those that wait in the queue are done before.
        _ = try await right.openChart(sharedWith: [])
        #expect(asked.withLock { $0 >= 4096 })
        #expect(try await entries(journal).reduce(0) { $0 + $1.events } == all)
        #expect(await right.log.verifier.verify(isQuick: true).count == 0)
    }
}
