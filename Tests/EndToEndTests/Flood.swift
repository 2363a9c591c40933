import EventLog
import Foundation
import Logging
import NIOCore
import NIOPosix
import Replication

@testable import PeerNetwork

/// A peer with a key that is paired, and no manners.
struct Flood {
    let key: NodeKey

    /// Shakes hands, and sends so many bytes without a line end. Returns when the other side has closed.
    func send(to peer: PairedPeer, bytes: Int) async throws {
        let pairings = Pairings()
        pairings.set([peer])
        let tls = try PeerTLS(key, pairings: pairings, logger: Logger(label: "flood") { _ in SwiftLogNoOpLogHandler() })
        guard let address = peer.address else { return }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        try tls.clientHandler(PeerIdentity(), to: "\(address)", expected: peer.node))
                    try channel.pipeline.syncOperations.addHandler(Swallow())
                }
            }
            .connect(host: address.host, port: address.port).get()
        for _ in 0..<bytes / 65_536 {
            var buffer = channel.allocator.buffer(capacity: 65_536)
            buffer.writeRepeatingByte(0x7B, count: 65_536)
            do {
                try await channel.writeAndFlush(buffer)
            } catch {
                break
            }
        }
        try await channel.closeFuture.get()
    }

    private final class Swallow: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
