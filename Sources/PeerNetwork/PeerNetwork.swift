public import EventLog
import Glibc
public import Logging
public import NIOCore
import NIOPosix
public import Replication
import Synchronization

/// The connections of a node: listens, dials, and keeps one session with each paired peer.
public actor PeerNetwork {
    /// What it is started with.
    public struct Configuration: Sendable {
        /// Identifies the node in TLS, until another key takes its place.
        public var key: NodeKey
        /// The node's present life, asked for at the begin of each session.
        public var instance: @Sendable () -> UInt64
        /// Where to listen.
        public var listen: PeerAddress
        /// Connections that others may open, those in a handshake included.
        public var maxConnections: Int
        /// A bound TCP socket that somebody hands over; goes before `listen`. It stays open when the node goes off the network.
        public var inherited: Int32?
        /// From a connection to the end of its TLS handshake.
        var handshakeTime = TimeAmount.milliseconds(Int64(ReplicationLimits.handshakeMilliseconds))

        /// What it is started with.
        public init(
            key: NodeKey, instance: @escaping @Sendable () -> UInt64, listen: PeerAddress, maxConnections: Int = 64,
            inherited: Int32? = nil
        ) {
            self.key = key
            self.instance = instance
            self.listen = listen
            self.maxConnections = maxConnections
            self.inherited = inherited
        }
    }

    let configuration: Configuration
    let policy: any SharingPolicy
    let clock: @Sendable () -> Moment
    let logger: Logger
    let group: any EventLoopGroup
    let random: @Sendable () -> Double
    nonisolated let connections: OpenConnections
    private nonisolated let identity: Mutex<(key: NodeKey, tls: PeerTLS)>
    private nonisolated let store: any ReplicaStore
    private nonisolated let pairings = Pairings()
    private nonisolated let notes = NoteHandler()
    /// The connections with peers, for whoever passes on what changed: one that waited for this actor would come later by that.
    private nonisolated let links = Mutex<[NodeID: PeerLink]>([:])
    private var listener: (any Channel)?
    private var listen: PeerAddress
    var isOnline = false
    var peerings: [NodeID: Peering] = [:]
    private var connected: (@Sendable (Set<NodeID>) -> Void)?
    var dials = 0

    /// A network that is not started.
    ///
    /// - Parameter random: from 0 to 1; spreads the attempts of nodes that lost each other at the same moment.
    public init(
        _ configuration: Configuration, store: any ReplicaStore, policy: any SharingPolicy,
        clock: @escaping @Sendable () -> Moment, logger: Logger, group: any EventLoopGroup,
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) throws {
        self.configuration = configuration
        self.store = store
        self.policy = policy
        self.clock = clock
        self.logger = logger
        self.group = group
        self.random = random
        listen = configuration.listen
        connections = OpenConnections(mostAccepted: configuration.maxConnections)
        identity = Mutex((configuration.key, try PeerTLS(configuration.key, pairings: pairings, logger: logger)))
    }

    nonisolated var tls: PeerTLS { identity.withLock { $0.tls } }

    /// Shows this key from now on, with the word of those before it. All sessions begin anew: those that run were authenticated by another.
    public func replaceKey(_ key: NodeKey) throws {
        let tls = try PeerTLS(key, pairings: pairings, logger: logger)
        identity.withLock { $0 = (key, tls) }
        for node in peerings.keys.sorted() {
            endSession(with: node, Message.WireError(.stopping, "the node has a new key"))
            reconnect(node)
        }
    }

    /// Whom to tell what happens in the sessions.
    public nonisolated func onNote(_ handler: @escaping @Sendable (NodeID, Session.Note) -> Void) {
        notes.handler.withLock { $0 = NoteHandler.Handler(call: handler) }
    }

    /// Whom to tell with which peers there is a session, whenever that changes.
    public func onConnected(_ handler: @escaping @Sendable (Set<NodeID>) -> Void) { connected = handler }

    /// To be called whenever a link begins or ends.
    func linksChanged() {
        let links = peerings.compactMapValues(\.link)
        self.links.withLock { $0 = links }
        connected?(Set(links.keys))
    }

    /// Whom to tell what peers show of their keys; before that nobody's new key is taken.
    public nonisolated func onKeys(_ changes: KeyChanges) { pairings.tell(changes) }

    // MARK: On and off the network

    /// Binds the listener and dials the peers. Returns where it listens.
    public func start() async throws -> PeerAddress {
        guard !isOnline else { return listen }
        isOnline = true
        connections.open()
        do {
            let channel = try await bind()
            // It may have been stopped in the meantime.
            guard isOnline else {
                try await channel.close()
                throw CancellationError()
            }
            listener = channel
            if configuration.inherited != nil, let host = channel.localAddress?.ipAddress { listen.host = host }
            listen.port = channel.localAddress?.port ?? listen.port
        } catch {
            isOnline = false
            _ = connections.close()
            throw error
        }
        for node in peerings.keys.sorted() { dial(node) }
        return listen
    }

    /// Where it listens; nil while it does not.
    public var boundAddress: PeerAddress? { listener == nil ? nil : listen }

    /// Takes the node off the network, or brings it back where it was.
    public func setOnline(_ online: Bool) async throws {
        if online { _ = try await start() } else { await stop() }
    }

    /// Tells the peers that the node goes down, and closes everything. A peer that takes no more bytes is given two seconds.
    public func stop() async {
        isOnline = false
        for node in peerings.keys { peerings[node]?.cancelDue() }
        let open = connections.close()
        if let listener {
            self.listener = nil
            await quietly { try await listener.close() }
        }
        for handle in open { handle.stop(Message.WireError(.stopping, "the node goes off the network")) }
        for handle in open { await quietly { try await handle.channel.closeFuture.get() } }
    }

    /// What is closed twice is closed.
    private func quietly(_ close: () async throws -> Void) async {
        do {
            try await close()
        } catch {
            logger.debug("closed already", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Peers

    /// The paired peers from now on. Those that are not among them any more are disconnected.
    ///
    /// - Parameters:
    ///   - revoked: nodes that are never talked to again.
    ///   - contested: nodes of which two keys claim to be the present one.
    public func setPeers(
        _ paired: [PairedPeer], revoked: [NodeID: Timestamp] = [:], contested: Set<NodeID> = []
    ) {
        pairings.set(paired, revoked: revoked, contested: contested)
        let wanted = Dictionary(paired.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        for (node, var peering) in peerings where wanted[node]?.key != peering.peer.key {
            // What was authenticated by another key than the one that holds now is over; an attempt under way may be what showed it.
            peering.link?.stop(Message.WireError(.stopping, wanted[node] == nil ? "no longer paired" : "the key was replaced"))
            if wanted[node] == nil {
                peering.cancelDue()
                peerings[node] = nil
            } else {
                peerings[node]?.link = nil
            }
        }
        linksChanged()
        for peer in paired where peerings[peer.node]?.peer != peer {
            peerings[peer.node, default: Peering(peer, since: clock().wall)].peer = peer
            reconnect(peer.node)
        }
    }

    /// Connections that others may open from now on. Those that are open stay.
    public nonisolated func bound(maxConnections: Int) { connections.bound(maxConnections) }

    /// Peers with a session.
    public nonisolated func connectedPeers() -> [NodeID] { links.withLock { $0.keys.sorted() } }

    /// How it stands with each paired peer.
    public func status() -> [NodeID: PeerStatus] {
        let now = clock()
        return peerings.mapValues { $0.status(at: now) }
    }

    /// Charts of a peer's offer have new events, joined it or left it.
    public nonisolated func offerChanged(_ offer: Offer, to node: NodeID) { link(node)?.take(.offerChanged(offer)) }

    /// The same will be said once the commit is durable that is on its way to the disk.
    public nonisolated func prepare(_ offer: Offer, for node: NodeID) { link(node)?.prepare(offer) }

    /// Ends the session with a peer, which begins another one.
    public nonisolated func endSession(with node: NodeID, _ reason: Message.WireError) { link(node)?.stop(reason) }

    /// Receipts or notices were stored that a peer may have.
    public nonisolated func statementsChanged(for node: NodeID) { link(node)?.take(.statementsChanged) }

    private nonisolated func link(_ node: NodeID) -> PeerLink? { links.withLock { $0[node] } }

    /// Dials a peer now, instead of when it is due.
    public func reconnect(_ node: NodeID) {
        peerings[node]?.backoff.reset()
        peerings[node]?.cancelDue()
        dial(node)
    }

    /// What a connection needs of this node, and whom it tells. Told from the event loop, so it may come out of order here; see
    /// ``identified(_:)``.
    nonisolated var setting: ConnectionSetting {
        ConnectionSetting(
            node: configuration.key.node, fingerprint: identity.withLock { $0.key.fingerprint }, instance: configuration.instance,
            store: store, clock: clock, logger: logger,
            handshakeTime: configuration.handshakeTime,
            identified: { link in Task { await self.identified(link) } },
            ended: { link, dial, ending in Task { await self.ended(link, dial, ending) } },
            noted: { [notes] node, note in notes.handler.withLock { $0 }?.call(node, note) })
    }

    private func bind() async throws -> any Channel {
        do {
            let bootstrap = ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.writeBufferWaterMark, value: Self.waterMark)
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture { try accept(channel) }
                }
            guard let inherited = configuration.inherited else {
                return try await bootstrap.bind(host: listen.host, port: listen.port).get()
            }
            return try await bootstrap.withBoundSocket(try Self.copy(inherited)).get()
        } catch {
            throw ListenError(address: listen, reason: Self.words(error))
        }
    }
}

extension PeerNetwork {
    /// A channel closes its socket; the one that was handed over is wanted again when the node comes back.
    private static func copy(_ descriptor: Int32) throws -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "the socket that was handed over cannot be used") }
        return copy
    }
}

/// The listener could not be bound.
public struct ListenError: Error, CustomStringConvertible {
    let address: PeerAddress
    let reason: String

    /// What, where, and why.
    public var description: String { "cannot await peers at \(address): \(reason)" }
}

/// Whom to tell what happens in the sessions.
private final class NoteHandler: Sendable {
    /// Not a function by itself: a mutex would wrap it once more with each look at it.
    struct Handler {
        let call: @Sendable (NodeID, Session.Note) -> Void
    }

    let handler = Mutex<Handler?>(nil)
}
