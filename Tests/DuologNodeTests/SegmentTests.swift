import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Events of one chain and one commit share a row, and a seal: what that must not change.
@Suite struct SegmentTests {
    /// The events of each segment of the latest commit, in the order of arrival.
    private func segments(_ node: TestNode) async throws -> [Int] {
        try await DatabaseQueue(path: node.folder.log).read { db in
            try Int.fetchAll(
                db, sql: "SELECT count FROM segment WHERE batch = (SELECT max(batch) FROM segment) ORDER BY id")
        }
    }

    private func sideEffect(_ number: Int) -> String { #"{"severity":"mild","what":"number \#(number) of a fictional list"}"# }

    private func verify(_ node: TestNode, _ place: SourceLocation = #_sourceLocation) async throws {
        let report = await node.log.verifier.verify(isQuick: false)
        #expect(report.count == 0, "\(report)", sourceLocation: place)
        #expect(try await node.log.rebuild().isEmpty, sourceLocation: place)
    }

    @Test func eventsOfAChartLieNextToEachOtherHoweverTheyWereWritten() async throws {
        let node = try TestNode()
        let charts = [try await node.openChart(sharedWith: []), try await node.openChart(sharedWith: [])]
        let before = try await node.log.rows(from: 0).count
        let drafts = (0..<200).map { node.draft(charts[$0 % 2], SideEffectReported.kind, sideEffect($0)) }
        let written = try await node.log.author(drafts, request: nil)
        #expect(try await segments(node) == [64, 64, 36, 36])
        let rows = try await node.log.rows(from: before)
        for (index, chart) in charts.enumerated() {
            let own = rows.filter { $0.event.envelope.chart == chart }.map(\.event.hash)
            #expect(own == written.enumerated().filter { $0.offset % 2 == index }.map(\.element.event))
        }
        // Also from the middle of a segment on.
        #expect(try await node.log.rows(from: before + 70).map(\.event.hash) == rows.dropFirst(70).map(\.event.hash))
        #expect(try await node.log.arrivals(of: charts[0]).count == before / 2 + 100)
        #expect(Set(try await node.log.arrivals(of: charts[0]).suffix(100).map(\.at)).count == 1)
        let name = "\(written[151].event)"
        #expect(try await node.log.find(String(name.prefix(12))).map(\.event) == [written[151].event])
        try await verify(node)
    }

    /// Large bodies do not make large rows.
    @Test func aSegmentHasABoundInBytes() async throws {
        let node = try TestNode()
        let chart = try await node.openChart(sharedWith: [])
        let long = String(repeating: "x", count: 9000)
        let drafts = (0..<8).map { _ in node.draft(chart, SideEffectReported.kind, #"{"severity":"mild","what":"\#(long)"}"#) }
        _ = try await node.log.author(drafts, request: nil)
        #expect(try await segments(node) == [6, 2])
        try await verify(node)
    }

    /// A chart that memory has no room for is read again while its last events are still on their way to the disk: from all of the log where it is
    /// much of that, and by its chain where it is not.
    @Test(arguments: [1, 3, 25, 40], [false, true])
    func chartsThatAreReadAgainInACommitAreWhole(_ room: Int, _ isReversed: Bool) async throws {
        for others in [0, 300] {
            var cache = LogStore.Cache()
            cache.events = room
            let node = try TestNode(cache: cache)
            var charts: [ChartID] = []
            for _ in 0..<3 { charts.append(try await node.openChart(sharedWith: [])) }
            let other = try await node.openChart(sharedWith: [])
            _ = try await node.log.author(
                (0..<others).map { node.draft(other, SideEffectReported.kind, sideEffect($0)) }, request: nil)
            if isReversed { charts.reverse() }
            let drafts = (0..<30).map { node.draft(charts[$0 % 3], SideEffectReported.kind, sideEffect($0)) }
            _ = try await node.log.author(drafts, request: nil)
            #expect(try await segments(node).reduce(0, +) == 30)
            try await verify(node)
            for chart in charts {
                #expect(try await node.timeline(chart).count { $0.label.kind == SideEffectReported.kind } == 10)
            }
            // The end of the commit stands with the last of them, also for the next one.
            for chart in charts { try await node.write(chart, SideEffectReported.kind, sideEffect(31)) }
            try await verify(node)
        }
    }

    /// One of many in a segment: its text and the seal over it go, and the others stay.
    @Test func whatIsErasedIsTakenOutOfItsSegment() async throws {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        let drafts = (0..<20).map { left.draft(chart, SideEffectReported.kind, sideEffect($0)) }
        let written = try await left.log.author(drafts, request: nil)
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
        func sealed(_ node: TestNode) async throws -> Data {
            try await DatabaseQueue(path: node.folder.log).read { db in
                try Data.fetchOne(db, sql: "SELECT bodies FROM segment WHERE count >= 20") ?? Data()
            }
        }
        let before = [try await sealed(left), try await sealed(right)]
        #expect(before.allSatisfy { $0.count > 1000 })
        try await left.write(chart, EventErased.kind, #"{"authority":"asked for by the patient"}"#, refs: [written[7].event])
        exchange = try await PlainExchange(left, right)
        try await exchange.run()
        for (node, old) in zip([left, right], before) {
            let summaries = try await node.timeline(chart).filter { $0.label.kind == SideEffectReported.kind }.map(\.summary)
            #expect(summaries.count { $0 == "[erased]" } == 1)
            for number in 0..<20 {
                #expect(summaries.contains { $0.contains("number \(number) of") } == (number != 7), "\(number)")
            }
            #expect(try await sealed(node).count < old.count)
            for file in try FileManager.default.contentsOfDirectory(atPath: node.folder.path) {
                let bytes = FileManager.default.contents(atPath: node.folder.path + "/" + file) ?? Data()
                // A part of the old seal from its middle on, where the body stood.
                for start in [40, old.count / 2, old.count - 48] {
                    #expect(bytes.range(of: old[start..<start + 32]) == nil, "\(file) holds what was sealed before")
                }
            }
            #expect(await node.log.verifier.verify(isQuick: false).count == 0)
        }
    }
}
