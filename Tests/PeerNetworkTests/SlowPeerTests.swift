import EventLog
import Logging
import NIOCore
import Replication
import Testing

@testable import PeerNetwork

@Suite("A peer that is slow on purpose, or too quick", .timeLimit(.minutes(10)))
struct SlowPeerTests {
    private func setUp(_ watch: Watch) async throws -> (node: TestNode, good: TestNode, bad: RawPeer) {
        let (node, good) = (try await TestNode(watch), try await TestNode(watch))
        let key = try TestNode.newKey()
        await node.network.setPeers([
            good.asPeer(dialed: false), PairedPeer(node: key.node, key: key.publicKey, address: nil),
        ])
        await good.network.setPeers([node.asPeer(dialed: true)])
        await node.untilConnected(to: good)
        return (node, good, try await RawPeer(key, to: node))
    }

    private func stop(_ nodes: TestNode...) async { for node in nodes { await node.network.stop() } }

    /// The other peer is served meanwhile.
    private func expectUndisturbed(_ node: TestNode, _ good: TestNode, holding count: Int = 1) async {
        node.store.append(1, to: chart("a"), by: node.origin)
        await good.untilHolding(count)
    }

    @Test func aHandshakeThatTricklesIsGivenATimeOnly() async throws {
        let node = try await TestNode(Watch()) { $0.handshakeTime = .milliseconds(200) }
        let client = try await PlainClient.connect(to: node)
        // The beginning of a TLS record of 16 KiB, a byte at a time: each is progress, and none brings it to an end.
        for byte in [0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00, 0x3F, 0xFC, 0x03, 0x03] as [UInt8] {
            try? await client.writeAndFlush(client.allocator.buffer(bytes: [byte]))
        }
        try await client.closeFuture.get()
        await node.watch.until { node.watch.contains(.warning, "refused a peer at", "no TLS handshake within 200 ms") }
        await node.network.stop()
    }

    @Test func aPeerThatNeverSaysHelloIsATimeout() async throws {
        let (node, good, bad) = try await setUp(Watch())
        _ = try #require(await bad.line(of: "hello"))
        node.ahead.pass(ReplicationLimits.handshakeMilliseconds)
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"timeout\"") && error.contains("no hello in time"))
        #expect(await bad.line { _ in true } == nil)
        await node.watch.until {
            node.watch.contains(.notice, "this node closed the connection: timeout: no hello in time", "peer=\(bad.id)")
        }
        await expectUndisturbed(node, good)
        await stop(node, good)
    }

    @Test func aHelloThatTricklesIsATimeout() async throws {
        let (node, good, bad) = try await setUp(Watch())
        _ = try #require(await bad.line(of: "hello"))
        for byte in "{\"t\":\"hello\",\"versions\":[1,1]".utf8 {
            // On a busy machine the time may be over before the last byte, and the channel closed: that is what is asked for.
            try? await bad.channel.writeAndFlush(bad.channel.allocator.buffer(bytes: [byte]))
        }
        node.ahead.pass(ReplicationLimits.handshakeMilliseconds)
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"timeout\""))
        await stop(node, good)
    }

    @Test func aLineThatTricklesIsSilence() async throws {
        let (node, good, bad) = try await setUp(Watch())
        try await bad.sayHello()
        _ = try #require(await bad.line(of: "root"))
        // Bytes are no sign of life, lines are.
        for byte in "{\"t\":\"ping\"".utf8 {
            try await bad.channel.writeAndFlush(bad.channel.allocator.buffer(bytes: [byte]))
        }
        node.ahead.pass(ReplicationLimits.pingMilliseconds)
        _ = try #require(await bad.line(of: "ping"))
        node.ahead.pass(ReplicationLimits.silenceMilliseconds)
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"timeout\"") && error.contains("silence"))
        await stop(node, good)
    }

    /// Without back-pressure the session would hold more open requests than it may, and end with a limit.
    @Test func aPeerThatAsksFasterThanStorageAnswersIsNotReadMeanwhile() async throws {
        let (node, good, bad) = try await setUp(Watch())
        try await bad.sayHello()
        _ = try #require(await bad.line(of: "root"))
        let (gate, count) = (node.store.hold(bad.id), ReplicationLimits.openRequests + 1000)
        let marks = (1...count).map { "{\"n\":\($0),\"t\":\"mark\"}\n" }.joined()
        let written = bad.start(marks)
        await expectUndisturbed(node, good)
        gate.open()
        var next = 1
        while next <= count, let line = await bad.line({ $0.contains("\"t\":\"noted\"") || $0.contains("\"t\":\"error\"") }) {
            guard line == "{\"n\":\(next),\"t\":\"noted\"}" else { break }
            // On a busy machine the answers take longer than a peer may be silent.
            if next.isMultiple(of: 1000) { _ = bad.start("{\"t\":\"ping\"}\n") }
            next += 1
        }
        #expect(next == count + 1)
        try await written.get()
        try await bad.channel.close()
        await stop(node, good)
    }

    @Test func aRootFloodIsUnexpected() async throws {
        let (node, good, bad) = try await setUp(Watch())
        try await bad.sayHello()
        let root = "{\"root\":\"\(chart("a"))\",\"t\":\"root\"}\n"
        _ = bad.start(String(repeating: root, count: 10_000))
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"unexpected\"") && error.contains("root out of turn"))
        await node.watch.until { node.watch.contains(.warning, "this node closed the connection: unexpected: root out of turn") }
        await expectUndisturbed(node, good)
        await stop(node, good)
    }

    @Test func aPingFloodIsAnsweredAsFarAsItIsRead() async throws {
        let (node, good, bad) = try await setUp(Watch())
        try await bad.sayHello()
        let (count, ping) = (100_000, "{\"t\":\"ping\"}\n")
        let written = bad.start(String(repeating: ping, count: count))
        await expectUndisturbed(node, good)
        var pongs = 0
        while pongs < count, await bad.line(of: "pong") != nil { pongs += 1 }
        #expect(pongs == count)
        try await written.get()
        try await bad.channel.close()
        await stop(node, good)
    }

    @Test func moreEventBytesThanCreditAreALimit() async throws {
        let (node, good, bad) = try await setUp(Watch())
        try await bad.sayHello()
        // What was asked of storage before is answered: the first batch does not wait behind it.
        try await bad.send(String(decoding: MessageCodec.encode(.mark(1)), as: UTF8.self))
        _ = try #require(await bad.line(of: "noted"))
        let gate = node.store.hold(bad.id)
        // Storage is slow, so no credit comes back, and the peer does not wait for any.
        let envelope = "{\"t\":\"event\",\"chart\":\"\(chart("b"))\",\"body\":\"\(chart("b"))\"}"
        let body = "{\"salt\":\"\(String(repeating: "x", count: Limits.lineBytes - 100))\"}"
        // The second batch waits to be stored, and is small enough for reading to go on.
        for count in [15, 2, 15] {
            let events = String(repeating: "\(envelope)\n\(body)\n", count: count)
            try? await bad.send(events + "{\"buckets\":[],\"events\":\(count),\"t\":\"commit\"}")
        }
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"limit\"") && error.contains("credit"))
        gate.open()
        await expectUndisturbed(node, good)
        await stop(node, good)
    }
}
