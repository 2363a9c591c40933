import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Roots that wait to be written down count at once, and for no more than the events that they came with.
@Suite struct CompletedRootsTests {
    private let (left, right): (TestNode, TestNode)
    private let chart: ChartID
    private let roots = (0..<4).map { EventHash(of: [UInt8($0)]) }

    init() async throws {
        (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        try await right.pair(left)
        chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
    }

    private func rest() async throws -> IncomingRun { try await left.lacking(chart, at: right) }

    private func complete(_ index: Int, _ buckets: [Int: UInt64]) async throws {
        _ = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let batch = IncomingBatch(runs: [try await rest()], root: roots[index], buckets: buckets)
        #expect(try await right.log.admit([batch], from: left.node).map(\.refused.isEmpty) == [true])
    }

    /// As the file has it: what a node finds that was killed now.
    private func written() throws -> EventHash? {
        try DatabaseQueue(path: right.folder.log).read { db in
            try Data.fetchOne(db, sql: "SELECT root FROM peer").flatMap { EventHash(bytes: $0) }
        }
    }

    @Test func theLastOneCountsAndTheFirstIsWrittenAtOnce() async throws {
        try await complete(0, [1: 1, 2: 2])
        #expect(try written() == roots[0])
        try await complete(1, [2: 20, 3: 3])
        try await complete(2, [3: 30])
        #expect(try await right.log.completedRoot(of: left.node) == roots[2])
        #expect(try await right.log.completedBuckets(of: left.node) == [1: 1, 2: 20, 3: 30])
        try await right.log.finish()
        #expect(try written() == roots[2])
        #expect(try await right.log.completedBuckets(of: left.node) == [1: 1, 2: 20, 3: 30])
    }

    /// What a peer has noted stands in the same row, and is written down with it.
    @Test func whatIsNotedWaitsForTheSameCommit() async throws {
        try await complete(0, [1: 1])
        right.log.statementsNoted(by: left.node, upTo: 7)
        try await complete(1, [1: 2])
        try await right.log.finish()
        let noted = try await DatabaseQueue(path: right.folder.log).read { try Int.fetchOne($0, sql: "SELECT noted FROM peer") }
        #expect(noted == 7)
        #expect(try written() == roots[1])
    }

    /// Also where the events that came with it were not stored.
    @Test func whatIsUndoneCompletesNothing() async throws {
        try await complete(0, [1: 1])
        _ = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let batches = [
            IncomingBatch(runs: [try await rest()], root: roots[1], buckets: [1: 2]), IncomingBatch(runs: []),
        ]
        try await DatabaseQueue(path: right.folder.log).write { db in
            try db.execute(
                sql: "CREATE TRIGGER planted BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'planted'); END")
        }
        await #expect(throws: DatabaseError.self) { _ = try await right.log.admit(batches, from: left.node) }
        #expect(try await right.log.completedRoot(of: left.node) == roots[0])
        #expect(try await right.log.completedBuckets(of: left.node) == [1: 1])
    }

    /// A node that was put back compares with every peer anew; one that is paired anew begins from nothing.
    @Test(arguments: [false, true]) func whatIsForgottenDoesNotComeBack(_ isUnpaired: Bool) async throws {
        try await complete(0, [1: 1])
        try await complete(1, [1: 2])
        if isUnpaired {
            #expect(try await right.log.unpair(left.node))
        } else {
            try await right.log.drawEpoch(.restored)
        }
        #expect(try await right.log.completedRoot(of: left.node) == nil)
        #expect(try await right.log.completedBuckets(of: left.node).isEmpty)
        try await right.log.finish()
        #expect(try written() == nil)
        if isUnpaired { try await right.pair(left) }
        try await complete(2, [1: 3])
        #expect(try written() == roots[2], "the first one of a new beginning is written at once")
    }
}
