import DemoCase
import EventLog
import Foundation
import NIOCore
import NIOPosix
import NodeAPI
import PeerNetwork
import Replication
import TestSupport
import Testing

/// What arrives at a daemon's port that should not.
@Suite(.serialized) struct HostilePeerTests {
    private let folder = Daemons.folder()

    /// Resident memory of a daemon, in KiB.
    private func memory(_ node: DemoNode) throws -> Int {
        let pid = try #require(node.pid)
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: { !$0.isNumber }).first ?? ""))
    }

    private func waitForLog(_ node: DemoNode, _ text: String) async throws {
        try await Daemons.wait("a line of the log with '\(text)'", of: node) { node.log.contains(text) }
    }

    /// The other peer is still served.
    private func expectUndisturbed(_ pair: Pair) async throws {
        _ = try await pair.record(pair.right, "side_effect.reported", #"{"severity":"mild","what":"still here"}"#)
        try await pair.settle()
        #expect(try await pair.left.ask(ListPeersRequest()).first { $0.name == "right" }?.connected == true)
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
    }

    @Test func garbageOnAPlainConnectionIsRefused() async throws {
        let pair = try await Daemons.pair(in: folder)
        let before = try memory(pair.left)
        let address = try #require(PeerAddress(pair.listening))
        for _ in 0..<20 {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: address.host, port: address.port).get()
            var buffer = channel.allocator.buffer(capacity: 64 * 1024)
            buffer.writeRepeatingByte(0x41, count: 64 * 1024)
            try? await channel.writeAndFlush(buffer)
            try await channel.closeFuture.get()
        }
        try await waitForLog(pair.left, "refused a peer at")
        try await waitForLog(pair.left, "TLS failed")
        #expect(try memory(pair.left) - before < 16 * 1024)
        try await expectUndisturbed(pair)
    }

    @Test func aForeignCertificateIsRefused() async throws {
        let pair = try await Daemons.pair(in: folder)
        let status = try await pair.left.ask(StatusRequest())
        let stranger = try Daemons.make("stranger", in: folder)
        try await stranger.start()
        _ = try await stranger.ask(AddPeerRequest(key: status.key, label: "left", address: pair.listening))
        let own = try await stranger.ask(StatusRequest()).key
        try await waitForLog(pair.left, "the key \(own) is not paired with this node")
        #expect(try await stranger.ask(ListPeersRequest()).first?.connected == false)
        try await expectUndisturbed(pair)
    }

    @Test func tenMegabytesWithoutALineEndAreCutOff() async throws {
        let pair = try await Daemons.pair(in: folder)
        // A paired peer of another make: it has a key and speaks TLS, and then sends one endless line.
        let (key, before) = (Writer.key(from: (0..<32).map { UInt8($0) }), try memory(pair.left))
        _ = try await pair.left.ask(AddPeerRequest(key: key.publicKey, label: "flood", address: nil))
        let status = try await pair.left.ask(StatusRequest())
        let flood = Flood(key: key)
        try await flood.send(
            to: PairedPeer(node: status.node, key: status.key, address: PeerAddress(pair.listening)),
            bytes: 10 * 1024 * 1024)
        try await waitForLog(pair.left, "line too long")
        #expect(try memory(pair.left) - before < 16 * 1024)
        try await expectUndisturbed(pair)
    }
}
