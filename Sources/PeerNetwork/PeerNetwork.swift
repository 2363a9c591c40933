public import EventLog
public import Logging
public import NIOCore
import NIOPosix
public import Replication
import Synchronization

/// The connections of a node: listens, dials, and keeps one session with each paired peer.
public actor PeerNetwork {
    /// What it is started with.
    public struct Configuration: Sendable {
        /// Identifies the node, in TLS and on signed heads.
        public var key: NodeKey
        /// The node's present life.
        public var instance: UInt64
        /// Where to listen.
        public var listen: PeerAddress
        /// Connections at most, those in a handshake included.
        public var maxConnections: Int

        /// What it is started with.
        public init(key: NodeKey, instance: UInt64, listen: PeerAddress, maxConnections: Int) {
            self.key = key
            self.instance = instance
            self.listen = listen
            self.maxConnections = maxConnections
        }
    }

    private let configuration: Configuration
    private let store: any ReplicaStore
    private let policy: any SharingPolicy
    private let clock: @Sendable () -> Moment
    private let logger: Logger
    private let group: any EventLoopGroup
    private let pairings = Pairings()
    private let tls: PeerTLS
    private let notes = NoteHandler()
    private let accepted = Mutex(0)
    private var listener: (any Channel)?
    private var listen: PeerAddress
    private var peers: [NodeID: PairedPeer] = [:]
    private var links: [NodeID: PeerLink] = [:]
    private var errors: [NodeID: String] = [:]
    private var dialers: [NodeID: Dialer] = [:]
    private var isOnline = false

    /// A network that is not started.
    public init(
        _ configuration: Configuration, store: any ReplicaStore, policy: any SharingPolicy,
        clock: @escaping @Sendable () -> Moment, logger: Logger, group: any EventLoopGroup
    ) throws {
        self.configuration = configuration
        self.store = store
        self.policy = policy
        self.clock = clock
        self.logger = logger
        self.group = group
        listen = configuration.listen
        tls = try PeerTLS(configuration.key, pairings: pairings, logger: logger)
    }

    /// Whom to tell what happens in the sessions.
    public nonisolated func onNote(_ handler: @escaping @Sendable (NodeID, Session.Note) -> Void) {
        notes.handler.withLock { $0 = handler }
    }

    // MARK: On and off the network

    /// Binds the listener. Returns where it listens.
    public func start() async throws -> PeerAddress {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 1024 * 1024))
            .childChannelInitializer { [self] channel in self.accept(channel) }
            .bind(host: listen.host, port: listen.port).get()
        listener = channel
        listen.port = channel.localAddress?.port ?? listen.port
        isOnline = true
        return listen
    }

    /// Where it listens; nil while it does not.
    public var boundAddress: PeerAddress? { listener == nil ? nil : listen }

    /// Takes the node off the network, or brings it back where it was.
    public func setOnline(_ online: Bool) async throws {
        guard online != isOnline else { return }
        if online {
            _ = try await start()
            for peer in peers.values { schedule(peer.node, after: .zero) }
        } else {
            await stop()
        }
    }

    /// Tells the peers that the node goes down, and closes everything.
    public func stop() async {
        isOnline = false
        for dialer in dialers.values { dialer.next?.cancel() }
        dialers = [:]
        try? await listener?.close()
        listener = nil
        let open = Array(links.values)
        for link in open { link.take(.stop(Message.WireError(.stopping, "the node goes off the network"))) }
        for link in open { try? await link.channel.closeFuture.get() }
    }

    // MARK: Peers

    /// The paired peers from now on. Those that are not among them any more are disconnected.
    public func setPeers(_ paired: [PairedPeer]) {
        pairings.set(paired)
        let before = peers
        peers = Dictionary(paired.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        for (node, link) in links where peers[node]?.key != link.peer.key {
            link.take(.stop(Message.WireError(.stopping, "no longer paired")))
        }
        for peer in paired where before[peer.node] != peer { schedule(peer.node, after: .zero) }
        for node in before.keys where peers[node] == nil {
            dialers.removeValue(forKey: node)?.next?.cancel()
            errors[node] = nil
        }
    }

    /// Peers with a session.
    public func connectedPeers() -> [NodeID] { links.keys.sorted() }

    /// How it stands with each paired peer.
    public func status() -> [NodeID: PeerStatus] {
        peers.mapValues { peer in
            PeerStatus(
                session: links[peer.node]?.status, lastError: errors[peer.node], isDialed: peer.address != nil)
        }
    }

    /// Charts of a peer's offer have new events, joined it or left it.
    public func offerChanged(_ offer: Offer, to node: NodeID) { links[node]?.take(.offerChanged(offer)) }

    /// Receipts or notices were stored.
    public func statementsChanged() {
        for link in links.values { link.take(.statementsChanged) }
    }

    /// Dials a peer now, instead of when it is due.
    public func reconnect(_ node: NodeID) {
        guard links[node] == nil else { return }
        schedule(node, after: .zero)
    }

    // MARK: Connections

    private nonisolated func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let address = channel.remoteAddress?.description ?? "an unknown address"
        let count = accepted.withLock { count in
            count += 1
            return count
        }
        channel.closeFuture.whenComplete { [self] _ in accepted.withLock { $0 -= 1 } }
        guard count <= configuration.maxConnections else {
            logger.warning(
                "refused a peer at \(address): \(configuration.maxConnections) connections are open (peers.max_connections)")
            return channel.close()
        }
        let identity = PeerIdentity()
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(tls.serverHandler(identity, from: address))
            try channel.pipeline.syncOperations.addHandler(connection(identity, address, isDialed: false))
        }
    }

    private nonisolated func connection(_ identity: PeerIdentity, _ address: String, isDialed: Bool) -> PeerConnection {
        PeerConnection(
            identity, address: address, isDialed: isDialed, store: store, clock: clock, logger: logger,
            events: PeerConnection.Events(
                identified: { link in Task { await self.identified(link) } },
                ended: { link, reason in Task { await self.ended(link, reason) } },
                noted: { [notes] node, note in notes.handler.withLock { $0 }?(node, note) }))
    }

    /// Both sides are authenticated. Of two connections to one peer, the one that the smaller id dialed is kept; a newer one of the same
    /// direction takes the older one's place, which may be half open.
    private func identified(_ link: PeerLink) async {
        let node = link.peer.node
        guard isOnline, peers[node]?.key == link.peer.key else { return link.channel.close(promise: nil) }
        if let other = links[node] {
            guard other.isDialed == link.isDialed || isPreferred(link) else {
                link.ending = "another connection to the same peer is open"
                return link.channel.close(promise: nil)
            }
            other.take(.stop(Message.WireError(.replaced, "another connection took this one's place")))
        }
        links[node] = link
        do {
            // Registered first, asked for the offer after: what changes in between reaches the session.
            let offer = try await policy.offer(to: node)
            link.begin(
                Session(
                    Session.Configuration(me: configuration.key.publicKey.node, instance: configuration.instance, peer: node),
                    offer: offer))
        } catch {
            link.ending = "storage failed"
            link.channel.close(promise: nil)
        }
    }

    private func isPreferred(_ link: PeerLink) -> Bool {
        link.isDialed == (configuration.key.publicKey.node < link.peer.node)
    }

    private func ended(_ link: PeerLink?, _ reason: String) {
        guard let link else { return }
        let node = link.peer.node
        guard links[node] === link else { return }
        links[node] = nil
        errors[node] = reason
        logger.info("connection ended: \(reason)", metadata: ["peer": "\(node)"])
        // A connection that got as far as a handshake was a good one: dial again soon.
        if link.status.version != nil { dialers[node]?.attempts = 0 }
        if isOnline, peers[node] != nil { schedule(node, after: dialers[node]?.delay ?? .milliseconds(200)) }
    }

    // MARK: Dialing

    private struct Dialer {
        var attempts = 0
        var next: Scheduled<Task<Void, Never>>?

        /// From 0.2 s, doubled with each failure, up to 30 s; spread, so that two nodes do not keep step.
        var delay: TimeAmount {
            let milliseconds = min(30_000, 200 << min(attempts, 8))
            return .milliseconds(Int64(milliseconds) * Int64.random(in: 75...125) / 100)
        }
    }

    private func schedule(_ node: NodeID, after delay: TimeAmount) {
        guard isOnline, let peer = peers[node], peer.address != nil else { return }
        var dialer = dialers[node] ?? Dialer()
        dialer.next?.cancel()
        dialer.next = group.next().scheduleTask(in: delay) { Task { await self.dial(node) } }
        dialers[node] = dialer
    }

    private func dial(_ node: NodeID) async {
        guard isOnline, links[node] == nil, let peer = peers[node], let address = peer.address else { return }
        dialers[node, default: Dialer()].attempts += 1
        logger.debug("dialing \(address)", metadata: ["peer": "\(node)"])
        let identity = PeerIdentity()
        do {
            let channel = try await ClientBootstrap(group: group)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 1024 * 1024))
                .connectTimeout(.seconds(10))
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try tls.clientHandler(identity, to: "\(address)", expected: peer.key)
                        try channel.pipeline.syncOperations.addHandler(handler)
                        try channel.pipeline.syncOperations.addHandler(connection(identity, "\(address)", isDialed: true))
                    }
                }
                .connect(host: address.host, port: address.port).get()
            channel.closeFuture.whenComplete { _ in Task { await self.dialed(node, identity) } }
        } catch {
            errors[node] = "nobody answers at \(address) (\(Self.words(error)))"
            schedule(node, after: dialers[node]?.delay ?? .seconds(1))
        }
    }

    /// A dialed connection is over. One that never got as far as a session is dialed again.
    private func dialed(_ node: NodeID, _ identity: PeerIdentity) {
        guard links[node] == nil else { return }
        if let refusal = identity.refusal { errors[node] = refusal }
        if isOnline, peers[node] != nil { schedule(node, after: dialers[node]?.delay ?? .seconds(1)) }
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { "\($0.error)" } ?? "unknown host"
        }
        return "\(error)"
    }
}

/// Whom to tell what happens in the sessions.
private final class NoteHandler: Sendable {
    let handler = Mutex<(@Sendable (NodeID, Session.Note) -> Void)?>(nil)
}
