import EventLog
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Replication
import Synchronization

/// What the network knows of a connection, from any thread.
final class PeerLink: Sendable {
    let peer: PairedPeer
    let isDialed: Bool
    let channel: any Channel
    private let state = Mutex<(status: SessionStatus, ending: String?)>((SessionStatus(), nil))
    private let handler: NIOLoopBound<PeerConnection>

    init(peer: PairedPeer, isDialed: Bool, channel: any Channel, handler: NIOLoopBound<PeerConnection>) {
        self.peer = peer
        self.isDialed = isDialed
        self.channel = channel
        self.handler = handler
    }

    var status: SessionStatus {
        get { state.withLock { $0.status } }
        set { state.withLock { $0.status = newValue } }
    }

    /// Why the connection ended, in words.
    var ending: String? {
        get { state.withLock { $0.ending } }
        set { state.withLock { $0.ending = $0.ending ?? newValue } }
    }

    /// Begins the session, with what the peer may have.
    func begin(_ session: Session) {
        let handler = handler
        channel.eventLoop.execute { handler.value.begin(session) }
    }

    /// Hands the session something that happened.
    func take(_ input: Session.Input) {
        let handler = handler
        channel.eventLoop.execute { handler.value.take([input]) }
    }
}

/// One connection: owns the session on its event loop, and carries out what it directs.
final class PeerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a connection tells the network.
    struct Events: Sendable {
        var identified: @Sendable (PeerLink) -> Void
        var ended: @Sendable (PeerLink?, String) -> Void
        var noted: @Sendable (NodeID, Session.Note) -> Void
    }

    private let identity: PeerIdentity
    private let address: String
    private let isDialed: Bool
    private let store: any ReplicaStore
    private let clock: @Sendable () -> Moment
    private let logger: Logger
    private let events: Events
    private var context: ChannelHandlerContext?
    private var link: PeerLink?
    private var session: Session?
    private var splitter = LineSplitter()
    /// Inputs from before the session began.
    private var early: [Session.Input] = []
    private var requests: AsyncStream<StoreRequest>.Continuation?
    private var deadline: Scheduled<Void>?
    private var ticks: RepeatedTask?
    private var isClosing = false

    init(
        _ identity: PeerIdentity, address: String, isDialed: Bool, store: any ReplicaStore,
        clock: @escaping @Sendable () -> Moment, logger: Logger, events: Events
    ) {
        self.identity = identity
        self.address = address
        self.isDialed = isDialed
        self.store = store
        self.clock = clock
        self.logger = logger
        self.events = events
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: .milliseconds(Int64(ReplicationLimits.handshakeMilliseconds))) {
            loopBound.value.end("no TLS handshake within \(ReplicationLimits.handshakeMilliseconds / 1000) s")
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, let peer = identity.peer {
            deadline?.cancel()
            let link = PeerLink(
                peer: peer, isDialed: isDialed, channel: context.channel,
                handler: NIOLoopBound(self, eventLoop: context.eventLoop))
            self.link = link
            // Nothing more is read until the session has begun.
            setReading(false)
            events.identified(link)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        do {
            take(try splitter.feed(unwrapInboundIn(data).readableBytesView).map { .line($0) })
        } catch {
            take([.stop(Message.WireError(.limit, "\(error)"))])
        }
    }

    /// A peer that does not read what we send is not read from either: neither side's memory grows.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if session != nil { setReading(context.channel.isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(identity.peer == nil ? "the connection was closed before it said who it is" : "the peer closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(words(for: error)) }

    private func words(for error: any Error) -> String {
        if let refusal = identity.refusal { return refusal }
        if case NIOSSLError.uncleanShutdown? = error as? NIOSSLError { return "the peer went away" }
        if error is NIOSSLError || error is BoringSSLError {
            return session == nil || session?.status.version == nil
                ? "TLS failed (\(error)): it speaks no TLS 1.3, or does not know our key" : "TLS failed (\(error))"
        }
        return "\(error)"
    }

    private func setReading(_ isOn: Bool) {
        context?.channel.setOption(.autoRead, value: isOn).whenComplete { _ in }
    }

    // MARK: The session

    func begin(_ session: Session) {
        guard let context, !isClosing else { return }
        self.session = session
        let (stream, continuation) = AsyncStream<StoreRequest>.makeStream()
        requests = continuation
        let (store, peer, loop) = (store, session.configuration.peer, context.eventLoop)
        let loopBound = NIOLoopBound(self, eventLoop: loop)
        Task {
            for await request in stream {
                let answer = await store.answer(request, for: peer)
                loop.execute { loopBound.value.take([.answered(answer)]) }
            }
        }
        ticks = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in loopBound.value.take([.tick]) }
        setReading(true)
        let inputs = [.opened] + early
        early = []
        take(inputs)
    }

    /// Feeds inputs to the session and carries out what it directs, with one write for all of it.
    func take(_ inputs: [Session.Input]) {
        guard session != nil else {
            early.append(contentsOf: inputs)
            return
        }
        let now = clock()
        var lines: [[UInt8]] = []
        var ending: Message.WireError??
        for input in inputs {
            guard ending == nil, let directives = session?.handle(input, now: now) else { break }
            for directive in directives {
                switch directive {
                case .send(let line): lines.append(line)
                case .store(let request): requests?.yield(request)
                case .note(let note): if let link { events.noted(link.peer.node, note) }
                case .close(let reason): ending = .some(reason)
                }
            }
        }
        if let status = session?.status { link?.status = status }
        write(lines)
        if let ending { end(ending.map { "\($0.code.rawValue): \($0.text)" } ?? "closed") }
    }

    private func write(_ lines: [[UInt8]]) {
        guard let context, !lines.isEmpty, !isClosing else { return }
        var buffer = context.channel.allocator.buffer(capacity: lines.reduce(0) { $0 + $1.count + 1 })
        for line in lines {
            buffer.writeBytes(line)
            buffer.writeInteger(UInt8(0x0A))
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Closes once everything is written.
    private func end(_ reason: String) {
        guard !isClosing, let context else { return }
        isClosing = true
        link?.ending = reason
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // A peer that takes no more bytes must not keep the connection open.
        context.eventLoop.scheduleTask(in: .seconds(2)) { loopBound.value.close(mode: .all, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(capacity: 0)))
            .whenComplete { _ in loopBound.value.close(mode: .all, promise: nil) }
        if link == nil, identity.refusal == nil { logger.warning("refused a peer at \(address): \(reason)") }
        finish(reason)
    }

    private func finish(_ reason: String) {
        deadline?.cancel()
        ticks?.cancel()
        requests?.finish()
        guard context != nil else { return }
        if link == nil, !isClosing, identity.refusal == nil {
            logger.info("a connection from \(address) ended: \(reason)")
        }
        isClosing = true
        context = nil
        events.ended(link, link?.ending ?? reason)
    }
}
