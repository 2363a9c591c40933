import EventLog
import Logging
import NIOCore
import NIOPosix
import Replication

extension PeerNetwork {
    /// Beyond 1 MiB that waits to be sent, nothing more is read from storage or from the peer.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 256 * 1024, high: 1024 * 1024)

    // MARK: Making connections

    /// Sets up a connection that somebody opened.
    nonisolated func accept(_ channel: any Channel) throws {
        let address = channel.remoteAddress.map(Self.words) ?? "an unknown address"
        let identity = PeerIdentity()
        do {
            try setUp(channel, tls.serverHandler(identity, from: address), identity, address, nil)
        } catch OpenConnections.Refusal.full {
            logger.warning(
                "refused a peer at \(address): \(connections.mostAccepted) connections are open (peers.max_connections)"
            )
            throw OpenConnections.Refusal.full
        }
    }

    private nonisolated func setUp(
        _ channel: any Channel, _ handler: some ChannelHandler, _ identity: PeerIdentity, _ address: String, _ dial: Dial?
    ) throws {
        let connection = PeerConnection(setting, identity, address: address, dial: dial)
        try connections.add(PeerConnection.Handle(connection, channel), isAccepted: dial == nil)
        channel.closeFuture.whenComplete { [connections, logger] _ in
            connections.remove(channel, isAccepted: dial == nil)
            logger.debug("connection closed", metadata: ["address": "\(address)", "open": "\(connections.count)"])
        }
        try channel.pipeline.syncOperations.addHandler(handler, name: PeerTLS.handlerName)
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    /// Dials a peer, unless there is a connection or an attempt.
    func dial(_ node: NodeID) {
        guard isOnline, let peering = peerings[node], peering.link == nil, case .none = peering.attempt,
            let address = peering.peer.address
        else { return }
        dials += 1
        let dial = Dial(node: node, number: dials)
        peerings[node]?.attempt = .underWay(dial)
        logger.debug("dialing \(address)", metadata: ["peer": "\(node)"])
        Task {
            do {
                try await connect(to: address, dial)
            } catch {
                ended(nil, dial, .broken("nobody answers at \(address) (\(Self.words(error)))"))
            }
        }
    }

    private func connect(to address: PeerAddress, _ dial: Dial) async throws {
        // Handlers are added after the connect: a name with several addresses makes several attempts, and only one of them counts.
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: Self.waterMark)
            .connectTimeout(.seconds(10))
            .connect(host: address.host, port: address.port).get()
        let identity = PeerIdentity()
        do {
            try await channel.eventLoop.submit { [self] in
                let handler = try tls.clientHandler(identity, to: "\(address)", expected: dial.node)
                try setUp(channel, handler, identity, "\(address)", dial)
            }.get()
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    // MARK: What becomes of them

    /// Both sides are authenticated: one connection to each peer is kept, and a session begun on it.
    func identified(_ link: PeerLink) async {
        let node = link.peer.node
        guard isOnline, let peering = peerings[node], peering.peer.key == link.peer.key else {
            return link.stop(Message.WireError(.stopping, isOnline ? "no longer paired" : "the node goes off the network"))
        }
        // It may have ended before its beginning was heard of here.
        guard link.ending == nil else { return }
        if peering.isTrying(link.dial) { peerings[node]?.attempt = .none }
        if let older = peering.link {
            let mine = configuration.key.node
            guard
                Duplicates.replaces(
                    newIsDialed: link.isDialed, oldIsDialed: older.isDialed, dialsCount: mine < node, oldAge: older.age)
            else { return link.stop(Self.replaced) }
            older.stop(Self.replaced)
        }
        peerings[node]?.cancelDue()
        peerings[node]?.link = link
        linksChanged()
        do {
            // Registered first, asked for the offer after: what changes in between reaches the session.
            link.begin(try await policy.offer(to: node))
        } catch {
            logger.error("what a peer may have could not be read", metadata: ["peer": "\(node)", "error": "\(error)"])
            link.stop(Message.WireError(.storage, "the node cannot read its storage now"))
        }
    }

    private static let replaced = Message.WireError(.replaced, "another connection took this one's place")

    /// A connection is over, or an attempt has failed.
    func ended(_ link: PeerLink?, _ dial: Dial?, _ ending: Ending) {
        guard let node = link?.peer.node ?? dial?.node, var peering = peerings[node] else { return }
        let wasTrying = peering.isTrying(dial)
        let wasCurrent = link != nil && peering.link === link
        guard wasTrying || wasCurrent else { return }
        if wasTrying { peering.attempt = .none }
        if wasCurrent {
            peering.link = nil
            peering.since = clock().wall
            // A connection that got as far as a handshake was a good one, unless it is bound to end like that again.
            if link?.connectedSince != nil, !ending.isFault { peering.backoff.reset() }
        }
        peering.lastError = ending.text
        peerings[node] = peering
        linksChanged()
        redial(node)
    }

    private func redial(_ node: NodeID) {
        guard isOnline, var peering = peerings[node], peering.link == nil, case .none = peering.attempt,
            peering.peer.address != nil
        else { return }
        let delay = peering.backoff.next(random: random())
        let due = group.next().scheduleTask(in: .milliseconds(Int64(delay))) { _ = Task { await self.dialDue(node) } }
        peering.attempt = .due(due, at: clock().wall.advanced(byMilliseconds: delay))
        peerings[node] = peering
        logger.debug("dialing again in \(delay) ms", metadata: ["peer": "\(node)", "after": "\(peering.lastError ?? "")"])
    }

    private func dialDue(_ node: NodeID) {
        peerings[node]?.cancelDue()
        dial(node)
    }

    // MARK: Words

    /// An error of a connect or of a bind in words.
    static func words(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { words($0.error) } ?? "unknown host"
        }
        if let error = error as? ChannelError, case .connectTimeout = error { return "no answer within 10 s" }
        return Ending.words(for: error, talked: true, key: "")
    }

    /// An address as people write it.
    static func words(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return "\(PeerAddress(host: host, port: port))"
    }
}
