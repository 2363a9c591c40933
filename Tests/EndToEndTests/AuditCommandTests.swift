import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// The commands around an audit, as people call them, on real daemons.
@Suite(.serialized) struct AuditCommandTests {
    private let folder = Daemons.folder()
    private let words = "a very telling sentence of the fictional patient"

    private func report(_ pair: Pair, on node: DemoNode? = nil) async throws -> RecordedEvent {
        try await pair.record(
            node ?? pair.left, "side_effect.reported", #"{"severity":"mild","what":"\#(words)"}"#, refs: [try #require(pair.root)]
        )
    }

    private func holdsWords(_ node: DemoNode) throws -> [String] {
        let files = try #require(FileManager.default.enumerator(atPath: node.folder)).compactMap { $0 as? String }
        return files.filter { name in
            FileManager.default.contents(atPath: node.folder + "/" + name)?.range(of: Data(words.utf8)) != nil
        }
    }

    @Test func whatIsErasedIsConfirmedAndGone() async throws {
        let pair = try await Daemons.pair(in: folder)
        let event = try await report(pair).event
        try await pair.settle()
        let refused = try pair.right.run(["erase", "\(event)", "--authority", "nobody's", "--yes"])
        #expect(refused.status == 77, "\(refused.errors)")
        let erased = try pair.left.run(["erase", "\(event.short)", "--authority", "GDPR Art. 17, the privacy officer"])
        #expect(erased.status == 0 && erased.output.contains("To be confirmed by right"), "\(erased.errors)")
        try await pair.settle()
        try await waitForConfirmation(of: event, pair)
        for node in [pair.left, pair.right] {
            #expect(try holdsWords(node) == [])
            let verified = try node.run(["audit", "verify"])
            #expect(verified.status == 0, "\(verified.output)")
            #expect(try node.run(["show", "timeline", "--chart", "\(pair.chart)"]).output.contains("[erased]"))
        }
        pair.left.stop()
        pair.right.stop()
    }

    private func waitForConfirmation(of event: EventHash, _ pair: Pair) async throws {
        try await Daemons.wait("a proof of the erasure", of: pair.left, pair.right) {
            let steps = try await pair.left.ask(TrailRequest(event: event)).trail.steps
            return steps.contains { $0.what == .erased && $0.certainty == .proof }
        }
    }

    /// A node that lost its newest events, and cannot reach who has them, is told by a file which they are.
    @Test func whatAnotherNodeHoldsIsNamed() async throws {
        let pair = try await Daemons.pair(in: folder)
        pair.right.stop()
        try FileManager.default.copyItem(atPath: pair.right.folder + "/state", toPath: folder + "/backup")
        try await pair.right.start()
        let lost = try await report(pair, on: pair.right)
        try await pair.settle()
        let file = folder + "/left.jsonl"
        let exported = try pair.left.run(["audit", "export", "--chart", "\(pair.chart)", "--out", file])
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(
            try pair.left.run(["audit", "export", "--chart", "\(pair.chart)", "--out", file]).status == 64, "never overwritten")
        #expect(try pair.right.run(["audit", "verify", "--against", file]).status == 0)
        #expect(try pair.right.run(["audit", "verify", file]).output.contains("The keys came from the file itself"))
        pair.left.stop()
        pair.right.stop()
        try FileManager.default.removeItem(atPath: pair.right.folder + "/state")
        try FileManager.default.copyItem(atPath: folder + "/backup", toPath: pair.right.folder + "/state")
        try await pair.right.start()
        let verified = try pair.right.run(["audit", "verify", "--against", file])
        #expect(verified.status == 1)
        #expect(verified.output.contains("\(lost.event)") && verified.output.contains("MISSING"), "\(verified.output)")
        pair.right.stop()
    }

    @Test func correctionsStandBesideWhatTheyCorrect() async throws {
        let pair = try await Daemons.pair(in: folder)
        let event = try await report(pair).event
        let amended = try pair.left.run(
            ["amend", "\(event)"], input: #"{"fields":{"severity":"moderate"},"reason":"asked again"}"#)
        #expect(amended.status == 0, "\(amended.errors)")
        let withdrawn = try pair.left.run(["withdraw", "\(event.short)"], input: #"{"reason":"another patient's"}"#)
        #expect(withdrawn.status == 0, "\(withdrawn.errors)")
        let entry = try #require(
            try await pair.left.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries.first {
                $0.label.event == event
            })
        #expect(entry.standing == .withdrawn && entry.corrections.count == 2 && entry.summary.contains(words))
        #expect(try pair.left.run(["withdraw", "nosuchevent"]).status == 66)
        // One name in 64 begins with a dash, and is a name all the same.
        #expect(try pair.left.run(["audit", "trail", "-AAAAAAAAA"]).status == 66)
        #expect(try pair.left.run(["show", "regimen", "--chart", "-AAAAAAAAA"]).status == 66)
        pair.left.stop()
        pair.right.stop()
    }

    /// Nobody asks for it: a node that was never checked checks itself, and says what it found.
    @Test func aNodeChecksItselfNowAndThen() async throws {
        let node = try Daemons.make("alone", in: folder)
        try await node.start()
        try await Daemons.wait("a check of itself", of: node) { try await node.ask(StatusRequest()).verified != nil }
        let verified = try #require(try await node.ask(StatusRequest()).verified)
        #expect(verified.whole && verified.events > 0)
        #expect(try node.run(["status"]).output.contains("log      whole at"))
        node.stop()
    }

    @Test func aMomentIsAskedForInOneWay() async throws {
        let node = try Daemons.make("alone", in: folder)
        for arguments in [
            [], ["--as-of", "2031-01-01", "--as-known-at", "2031-01-01"], ["--as-of", "yesterday"],
            ["--clock-ahead", "5", "--as-of", "2031-01-01"],
        ] {
            #expect(try node.run(["audit", "replay", "--chart", "x"] + arguments).status == 64, "\(arguments)")
        }
    }
}
