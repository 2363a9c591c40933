import EventLog
import Logging
import NIOCore
import PeerNetwork
import Replication
import Testing

@Suite("A paired peer that misbehaves", .timeLimit(.minutes(10)))
struct HostilePeerTests {
    /// A node with a well-behaved peer that is connected, and paired with the key of a peer that is not.
    private func setUp(_ prepare: (TestNode) -> Void = { _ in }) async throws -> (node: TestNode, good: TestNode, bad: RawPeer) {
        let watch = Watch()
        let (node, good) = (try await TestNode(watch), try await TestNode(watch))
        prepare(node)
        let key = try TestNode.newKey()
        await node.network.setPeers([
            good.asPeer(dialed: false), PairedPeer(node: key.node, key: key.publicKey, address: nil),
        ])
        await good.network.setPeers([node.asPeer(dialed: true)])
        await node.untilConnected(to: good)
        return (node, good, try await RawPeer(key, to: node))
    }

    private func stop(_ nodes: TestNode...) async { for node in nodes { await node.network.stop() } }

    @Test func aLineWithoutEndIsALimit() async throws {
        let (node, good, bad) = try await setUp()
        let since = await node.network.status()[good.id]?.state
        try await bad.sayHello()
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        for _ in 0..<10 { bad.channel.writeAndFlush(bad.channel.allocator.buffer(bytes: chunk), promise: nil) }
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"limit\""))
        #expect(await bad.line { _ in true } == nil)
        await node.watch.until { node.watch.contains(.warning, "this node closed the connection: limit: line", "peer=\(bad.id)") }
        // The other peer's connection is the same as before, and works.
        #expect(await node.network.status()[good.id]?.state == since)
        node.store.append(1, to: chart("a"), by: node.origin)
        await good.untilHolding(1)
        await stop(node, good)
    }

    @Test func aLineOfNoProtocolIsMalformed() async throws {
        let (node, good, bad) = try await setUp()
        try await bad.sayHello()
        try await bad.send("once upon a time")
        let error = try #require(await bad.line(of: "error"))
        #expect(error.contains("\"code\":\"malformed\""))
        await node.watch.until { node.watch.contains(.warning, "this node closed the connection: malformed", "peer=\(bad.id)") }
        await stop(node, good)
    }

    @Test func whatAPeerSaysAtTheEndIsLoggedOnOneLine() async throws {
        let (node, good, bad) = try await setUp()
        try await bad.sayHello()
        try await bad.send("{\"t\":\"error\",\"code\":\"storage\",\"text\":\"full\\nforged line\"}")
        await node.watch.until {
            node.watch.contains(.warning, "the peer closed the connection: storage: full forged line", "peer=\(bad.id)")
        }
        await stop(node, good)
    }

    @Test func aPeerThatNeverReadsDoesNotGrowUs() async throws {
        // Less than the most credit that counts, more than may wait here.
        let total = 24 << 20
        let (node, good, bad) = try await setUp { node in
            node.store.append(total >> 15, to: chart("a"), by: node.origin, bodyBytes: 1 << 15)
        }
        // It gives credit for all there is, asks for all there is, and then reads nothing.
        try await bad.sayHello(credit: 1 << 40)
        _ = try #require(await bad.line(of: "root"))
        try await bad.send("{\"t\":\"differs\"}")
        _ = try #require(await bad.line(of: "buckets"))
        try await bad.send("{\"t\":\"open\",\"buckets\":[\(chart("a").bucket)]}")
        _ = try #require(await bad.line(of: "heads"))
        try await bad.stopReading()
        try await bad.send("{\"t\":\"want\",\"part\":1,\"charts\":[{\"chart\":\"\(chart("a"))\",\"after\":{}}]}")
        // Until it has brought us to the limit, and the well-behaved peer has got everything all the same.
        await node.watch.until { node.store.bytesRead(by: bad.id) > 0 }
        await good.untilHolding(total >> 15)
        // What is not read stays in the store, but for an answer or two of storage and what the kernel takes.
        #expect(node.store.bytesRead(by: bad.id) <= 4 * ReplicationLimits.batchBytes)
        // It is not cut off for being slow: once it reads, it gets the rest.
        try await bad.channel.setOption(.autoRead, value: true).get()
        _ = try #require(await bad.line { $0.contains("\"root\":\"") && $0.contains("\"t\":\"commit\"") })
        #expect(node.store.bytesRead(by: bad.id) >= total)
        try await bad.channel.close()
        await stop(node, good)
    }

    @Test func aPeerThatNeverReadsDoesNotHoldUpTheEnd() async throws {
        let (node, good, bad) = try await setUp { node in
            node.store.append(1_000, to: chart("a"), by: node.origin, bodyBytes: 1 << 15)
        }
        try await bad.sayHello(credit: 1 << 40)
        _ = try #require(await bad.line(of: "root"))
        try await bad.stopReading()
        try await bad.send("{\"t\":\"differs\"}\n{\"t\":\"open\",\"buckets\":[\(chart("a").bucket)]}")
        try await bad.send("{\"t\":\"want\",\"part\":1,\"charts\":[{\"chart\":\"\(chart("a"))\",\"after\":{}}]}")
        // It returns: what cannot be said is not waited for.
        await node.network.stop()
        await good.network.stop()
    }

    @Test func marksThatComeFasterThanStorageAnswersAreTakenInTurn() async throws {
        let (node, good, bad) = try await setUp()
        try await bad.sayHello()
        let marks = (1...1_000).map { "{\"t\":\"mark\",\"n\":\($0)}" }.joined(separator: "\n")
        try await bad.send(marks)
        // Answers come in the order of the requests.
        var next = 1
        while next <= 1_000, let line = await bad.line(of: "noted") {
            #expect(line.contains("\"n\":\(next),") || line.contains("\"n\":\(next)}"))
            next += 1
        }
        #expect(next == 1_001)
        try await bad.channel.close()
        await stop(node, good)
    }
}
