import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// What was erased is gone: everywhere, with its salt, from every file, for good.
@Suite struct ErasureTests {
    private let words = "a very telling sentence of the fictional patient"

    private struct Erased {
        let left: TestNode
        let right: TestNode
        let chart: ChartID
        let event: EventHash
        /// The sealed body as it stood on the left and on the right.
        let sealed: [[UInt8]]
    }

    private func sealedBody(_ node: TestNode, _ event: EventHash) async throws -> [UInt8]? {
        try await DatabaseQueue(path: node.folder.log).read { db in
            try Data.fetchOne(
                db, sql: "SELECT bodies FROM segment WHERE names = ?",
                arguments: [Data(event.bytes)])
        }.map { [UInt8]($0) }
    }

    private func pair() async throws -> (left: TestNode, right: TestNode, chart: ChartID) {
        let (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        let chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        try await exchange(left, right)
        return (left, right, chart)
    }

    private func exchange(_ left: TestNode, _ right: TestNode) async throws {
        var exchange = try await PlainExchange(left, right)
        try await exchange.run()
    }

    private func erase(_ event: EventHash, on node: TestNode, _ chart: ChartID) async throws {
        try await node.write(chart, EventErased.kind, #"{"authority":"GDPR Art. 17, asked for by the patient"}"#, refs: [event])
    }

    private func erased() async throws -> Erased {
        let (left, right, chart) = try await pair()
        let event = try await left.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"\#(words)"}"#)
        try await exchange(left, right)
        let sealed = [try await sealedBody(left, event), try await sealedBody(right, event)].compactMap { $0 }
        #expect(sealed.count == 2)
        try await erase(event, on: left, chart)
        try await exchange(left, right)
        return Erased(left: left, right: right, chart: chart, event: event, sealed: sealed)
    }

    /// Every byte of every file of a state folder.
    private func contents(of node: TestNode) throws -> [(String, Data)] {
        let files = try #require(FileManager.default.enumerator(atPath: node.folder.path))
        return files.compactMap { $0 as? String }.compactMap { name in
            FileManager.default.contents(atPath: node.folder.path + "/" + name).map { (name, $0) }
        }
    }

    @Test func theBodyIsGoneFromEveryFileOfEveryMember() async throws {
        let erased = try await erased()
        for (node, sealed) in zip([erased.left, erased.right], erased.sealed) {
            for checkpoints in [false, true] {
                if checkpoints {
                    _ = try await DatabaseQueue(path: node.folder.log).writeWithoutTransaction { try? $0.checkpoint(.truncate) }
                }
                for (name, data) in try contents(of: node) {
                    #expect(data.range(of: Data(words.utf8)) == nil, "\(name) holds the text")
                    // Sealed, it would still be there for whoever has the key.
                    #expect(data.range(of: Data(sealed)) == nil, "\(name) holds the sealed body")
                    #expect(
                        data.range(of: Data(sealed.dropFirst(12).prefix(32))) == nil, "\(name) holds a part of the sealed body")
                }
            }
            let entry = try #require(try await node.timeline(erased.chart).first { $0.label.event == erased.event })
            #expect(entry.summary == "[erased]")
            let report = await node.log.verifier.verify(isQuick: false)
            #expect(report.count == 0 && report.charts.first?.erased == 1, "\(report)")
            #expect(try await node.log.erasures(of: erased.chart).map(\.event) == [erased.event])
        }
        #expect(try await erased.left.digest(erased.chart) == erased.right.digest(erased.chart))
    }

    /// The order to erase is confirmed like any event: by the receipt of whoever holds it.
    @Test func receiptsConfirmIt() async throws {
        let erased = try await erased()
        let record = try #require(try await erased.left.log.record(of: erased.chart))
        let position = try #require(record.graph.position(of: erased.event))
        var context = EventTrail.Context()
        context.receipts = try await erased.left.log.receipts(of: erased.chart)
        let steps = EventTrail(record, position, context).steps.filter { $0.what == .erased }
        #expect(steps.map(\.certainty) == [.proof], "\(steps)")
        context.receipts = []
        #expect(EventTrail(record, position, context).steps.filter { $0.what == .erased }.map(\.certainty) == [.inference])
    }

    /// At every moment of a replay, also before it was erased; and nobody's share in it changes.
    @Test func everyReplayReadsItAsErased() async throws {
        let erased = try await erased()
        let record = try #require(try await erased.right.log.record(of: erased.chart))
        let replay = Replay(
            record, try record.selection(in: View(chart: erased.chart, events: [erased.event])), question: "", arrivals: [],
            node: nil)
        #expect(replay.record.timeline.entries.last?.summary == "[erased]")
        #expect(replay.record.erased == [erased.event])
    }

