import EventLog
import Foundation
import Logging
import NIOCore
import NIOPosix
import Replication
import Synchronization

@testable import PeerNetwork

/// Stands between two daemons and keeps every byte that passes, as the daemons wrote it.
///
/// Nothing in a daemon helps it: a test owns the key files of both sides, and so it can be each of them to the other.
final class Interceptor: Sendable {
    /// One of the two daemons.
    struct End: Sendable {
        let name: String
        let key: NodeKey
        let address: String

        var asPeer: PairedPeer { PairedPeer(node: key.node, key: key.publicKey, address: PeerAddress(address)) }
    }

    /// What one side sent on one connection.
    struct Stream: Sendable {
        let from: String
        let to: String
        /// Whether TLS was taken off.
        let isPlain: Bool
        var bytes: [UInt8] = []

        var lines: [[UInt8]] { bytes.split(separator: 0x0A).map { Array($0) } }
    }

    private let kept = Mutex<[Stream]>([])

    /// All that was sent until now.
    var streams: [Stream] { kept.withLock { $0 } }

    /// Listens for the dialer in the place of the listener. Returns where.
    func listen(between dialer: End, and listener: End) async throws -> String {
        let (client, server) = (try tls(as: dialer, to: listener), try tls(as: listener, to: dialer))
        guard let target = PeerAddress(listener.address) else { throw ChannelError.unknownLocalAddress }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture {
                            let handler = try client.clientHandler(
                                PeerIdentity(), to: listener.address, expected: listener.key.node)
                            try self.setUp(far, handler, from: listener, to: dialer, passingTo: near)
                        }
                    }
                    .connect(host: target.host, port: target.port)
                    .flatMapThrowing { far in
                        let handler = server.serverHandler(PeerIdentity(), from: dialer.name)
                        try self.setUp(near, handler, from: dialer, to: listener, passingTo: far)
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return "127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    private func tls(as own: End, to other: End) throws -> PeerTLS {
        let pairings = Pairings()
        pairings.set([other.asPeer])
        return try PeerTLS(own.key, pairings: pairings, logger: Logger(label: "between") { _ in SwiftLogNoOpLogHandler() })
    }

    private func setUp(
        _ channel: any Channel, _ tls: some ChannelHandler, from: End, to: End, passingTo other: any Channel
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(Recorder(self, Stream(from: from.name, to: to.name, isPlain: false)))
        try pipeline.addHandler(tls)
        try pipeline.addHandler(Recorder(self, Stream(from: from.name, to: to.name, isPlain: true)))
        try pipeline.addHandler(Passing(to: other))
    }

    private final class Recorder: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let owner: Interceptor
        private let index: Int

        init(_ owner: Interceptor, _ stream: Stream) {
            self.owner = owner
            index = owner.kept.withLock {
                $0.append(stream)
                return $0.count - 1
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            owner.kept.withLock { $0[index].bytes.append(contentsOf: bytes) }
            context.fireChannelRead(data)
        }
    }

    private final class Passing: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let other: any Channel

        init(to other: any Channel) { self.other = other }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            other.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }
        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
