import EventLog
import Foundation
import Glibc
import Logging
import NIOCore
import NIOPosix
import NodeAPI
import Replication

/// The command line's socket: one request a line, one answer a line, in order. The kernel tells who calls.
final class SocketServer: Sendable {
    private let router: Router
    private let path: String
    private let logger: Logger
    private let channel: any Channel
    private let isInherited: Bool

    /// Binds the socket. One that an earlier daemon left behind is taken over: the log's lock keeps a second daemon away.
    ///
    /// - Parameter inherited: a bound socket that somebody hands over, who also sees to its path and mode.
    init(_ router: Router, path: String, inherited: Int32?, logger: Logger) async throws {
        self.router = router
        self.path = path
        self.logger = logger
        isInherited = inherited != nil
        if !isInherited { unlink(path) }
        do {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(SocketHandler(router))
                    }
                }
            if let inherited {
                channel = try await bootstrap.withBoundSocket(inherited).get()
            } else {
                channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            }
        } catch {
            throw NodeError(.io, "cannot bind \(path): \(error)")
        }
        // Everybody on the machine may connect; what they may do is decided by their user id.
        if !isInherited { chmod(path, 0o666) }
    }

    func close() async {
        try? await channel.close()
        if !isInherited { unlink(path) }
    }
}

/// `struct ucred` of Linux, which Glibc's module leaves out.
private struct PeerCredentials: Sendable {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
}

/// One caller's connection.
private final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let router: Router
    private var splitter = LineSplitter(limit: NodeWire.lineBytes)
    private var waiting: [[UInt8]] = []
    private var isAnswering = false
    private var caller: Caller?

    init(_ router: Router) { self.router = router }

    func channelActive(context: ChannelHandlerContext) {
        guard let provider = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
        credentials.hop(to: context.eventLoop).whenComplete { result in
            let (handler, context) = loopBound.value
            guard case .success(let peer) = result else { return context.close(promise: nil) }
            handler.caller = Caller(uid: peer.uid, isAdministrator: peer.uid == 0 || peer.uid == geteuid())
            handler.answerNext(context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            waiting.append(contentsOf: try splitter.feed(unwrapInboundIn(data).readableBytesView))
        } catch {
            write(NodeWire.line(error: NodeError(.usage, "a request line is too long")), context)
            return context.close(promise: nil)
        }
        answerNext(context)
    }

    private func answerNext(_ context: ChannelHandlerContext) {
        guard !isAnswering, !waiting.isEmpty, let caller else { return }
        isAnswering = true
        let line = waiting.removeFirst()
        let (router, loop) = (router, context.eventLoop)
        let loopBound = NIOLoopBound((self, context), eventLoop: loop)
        Task {
            let answer = await router.answer(line, from: caller)
            loop.execute {
                let (handler, context) = loopBound.value
                handler.isAnswering = false
                handler.write(answer, context)
                handler.answerNext(context)
            }
        }
    }

    private func write(_ line: [UInt8], _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: line.count + 1)
        buffer.writeBytes(line)
        buffer.writeInteger(UInt8(0x0A))
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
