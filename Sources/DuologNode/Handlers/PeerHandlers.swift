import CareModel
import EventLog
import LogStore
import NodeAPI
import PeerNetwork
import Replication

extension RunningNode {
    func addPeer(_ request: AddPeerRequest, _ caller: Caller) async throws -> PeerSummary {
        try await requireAdministrator(caller, "pair nodes")
        guard request.key != key.publicKey else { throw NodeError(.usage, "that is this node's own key") }
        if let address = request.address, PeerAddress(address) == nil {
            throw NodeError(.usage, "'\(address)' is no address; write host:port")
        }
        let peer = Peer(node: request.key.node, key: request.key, name: request.label, address: request.address)
        try await log.pair(peer)
        try await journal.note(NodeChanged(what: .paired, detail: "\(peer.node) \(peer.key)"))
        await network.setPeers(try await pairedPeers())
        return try await summary(of: peer.node)
    }

    func removePeer(_ request: RemovePeerRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "unpair nodes")
        guard try await log.unpair(request.node) else { throw unknownPeer(request.node) }
        try await journal.note(NodeChanged(what: .unpaired, detail: "\(request.node)"))
        await network.setPeers(try await pairedPeers())
        return Done()
    }

    func peerSummaries() async throws -> [PeerSummary] {
        let statuses = await network.status()
        return try await log.peers().map { peer in
            let status = statuses[peer.node]
            return PeerSummary(
                node: peer.node, name: peer.name, address: peer.address, key: peer.key,
                state: status?.words ?? "not connected", connected: status?.isConnected ?? false,
                in_step: status?.isInStep ?? false)
        }
    }

    func summary(of node: NodeID) async throws -> PeerSummary {
        guard let summary = try await peerSummaries().first(where: { $0.node == node }) else { throw unknownPeer(node) }
        return summary
    }

    func showPeer(_ request: ShowPeerRequest) async throws -> ShowPeerRequest.Answer {
        let summary = try await summary(of: request.node)
        let status = await network.status()[request.node]
        let session = status?.session
        let shared = try await log.offer(to: request.node, on: clock.today).charts.count
        var words = ["\(summary.name) (\(summary.node)): \(summary.state)"]
        if let session, summary.connected {
            words.append(
                session.toReceive == 0
                    ? "nothing announced is missing here" : "\(session.toReceive) events announced and not here yet")
            words.append(
                session.peerIsUpToDate
                    ? "it was sent all that it may have" : "\(session.toSend) events asked for and not sent yet")
            if let offset = session.clockOffset, abs(offset) >= 60_000 {
                words.append("its clock is \(abs(offset) / 60_000) min \(offset > 0 ? "ahead of" : "behind") ours")
            }
        }
        words.append(shared == 0 ? "no chart is shared with it" : "\(shared) charts are shared with it")
        return ShowPeerRequest.Answer(
            summary: summary, behind: session?.toReceive ?? 0, ahead: session?.toSend ?? 0,
            received: session?.received ?? 0, sent: session?.sent ?? 0, clock_offset: session?.clockOffset,
            protocol_version: session?.version, refused_charts: session?.refusedCharts ?? 0, shared_charts: shared,
            words: words)
    }

    func syncPeer(_ request: SyncPeerRequest) async throws -> PeerSummary {
        _ = try await summary(of: request.node)
        await network.reconnect(request.node)
        let deadline = clock.moment.monotonic + max(0, min(request.seconds, 600)) * 1000
        while true {
            let summary = try await summary(of: request.node)
            if summary.in_step { return summary }
            guard clock.moment.monotonic < deadline else {
                throw NodeError(.unavailable, "not in step with \(summary.name) after \(request.seconds) s: \(summary.state)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func unknownPeer(_ node: NodeID) -> NodeError {
        NodeError(.notFound, "\(node) is not a paired peer; see: duolog peer list")
    }
}
