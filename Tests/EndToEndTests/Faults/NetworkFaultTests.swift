import CareModel
import DemoCase
import EventLog
import Foundation
import NIOCore
import NIOPosix
import NodeAPI
import Synchronization
import TestSupport
import Testing

/// Links that are slow, break in the middle of a line, or fall silent.
@Suite(.serialized, .enabled(if: Faults.areWanted, "real faults take minutes: make test-faults")) struct NetworkFaultTests {
    private let folder = Daemons.folder()

    @Test func aSlowLinkThatKeepsBreakingCatchesUp() async throws {
        let pair = try await Daemons.pair(in: folder)
        _ = try await pair.right.ask(SetOnlineRequest(online: false))
        let acknowledged = await pair.write(800, on: pair.left, "slow")
        let proxy = try await SlowProxy(to: pair.listening, seed: 51)
        try await pair.reconnect(over: proxy.address)
        _ = try await pair.right.ask(SetOnlineRequest(online: true))
        try await pair.right.wait(for: try await pair.left.clock(of: pair.chart), of: pair.chart)
        print("the proxy made \(proxy.cuts) cuts in \(proxy.connections) connections")
        #expect(proxy.cuts > 2)
        try await pair.verify(acknowledged, after: "a slow link, seed 51")
        pair.left.stop()
        pair.right.stop()
        try await proxy.close()
    }

    /// Two network namespaces: the cable is pulled, and nobody is told.
    @Test(.enabled(if: Faults.areRoot, "network namespaces need root")) func aPulledCableIsNoticedAndHeals() async throws {
        let name = "dl\(UInt16.random(in: 0...9999))"
        for side in ["a", "b"] { try Faults.tool(["ip", "netns", "add", name + side]) }
        defer { for side in ["a", "b"] { _ = try? Faults.tool(["ip", "netns", "del", name + side]) } }
        try Faults.tool([
            "ip", "link", "add", name + "0", "netns", name + "a", "type", "veth", "peer", "name", name + "1", "netns", name + "b",
        ])
        for (side, number) in [("a", 0), ("b", 1)] {
            try Faults.tool(["ip", "-n", name + side, "addr", "add", "10.213.7.\(number + 1)/24", "dev", "\(name)\(number)"])
            try Faults.tool(["ip", "-n", name + side, "link", "set", "\(name)\(number)", "up"])
            try Faults.tool(["ip", "-n", name + side, "link", "set", "lo", "up"])
        }
        let pair = try await Daemons.pair(in: folder) { node in
            let side = node == "left" ? ("a", "10.213.7.1") : ("b", "10.213.7.2")
            return Daemons.Place(prefix: ["ip", "netns", "exec", name + side.0], host: side.1)
        }
        var acknowledged = await pair.write(50, on: pair.left, "before")
        try await pair.settle()
        try Faults.tool(["ip", "-n", name + "b", "link", "set", name + "1", "down"])
        acknowledged.formUnion(await pair.write(400, on: pair.left, "cut off"))
        acknowledged.formUnion(await pair.write(100, on: pair.right, "cut off too"))
        try Faults.tool(["ip", "-n", name + "b", "link", "set", name + "1", "up"])
        try await pair.verify(acknowledged, after: "a pulled cable")
        pair.left.stop()
        pair.right.stop()
    }
}

/// A proxy that passes bytes on late, in small pieces, and cuts connections in the middle of them.
private final class SlowProxy: Sendable {
    let address: String
    private let listener: any Channel
    private let state: State

    final class State: @unchecked Sendable {
        private let lock = NSLock()
        private var random: SplitMix64
        private(set) var connections = 0
        private(set) var cuts = 0

        init(seed: UInt64) { random = SplitMix64(seed: seed) }

        func opened() { lock.withLock { connections += 1 } }

        /// How long a piece waits, and whether the connection ends with it.
        func next() -> (milliseconds: Int, isLast: Bool) {
            lock.withLock {
                let isLast = connections < 12 && random.oneIn(25)
                if isLast { cuts += 1 }
                return (Int.random(in: 0...12, using: &random), isLast)
            }
        }

        var counts: (Int, Int) { lock.withLock { (connections, cuts) } }
    }

    var connections: Int { state.counts.0 }
    var cuts: Int { state.counts.1 }

    init(to target: String, seed: UInt64) async throws {
        let state = State(seed: seed)
        self.state = state
        let parts = target.split(separator: ":")
        let (host, port) = (String(parts[0]), Int(parts[1]) ?? 0)
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                state.opened()
                return ClientBootstrap(group: channel.eventLoop)
                    .channelInitializer { other in
                        other.eventLoop.makeCompletedFuture {
                            try other.pipeline.syncOperations.addHandler(Passing(channel, state))
                        }
                    }
                    .connect(host: host, port: port).flatMapThrowing { other in
                        try channel.pipeline.syncOperations.addHandler(Passing(other, state))
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        address = "127.0.0.1:\(listener.localAddress?.port ?? 0)"
    }

    func close() async throws { try await listener.close() }

    private final class Passing: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let other: any Channel
        private let state: State
        /// Pieces leave in their order, each after a while of its own.
        private let due = Mutex(NIODeadline.now())

        init(_ other: any Channel, _ state: State) {
            self.other = other
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            let channel = context.channel
            while bytes.readableBytes > 0 {
                let next = state.next()
                // A piece ends anywhere, also in the middle of a line or of a TLS record.
                guard let piece = bytes.readSlice(length: min(bytes.readableBytes, 1500)) else { return }
                let time = due.withLock { due in
                    due = max(due, .now()) + .milliseconds(Int64(next.milliseconds))
                    return due
                }
                let other = other
                context.eventLoop.scheduleTask(deadline: time) {
                    other.writeAndFlush(piece, promise: nil)
                    if next.isLast {
                        other.close(promise: nil)
                        channel.close(promise: nil)
                    }
                }
                if next.isLast { return }
            }
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
