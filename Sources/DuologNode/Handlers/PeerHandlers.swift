import CareModel
import EventLog
import LogStore
import NodeAPI
import PeerNetwork
import Replication

extension RunningNode {
    func addPeer(_ request: AddPeerRequest, _ caller: Caller) async throws -> PeerSummary {
        try await requireAdministrator(caller, "pair nodes")
        guard request.key.node != log.node else { throw NodeError(.usage, "that is this node's own key") }
        if let address = request.address, PeerAddress(address) == nil {
            throw NodeError(.usage, "'\(address)' is no address; write host:port")
        }
        let peer = Peer(request.key, name: request.label, address: request.address)
        do {
            try await log.pair(peer)
        } catch let error as LogStoreError where error.code == .revoked {
            throw NodeError(.permission, error.text)
        }
        try await journal.note(NodeChanged(what: .paired, detail: "\(peer.node) \(peer.key)"))
        try await refreshPeers()
        return try await summary(of: peer.node)
    }

    func revokePeer(_ request: RevokePeerRequest, _ caller: Caller) async throws -> RevokePeerRequest.Answer {
        try await requireAdministrator(caller, "revoke a peer's key")
        // Nothing more leaves for it from here on, whatever becomes of the charts.
        guard try await log.revoke(request.node) else { throw unknownPeer(request.node) }
        try await refreshPeers()
        try await journal.note(NodeChanged(what: .unpaired, detail: "\(request.node): revoked"))
        let when = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        var answer = RevokePeerRequest.Answer(removed: [], left_to_stewards: [])
        for entry in try await log.charts() {
            guard let members = try await log.stored(MembershipView.self, of: entry.chart)?.members,
                let lost = members.first(where: { $0.node == request.node && !$0.removed })
            else { continue }
            guard members.contains(where: { $0.node == log.node && !$0.removed && $0.scopes.contains(.steward) }) else {
                answer.left_to_stewards.append(entry.chart)
                continue
            }
            let removal = Draft(
                chart: entry.chart, saying: MemberRemoved(reason: request.reason, successor: nil), when: when,
                refs: .events(lost.decided_by), salt: SystemRandom.bytes(16))
            _ = try await writeAll([removal], request: "revoke \(request.node) \(entry.chart)")
            answer.removed.append(entry.chart)
        }
        return answer
    }

    func removePeer(_ request: RemovePeerRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "unpair nodes")
        guard try await log.unpair(request.node) else { throw unknownPeer(request.node) }
        try await journal.note(NodeChanged(what: .unpaired, detail: "\(request.node)"))
        try await refreshPeers()
        return Done()
    }

    func peerSummaries() async throws -> [PeerSummary] {
        let statuses = await network.status()
        return try await log.peers().map { peer in
            let status = statuses[peer.node]
            let stopped = peer.contested.map {
                "stopped: \(peer.key) and \($0) both claim to be its key; ask its people which is theirs, then: duolog peer add"
            }
            return PeerSummary(
                node: peer.node, name: peer.name, address: peer.address, key: peer.key,
                state: stopped ?? status?.words ?? "not connected", connected: status?.isConnected ?? false,
                in_step: status?.isInStep ?? false)
        }
    }

    func summary(of node: NodeID) async throws -> PeerSummary {
        guard let summary = try await peerSummaries().first(where: { $0.node == node }) else { throw unknownPeer(node) }
        return summary
    }

    func showPeer(_ request: ShowPeerRequest) async throws -> [PeerReport] {
        let summaries = try await peerSummaries()
        if let node = request.node, !summaries.contains(where: { $0.node == node }) { throw unknownPeer(node) }
        let statuses = await network.status()
        var reports: [PeerReport] = []
        for summary in summaries where request.node == nil || summary.node == request.node {
            reports.append(try await report(summary, statuses[summary.node]))
        }
        return reports
    }

    private func report(_ summary: PeerSummary, _ status: PeerStatus?) async throws -> PeerReport {
        let session = status.flatMap { $0.isConnected ? $0.session : nil }
        let unconfirmed = try await log.unconfirmed(by: summary.node, on: clock.today)
        let receipt = try await log.lastReceipt(of: summary.node)
        var (since, next): (Timestamp?, Timestamp?) = (nil, nil)
        switch status?.state {
        case .connected(let at): since = at
        case .disconnected(_, let at): next = at
        case .connecting, nil: break
        }
        return PeerReport(
            summary: summary, now: clock.now, connected_since: since, next_attempt: next,
            behind: session.map { PeerReport.Backlog(events: $0.toReceive, charts: $0.chartsToReceive) },
            ahead: session.map { PeerReport.Backlog(events: $0.toSend, charts: $0.chartsToSend) }
                ?? PeerReport.Backlog(events: unconfirmed.events, charts: unconfirmed.charts),
            received: session?.received ?? 0, sent: session?.sent ?? 0,
            received_per_second: status?.receivedPerSecond ?? 0, sent_per_second: status?.sentPerSecond ?? 0,
            last_receipt: receipt.map {
                PeerReport.LastReceipt(at: $0.at, chart: $0.chart, origin: $0.dot.origin, seq: $0.dot.seq)
            },
            clock_offset: session?.clockOffset, protocol_version: session?.version,
            refused_charts: session?.refusedCharts ?? 0,
            shared_charts: try await log.offer(to: summary.node, on: clock.today).charts.count, last_error: status?.lastError)
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
