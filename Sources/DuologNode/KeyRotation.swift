import CareModel
import Crypto
import EventLog
import LogStore
import Logging
import NodeAPI
import PeerNetwork
import Replication

/// The node's own key, and what peers show of theirs.
extension RunningNode {
    /// What this node's people tell others of its key.
    func showKey() async throws -> KeyReport {
        let last = key.keys.successions.last
        let summaries = try await peerSummaries()
        let statuses = await network.status()
        return KeyReport(
            node: log.node, key: key.publicKey, fingerprint: key.fingerprint, since: last?.at,
            replaced: key.keys.successions.map { KeyReport.Replaced(key: $0.old, at: $0.at) },
            peers: summaries.map { peer in
                var hasSeen = last == nil
                if let last, case .connected(let since)? = statuses[peer.node]?.state, since >= last.at { hasSeen = true }
                return KeyReport.Peer(node: peer.node, name: peer.name, follows: hasSeen)
            })
    }

    /// Makes a new key, has the old one sign for it, and shows it from now on. The file comes first: whatever happens after that, the next
    /// start goes on with the new key.
    func rotateKey(_ request: RotateKeyRequest, _ caller: Caller) async throws -> RotateKeyRequest.Answer {
        try await requireAdministrator(caller, "rotate the node's key")
        guard !isRotating else { throw NodeError(.unavailable, "the key is being rotated already") }
        isRotating = true
        defer { isRotating = false }
        let old = key
        guard let next = try old.succeeded(by: Curve25519.Signing.PrivateKey(), at: clock.now) else {
            throw NodeError(.usage, "this node has had \(NodeKeys.limit + 1) keys; it takes no more")
        }
        do {
            try folder.replaceNodeKey(next)
        } catch let error as StateFolderError {
            throw NodeError(.io, error.description)
        }
        let charts = try await log.rotate(to: next)
        try await journal.note(NodeChanged(what: .keyRotated, detail: "\(log.node) from \(old.publicKey) to \(next.publicKey)"))
        logger.notice("the node's key was rotated from \(old.publicKey) to \(next.publicKey)")
        try await network.replaceKey(next)
        try await waitForPeers(seconds: request.seconds)
        return RotateKeyRequest.Answer(old: old.publicKey, charts: charts, report: try await showKey())
    }

    /// Those that can be reached follow within a moment; the others when they come.
    private func waitForPeers(seconds: Int) async throws {
        let deadline = clock.moment.monotonic + max(0, min(seconds, 600)) * 1000
        while clock.moment.monotonic < deadline {
            if try await showKey().peers.allSatisfy(\.follows) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: Peers' keys

    /// The network's peers from now on are those of the log.
    func refreshPeers() async throws { try await Self.refreshPeers(log, network) }

    private static func refreshPeers(_ log: LogStore, _ network: PeerNetwork) async throws {
        let peers = try await log.peers()
        let paired = peers.filter { $0.contested == nil }.map { peer in
            PairedPeer(node: peer.node, key: peer.key, keys: peer.keys, address: peer.address.flatMap { PeerAddress($0) })
        }
        await network.setPeers(
            paired, revoked: try await log.revokedNodes(), contested: Set(peers.filter { $0.contested != nil }.map(\.node)))
    }

    /// What peers show of their keys is stored before anything else is said to them.
    nonisolated func keyChanges() -> KeyChanges {
        let (log, network, journal, logger) = (log, network, journal, logger)
        return KeyChanges(
            follow: { node, keys in
                do {
                    try await log.follow(node, keys)
                    try await journal.note(NodeChanged(what: .keyRotated, detail: "\(node) to \(keys.present)"))
                    try await Self.refreshPeers(log, network)
                    logger.notice("node \(node) has a new key, \(keys.present): the one before signed that it has")
                    return true
                } catch {
                    logger.error("the new key of node \(node) could not be stored", metadata: ["type": "\(type(of: error))"])
                    return false
                }
            },
            contest: { node, key in
                do {
                    guard try await log.contest(node, key) else { return }
                    try await journal.note(
                        NodeChanged(what: .unpaired, detail: "\(node): two keys claim to be its key, one is \(key)"))
                    try await Self.refreshPeers(log, network)
                    logger.critical(
                        "two keys claim to be that of node \(node); nothing is exchanged with it until its people say which is theirs: duolog doctor"
                    )
                } catch {
                    logger.critical("a contested key could not be stored", metadata: ["type": "\(type(of: error))"])
                }
            })
    }
}

extension Peer {
    /// The keys that a chart is told of this peer.
    var shownKeys: NodeKeys {
        get throws {
            guard let keys else {
                throw NodeError(
                    .unavailable,
                    "\(name) has not connected since it was paired, and its key is not its first: it has yet to show how it came by it. Try again once it has: duolog peer sync \(node)"
                )
            }
            return keys
        }
    }
}