    @Test func aBodyThatComesAfterItsErasureIsDropped() async throws {
        let erased = try await erased()
        // A third member that a copy of the left one from before the erasure tells first.
        let (left, right, chart) = try await pair()
        let event = try await left.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"\#(words)"}"#)
        let old = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: left.folder.path, toPath: old)
        try await exchange(left, right)
        try await erase(event, on: left, chart)
        try await exchange(left, right)
        #expect(try await sealedBody(right, event) == nil)
        // The same lines once more, body and all: the event is here, its body stays away.
        let run = try await line(of: event, from: old, chart, for: right)
        _ = try await right.log.admit([IncomingBatch(runs: [run])], from: left.node)
        #expect(try await sealedBody(right, event) == nil)
        #expect(try await right.timeline(chart).first { $0.label.event == event }?.summary == "[erased]")
        _ = erased
    }

    /// What a copy of a node's folder would send.
    private func line(of event: EventHash, from folder: String, _ chart: ChartID, for peer: TestNode) async throws -> IncomingRun
    {
        let copy = try TestNode(folder)
        let range = LogStore.ReadRange(chart, after: VectorClock(), from: 0, upTo: .max, skipsOwn: false)
        let day = ClinicalTime(instant: copy.clock.now, offsetMinutes: 0).day
        let excerpt = try #require(
            try await copy.log.read([range], maxEvents: 1000, maxBytes: 1_000_000, for: peer.node, on: day)[0])
        #expect(excerpt.events.contains { $0.body.map { String(decoding: $0, as: UTF8.self).contains(words) } ?? false })
        return IncomingRun(chart: chart, lines: excerpt.events, heads: excerpt.heads)
    }

    /// An older database beside the list of what was erased: the bodies go again before anybody can read them.
    @Test func anOlderDatabaseDoesNotBringItBack() async throws {
        let (left, right, chart) = try await pair()
        let event = try await left.write(chart, SideEffectReported.kind, #"{"severity":"mild","what":"\#(words)"}"#)
        try await exchange(left, right)
        let folder = TestNode.newFolder()
        try FileManager.default.copyItem(atPath: left.folder.path, toPath: folder)
        try await erase(event, on: left, chart)
        try await exchange(left, right)
        for name in ["erased", "epoch"] {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
            try FileManager.default.copyItem(atPath: left.folder.path + "/" + name, toPath: folder + "/" + name)
        }
        let restored = try TestNode(folder)
        #expect(restored.log.drewEpochAtStart)
        #expect(try await sealedBody(restored, event) == nil)
        #expect(try await restored.timeline(chart).first { $0.label.event == event }?.summary == "[erased]")
        let report = await restored.log.verifier.verify(isQuick: false)
        #expect(report.charts.flatMap(\.findings).allSatisfy { $0.kind != .bodyMissing }, "\(report)")
        // Nothing leaves before it has synced; then the order itself comes back.
        #expect(try await restored.log.offer(to: right.node, on: restored.clock.today).charts.isEmpty)
        try await exchange(restored, right)
        #expect(try await restored.log.erasures(of: chart).map { $0.by != nil } == [true])
        #expect(try await restored.digest(chart) == right.digest(chart))
    }

    @Test func correctionsOfItGoWithIt() async throws {
        let (left, right, chart) = try await pair()
        let event = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let amendment = try await left.write(
            chart, RecordAmended.kind, #"{"fields":{"what":"\#(words)"},"reason":"more exactly"}"#, refs: [event])
        try await exchange(left, right)
        try await erase(event, on: left, chart)
        try await exchange(left, right)
        for node in [left, right] {
            #expect(try await sealedBody(node, amendment) == nil)
            let entry = try #require(try await node.timeline(chart).first { $0.label.event == event })
            #expect(entry.summary == "[erased]" && entry.corrections.map(\.summary) == ["[erased]"])
            #expect(await node.log.verifier.verify(isQuick: false).count == 0)
        }
    }

    /// Who held what is never erased, and an order without permission takes nothing.
    @Test func whoHeldWhatStays() async throws {
        let (left, right, chart) = try await pair()
        let genesis = try #require(try await left.log.record(of: chart)?.graph.nodes.first?.hash)
        await #expect(throws: AuthoringError.self) { try await erase(genesis, on: left, chart) }
        let event = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        try await exchange(left, right)
        try await right.write(chart, PractitionerEnrolled.kind, #"{"credential":"lcsw","name":"Nobody Else"}"#)
        await #expect(throws: AuthoringError.self) { try await erase(event, on: right, chart) }
        #expect(try await sealedBody(left, event) != nil)
    }
}
