import EventLog
import Logging
import NIOCore
import Replication
import Testing

@testable import PeerNetwork

@Suite("Connections come back", .timeLimit(.minutes(10)))
struct ReconnectTests {
    @Test func afterTheOtherSideWasOffTheNetwork() async throws {
        let watch = Watch()
        let (one, two) = (try await TestNode(watch), try await TestNode(watch))
        await two.network.setPeers([one.asPeer(dialed: false)])
        await one.network.setPeers([two.asPeer(dialed: true)])
        await one.untilConnected(to: two)
        try await two.network.setOnline(false)
        #expect(await two.network.boundAddress == nil)
        #expect(two.network.connections.count == 0)
        await watch.until { watch.contains(.info, "the peer closed the connection: stopping", "peer=\(two.id)") }
        await watch.until { await one.network.status()[two.id]?.lastError?.contains("nobody answers") == true }
        one.store.append(3, to: chart("a"), by: one.origin)
        try await two.network.setOnline(true)
        #expect(await two.network.boundAddress == two.address)
        await one.network.reconnect(two.id)
        await two.untilHolding(3)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func aNodeThatIsDownIsDialedUntilItIsThere() async throws {
        let watch = Watch()
        let (one, two) = (try await TestNode(watch), try await TestNode(watch))
        await two.network.stop()
        await one.network.setPeers([two.asPeer(dialed: true)])
        await watch.until { await one.network.status()[two.id]?.lastError != nil }
        let status = try #require(await one.network.status()[two.id])
        #expect(status.words == "not connected: nobody answers at \(two.address) (Connection refused)")
        guard case .disconnected(_, .some) = status.state else {
            Issue.record("no next attempt: \(status.state)")
            return
        }
        await two.network.setPeers([one.asPeer(dialed: false)])
        _ = try await two.network.start()
        await one.untilConnected(to: two)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func whenBothDialExactlyOneConnectionIsLeft() async throws {
        let watch = Watch()
        let keys = try TestNode.newKeys()
        let (small, large) = (try await TestNode(watch, key: keys.smaller), try await TestNode(watch, key: keys.larger))
        async let first: Void = small.network.setPeers([large.asPeer(dialed: true)])
        async let second: Void = large.network.setPeers([small.asPeer(dialed: true)])
        _ = await (first, second)
        small.store.append(5, to: chart("a"), by: small.origin)
        large.store.append(5, to: chart("a"), by: large.origin)
        await small.untilHolding(10)
        await large.untilHolding(10)
        await watch.until {
            guard small.network.connections.count == 1, large.network.connections.count == 1 else { return false }
            let one = await small.network.status()[large.id]
            let other = await large.network.status()[small.id]
            return one?.isConnected == true && other?.isConnected == true && one?.direction != other?.direction
        }
        await small.network.stop()
        await large.network.stop()
    }

    /// The node with the larger id has the connection that it dialed replaced by one that the smaller one dials.
    @Test func theDialOfTheSmallerNodeTakesThePlaceOfTheOther() async throws {
        let watch = Watch()
        let keys = try TestNode.newKeys()
        let node = try await TestNode(watch, key: keys.larger)
        let small = try await TestNode(watch, key: keys.smaller)
        await small.network.setPeers([node.asPeer(dialed: false)])
        await node.network.setPeers([small.asPeer(dialed: true)])
        await node.untilConnected(to: small)
        let raw = try await RawPeer(keys.smaller, to: node)
        try await raw.sayHello()
        _ = try #require(await raw.line(of: "root"))
        await watch.until { watch.contains(.info, "this node closed the connection: replaced", "peer=\(small.id)") }
        await watch.until { await node.network.status()[small.id]?.direction == .accepted }
        await node.network.stop()
        await small.network.stop()
    }

    /// The node with the smaller id keeps what it dialed, and says so to who dials it.
    @Test func theDialOfTheLargerNodeIsTurnedAway() async throws {
        let watch = Watch()
        let keys = try TestNode.newKeys()
        let node = try await TestNode(watch, key: keys.smaller)
        let large = try await TestNode(watch, key: keys.larger)
        await large.network.setPeers([node.asPeer(dialed: false)])
        await node.network.setPeers([large.asPeer(dialed: true)])
        await node.untilConnected(to: large)
        let raw = try await RawPeer(keys.larger, to: node)
        let hello = try #require(await raw.line(of: "hello"))
        #expect(hello.contains("\(node.id)"))
        let error = try #require(await raw.line(of: "error"))
        #expect(error.contains("\"code\":\"replaced\""))
        #expect(await node.network.status()[large.id]?.direction == .dialed)
        await node.network.stop()
        await large.network.stop()
    }

    @Test func aNewConnectionInTheSameDirectionReplacesTheOlder() async throws {
        let node = try await TestNode(Watch())
        let key = try TestNode.newKey()
        await node.network.setPeers([PairedPeer(node: key.node, key: key.publicKey, address: nil)])
        let first = try await RawPeer(key, to: node)
        try await first.sayHello()
        _ = try #require(await first.line(of: "root"))
        let second = try await RawPeer(key, to: node)
        try await second.sayHello()
        _ = try #require(await second.line(of: "root"))
        let error = try #require(await first.line(of: "error"))
        #expect(error.contains("\"code\":\"replaced\""))
        await node.network.stop()
    }

    @Test func stoppingTwiceIsStopping() async throws {
        let node = try await TestNode(Watch())
        await node.network.stop()
        await node.network.stop()
        #expect(await node.network.boundAddress == nil)
    }
}
