import Foundation
import NIOCore
import NIOPosix
public import NodeAPI
import Replication

/// The caller's end of the socket.
public enum NodeClient {
    /// Connects, hands the connection to `body`, and closes it.
    public static func with<Value: Sendable>(
        socket path: String, _ body: @Sendable (Connection) async throws -> Value
    ) async throws -> Value {
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw NodeError(.unavailable, "no daemon answers at \(path); start it with: duolog serve")
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(Connection(path: path, inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }

    /// A connection: requests are answered in order.
    public actor Connection {
        private let path: String
        private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private var splitter = LineSplitter(limit: NodeWire.lineBytes)
        private var lines: [[UInt8]] = []

        init(
            path: String, inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
            outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.path = path
            self.inbound = inbound
            self.outbound = outbound
        }

        /// Sends a request and waits for its answer.
        public func send<Request: NodeRequest>(_ request: Request) async throws -> Request.Answer {
            var buffer = ByteBuffer(bytes: try NodeWire.line(request))
            buffer.writeInteger(UInt8(0x0A))
            do {
                try await outbound.write(buffer)
            } catch {
                throw lost
            }
            return try NodeWire.answer(to: Request.self, from: try await nextLine())
        }

        private func nextLine() async throws -> [UInt8] {
            while lines.isEmpty {
                var iterator = inbound
                guard let buffer = try? await iterator.next(isolation: self) else { throw lost }
                inbound = iterator
                lines.append(contentsOf: try splitter.feed(buffer.readableBytesView))
            }
            return lines.removeFirst()
        }

        private var lost: NodeError {
            NodeError(
                .unavailable, "the daemon at \(path) went away before it answered; repeat the command with the same --request-id")
        }
    }
}
