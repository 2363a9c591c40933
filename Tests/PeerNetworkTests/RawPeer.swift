import EventLog
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Replication

@testable import PeerNetwork

/// A peer that speaks TLS properly, and beyond that whatever a test makes it say.
struct RawPeer {
    /// What comes in: `.none` once the connection is closed.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var splitter = LineSplitter()
        private let lines: AsyncStream<[UInt8]>.Continuation
        private let ready: EventLoopPromise<Void>

        init(_ lines: AsyncStream<[UInt8]>.Continuation, _ ready: EventLoopPromise<Void>) {
            self.lines = lines
            self.ready = ready
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted? = event as? TLSUserEvent { ready.succeed() }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            for line in (try? splitter.feed(unwrapInboundIn(data).readableBytesView)) ?? [] { lines.yield(line) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { ready.fail(error) }

        func channelInactive(context: ChannelHandlerContext) {
            ready.fail(ChannelError.eof)
            lines.finish()
        }
    }

    let key: NodeKey
    let channel: any Channel
    private let lines: AsyncStream<[UInt8]>
    var id: NodeID { key.node }

    /// Connects, and waits for the end of the TLS handshake. Nothing is said yet.
    init(_ key: NodeKey, to node: TestNode) async throws {
        let pairings = Pairings()
        pairings.set([node.asPeer(dialed: true)])
        let tls = try PeerTLS(key, pairings: pairings, logger: Logger(label: "raw", factory: { _ in WatchedLog(Watch()) }))
        let (lines, continuation) = AsyncStream<[UInt8]>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: node.address.host, port: node.address.port).get()
        let ready = channel.eventLoop.makePromise(of: Void.self)
        try await channel.eventLoop.submit {
            let handler = try tls.clientHandler(PeerIdentity(), to: "test", expected: node.id)
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.pipeline.syncOperations.addHandler(Collector(continuation, ready))
        }.get()
        try await ready.futureResult.get()
        self.key = key
        self.channel = channel
        self.lines = lines
    }

    func send(_ line: [UInt8]) async throws {
        var buffer = channel.allocator.buffer(bytes: line)
        buffer.writeInteger(UInt8(ascii: "\n"))
        try await channel.writeAndFlush(buffer)
    }

    func send(_ message: String) async throws { try await send(Array(message.utf8)) }

    /// Begins to send, line feeds included, and does not wait: the other side may not be reading.
    func start(_ text: String) -> EventLoopFuture<Void> {
        let written = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(channel.allocator.buffer(string: text), promise: written)
        return written.futureResult
    }

    func sayHello(credit: Int = ReplicationLimits.creditBytes) async throws {
        try await send(
            """
            {"t":"hello","versions":[1,1],"features":[],"node":"\(id)","instance":"1","credit":\(credit),\
            "at":"2031-01-06T14:00:00.000Z"}
            """)
    }

    /// The next line that satisfies the condition; nil when the connection is closed before.
    func line(_ condition: (String) -> Bool) async -> String? {
        for await line in lines {
            let text = String(decoding: line, as: UTF8.self)
            if condition(text) { return text }
        }
        return nil
    }

    func line(of kind: String) async -> String? { await line { $0.contains("\"t\":\"\(kind)\"") } }

    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }
}

/// A client that speaks no TLS.
enum PlainClient {
    /// Connects and says something. The future is done when the other side has closed the connection.
    static func connect(to node: TestNode, saying text: String = "") async throws -> any Channel {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: node.address.host, port: node.address.port).get()
        if !text.isEmpty { try await channel.writeAndFlush(channel.allocator.buffer(string: text)) }
        return channel
    }
}
