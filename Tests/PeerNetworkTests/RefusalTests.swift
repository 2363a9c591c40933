import EventLog
import Logging
import NIOCore
import Replication
import Testing

@testable import PeerNetwork

@Suite("Who is refused", .timeLimit(.minutes(10)))
struct RefusalTests {
    @Test func aForeignCertificateIsRefusedDuringTheHandshake() async throws {
        let watch = Watch()
        let (node, foreign) = (try await TestNode(watch), try await TestNode(watch))
        await foreign.network.setPeers([node.asPeer(dialed: true)])
        let fingerprint = "\(foreign.key.publicKey)"
        await watch.until { watch.contains(.warning, "refused a peer at 127.0.0.1:", fingerprint, "duolog peer add --key") }
        await watch.until { await foreign.network.status()[node.id]?.lastError != nil }
        let error = try #require(await foreign.network.status()[node.id]?.lastError)
        #expect(error.contains("duolog peer add --key \(fingerprint)"))
        #expect(node.network.connectedPeers() == [])
        await foreign.network.stop()
        await node.network.stop()
    }

    @Test func aNodeWithAnotherKeyThanThePairedOneIsRefused() async throws {
        let watch = Watch()
        let (node, other) = (try await TestNode(watch), try await TestNode(watch))
        let expected = try TestNode.newKey().publicKey
        await node.network.setPeers([PairedPeer(node: NodeID(of: expected), key: expected, address: other.address)])
        await watch.until { watch.contains(.warning, "\(other.key.publicKey)", "paired as \(NodeID(of: expected))") }
        await node.network.stop()
        await other.network.stop()
    }

    @Test func whoSpeaksNoTLSIsRefused() async throws {
        let node = try await TestNode(Watch())
        let client = try await PlainClient.connect(to: node, saying: "GET / HTTP/1.1\r\nHost: example\r\n\r\n")
        try await client.closeFuture.get()
        await node.watch.until { node.watch.contains(.warning, "refused a peer at 127.0.0.1:", "TLS failed") }
        await node.network.stop()
    }

    @Test func whoSaysNothingIsGivenATimeOnly() async throws {
        let node = try await TestNode(Watch()) { $0.handshakeTime = .milliseconds(50) }
        let client = try await PlainClient.connect(to: node)
        try await client.closeFuture.get()
        await node.watch.until { node.watch.contains(.warning, "refused a peer at", "no TLS handshake within 50 ms") }
        await node.network.stop()
    }

    @Test func connectionsAreCounted() async throws {
        let node = try await TestNode(Watch()) {
            $0.maxConnections = 2
            // On a busy machine the third may take longer than an honest peer would.
            $0.handshakeTime = .hours(1)
        }
        let first = try await PlainClient.connect(to: node)
        let second = try await PlainClient.connect(to: node)
        let third = try await PlainClient.connect(to: node)
        try await third.closeFuture.get()
        #expect(node.watch.contains(.warning, "refused a peer at", "2 connections are open"))
        #expect(first.isActive && second.isActive)
        // One that goes makes room again.
        try await first.close()
        await node.watch.until { node.watch.contains(.debug, "connection closed", "open=1") }
        let fourth = try await PlainClient.connect(to: node, saying: "nonsense\r\n")
        try await fourth.closeFuture.get()
        await node.watch.until { node.watch.contains(.warning, "refused a peer at", "TLS failed") }
        await node.network.stop()
    }

    @Test func anUnpairedPeerIsDisconnectedAndRefusedFromThenOn() async throws {
        let watch = Watch()
        let (one, two) = (try await TestNode(watch), try await TestNode(watch))
        await two.network.setPeers([one.asPeer(dialed: false)])
        await one.network.setPeers([two.asPeer(dialed: true)])
        await two.untilConnected(to: one)
        await one.untilConnected(to: two)
        await two.network.setPeers([])
        await watch.until { watch.contains(.info, "the peer closed the connection: stopping: no longer paired") }
        // It dials again by itself, and is refused before a session begins.
        await watch.until { watch.contains(.warning, "refused a peer", "\(one.key.publicKey)") }
        #expect(await two.network.status().isEmpty)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func anAddressThatIsTakenIsNamed() async throws {
        let node = try await TestNode(Watch())
        await #expect { try await TestNode(Watch()) { $0.listen = node.address } } throws: { error in
            "\(error)" == "cannot await peers at \(node.address): Address already in use"
        }
        await node.network.stop()
    }
}
