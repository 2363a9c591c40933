import CareModel
import Crypto
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

@testable import DuologNode

/// A node's key is replaced, on real daemons: peers follow, history holds, and whoever has the old key gets nowhere with it.
@Suite(.serialized) struct KeyRotationTests {
    private let folder = Daemons.folder()

    private func seen(_ event: RecordedEvent, by node: DemoNode, in pair: Pair) async throws {
        try await Daemons.wait("event \(event.event.short) at \(node.name)") {
            try await node.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries.contains {
                $0.label.event == event.event
            }
        }
    }

    private func sideEffect(_ pair: Pair, _ node: DemoNode, _ what: String) async throws -> RecordedEvent {
        try await pair.record(
            node, "side_effect.reported", #"{"severity":"mild","what":"\#(what)"}"#, view: try await pair.view(node))
    }

    @Test func peersFollowAtOnceOrLaterAndThroughARelay() async throws {
        let pair = try await Daemons.pair(in: folder)
        // The third is paired with the right one only, and learns of the left one's key through the chart.
        let third = try Daemons.make("third", in: folder)
        try await third.start()
        let (far, near) = (try await third.ask(StatusRequest()), try await pair.right.ask(StatusRequest()))
        _ = try await pair.left.ask(AddPeerRequest(key: far.key, label: "third", address: nil))
        _ = try await pair.right.ask(AddPeerRequest(key: far.key, label: "third", address: nil))
        _ = try await third.ask(AddPeerRequest(key: near.key, label: "right", address: near.listening))
        _ = try await third.ask(AddPractitionerRequest(uid: getuid(), fullName: "Dr. third Fictional", credential: .physician))
        _ = try await pair.left.ask(
            ShareChartRequest(
                chart: pair.chart, members: [.init(node: far.node, scopes: [.primaryCare])], purpose: "TREAT", until: nil,
                signedDocument: EventHash(of: [2]), when: nil, view: try await pair.view(pair.left), request: "third"))

        let before = try await pair.left.ask(StatusRequest())
        let rotated = try pair.left.run(["key", "rotate", "--wait", "0"])
        #expect(rotated.status == 0 && rotated.output.contains("make a backup"), "\(rotated.output)\(rotated.errors)")
        let after = try await pair.left.ask(StatusRequest())
        #expect(after.node == before.node && after.origin == before.origin && after.key != before.key)
        try await Daemons.wait("the peer to follow") {
            try await pair.right.ask(ListPeersRequest()).contains { $0.node == after.node && $0.key == after.key && $0.connected }
        }
        let first = try await sideEffect(pair, pair.left, "after the first rotation")
        try await seen(first, by: pair.right, in: pair)
        try await seen(first, by: third, in: pair)

        // Nobody is there for the second, nor for the third.
        pair.right.stop()
        for _ in 0..<2 { #expect(try pair.left.run(["key", "rotate", "--wait", "0"]).status == 0) }
        let second = try await sideEffect(pair, pair.left, "after the third rotation")
        try await pair.right.start()
        _ = try await third.ask(
            AddPeerRequest(key: near.key, label: "right", address: try await pair.right.ask(StatusRequest()).listening))
        try await seen(second, by: pair.right, in: pair)
        try await seen(second, by: third, in: pair)
        let last = try await pair.left.ask(ShowKeyRequest())
        #expect(last.replaced.count == 3 && last.node == before.node)
        for node in [pair.left, pair.right, third] {
            let verified = try node.run(["audit", "verify"])
            #expect(verified.status == 0, "\(node.name): \(verified.output)")
        }
        // A file that was checked by the first key is checked by it, and by the present one.
        let export = "\(folder)/chart.jsonl"
        #expect(try third.run(["audit", "export", "--chart", "\(pair.chart)", "--out", export]).status == 0)
        for key in [before.key, last.key] {
            let checked = try third.run(["audit", "verify", export, "--trust", "\(key)"])
            #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        }
        let replies = try await sideEffect(pair, third, "the way back")
        try await seen(replies, by: pair.left, in: pair)
        for node in [pair.left, pair.right, third] { node.stop() }
    }

    @Test func aRotationThatWasInterruptedGoesOnAtTheNextStart() async throws {
        let pair = try await Daemons.pair(in: folder)
        // It is started several times, at another port each time: it is the one that dials.
        let other = try await pair.right.ask(StatusRequest())
        _ = try await pair.left.ask(AddPeerRequest(key: other.key, label: "right", address: other.listening))
        pair.left.kill()
        // What a crash right after the key was stored leaves: the file, and a log that has never heard of it.
        let state = StateFolder(path: pair.left.folder + "/state")
        let old = try state.nodeKey()
        let copy = "\(folder)/copy"
        try FileManager.default.copyItem(atPath: state.path, toPath: copy)
        let next = try #require(
            try old.succeeded(by: Curve25519.Signing.PrivateKey(), at: Timestamp(milliseconds: 1_800_000_000_000)))
        try state.replaceNodeKey(next)
        #expect(throws: StateFolderError.self, "a key that the present one knows nothing of") {
            try state.replaceNodeKey(try #require(NodeKey(Curve25519.Signing.PrivateKey())))
        }
        try await pair.left.start()
        #expect(pair.left.log.contains("charts say so now"))
        try await seen(try await sideEffect(pair, pair.left, "after it"), by: pair.right, in: pair)
        #expect(try pair.left.run(["audit", "verify"]).status == 0)

        // The old key over the new log is found at the start: what it signs would not hold.
        pair.left.stop()
        let file = state.path + "/node.key"
        let kept = try Data(contentsOf: URL(fileURLWithPath: file))
        let oldLine = Data((Base64URL.encode([UInt8](old.privateKey.rawRepresentation)) + "\n").utf8)
        try oldLine.write(to: URL(fileURLWithPath: file))
        let wrong = await #expect(throws: DemoFailure.self) { try await pair.left.start() }
        #expect(wrong?.description.contains("node.key is older than the log") == true)

        // A folder from before the rotation, put back or stolen, gets nothing any more.
        let rightful = "\(folder)/rightful"
        try kept.write(to: URL(fileURLWithPath: file))
        try FileManager.default.moveItem(atPath: state.path, toPath: rightful)
        try FileManager.default.copyItem(atPath: copy, toPath: state.path)
        try await pair.left.start()
        try await Daemons.wait("the refusal") { pair.right.log.contains("gave up the key \(old.publicKey)") }
        #expect(try await pair.right.ask(ListPeersRequest()).allSatisfy { !$0.connected })
        let again = try pair.right.run(["peer", "add", "--key", "\(old.publicKey)", "--name", "left"])
        #expect(again.status == 77 && again.errors.contains("gave up the key"), "\(again.errors)")

        // A second word of the old key: whoever it is, nothing is exchanged until people have asked.
        pair.left.stop()
        let thief = try #require(
            try old.succeeded(by: Curve25519.Signing.PrivateKey(), at: Timestamp(milliseconds: 1_800_000_000_001)))
        try state.replaceNodeKey(thief)
        try await pair.left.start()
        try await Daemons.wait("the alarm") { pair.right.log.contains("two keys claim to be that of node \(old.node)") }
        pair.left.stop()
        try FileManager.default.removeItem(atPath: state.path)
        try FileManager.default.moveItem(atPath: rightful, toPath: state.path)
        try await pair.left.start()
        let state0 = try await pair.right.ask(ListPeersRequest()).first
        #expect(state0?.connected == false && state0?.state.hasPrefix("stopped: ") == true, "\(state0?.state ?? "")")
        #expect(try pair.right.run(["doctor"]).output.contains("both claim to be its key"))
        pair.left.stop()
        pair.right.stop()
    }
}
