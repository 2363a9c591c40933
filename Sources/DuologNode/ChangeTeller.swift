import CareModel
import EventLog
import LogStore
import Logging
import PeerNetwork
import Replication

/// Tells the sessions of a commit: each what of it its peer may have.
struct ChangeTeller: Sendable {
    let log: LogStore
    let network: PeerNetwork
    let journal: Journal
    let clock: NodeClock
    let logger: Logger

    /// From now on, with every commit and before it.
    func begin() {
        let distribution = Distribution { tell($0) }
        log.anticipate { prepare($0) }
        log.observe { distribution.pass(on: $0) }
    }

    private func tell(_ change: LogStore.Change) {
        if change.beganNewLife {
            // A session of the earlier life has completed its root and never does so again: what is held would wait for ever.
            let reason = Message.WireError(.stopping, "the node has begun a new epoch")
            for peer in network.connectedPeers() { network.endSession(with: peer, reason) }
        } else if !change.charts.isEmpty {
            for peer in network.connectedPeers() {
                do {
                    network.offerChanged(try offer(change, to: peer), to: peer)
                } catch {
                    // The session would never learn of this change; the next one begins with all of them.
                    let reason = Message.WireError(.storage, "the node cannot read its storage now")
                    network.endSession(with: peer, reason)
                }
            }
        }
        for peer in network.connectedPeers() where change.hasStatements(for: peer) { network.statementsChanged(for: peer) }
        if !change.erased.isEmpty { noteErasure(change.erased) }
    }

    /// Lets the sessions get ready for a commit that is on its way to the disk.
    private func prepare(_ change: LogStore.Change) {
        for (peer, charts) in change.offers { network.prepare(Offer(charts: charts, arrival: change.arrival), for: peer) }
    }

    private func offer(_ change: LogStore.Change, to peer: NodeID) throws -> Offer {
        if let charts = change.offers[peer] { return Offer(charts: charts, arrival: change.arrival) }
        let (charts, arrival) = try log.offer(to: peer, on: clock.today, among: change.charts)
        return Offer(charts: charts, arrival: arrival)
    }

    /// An erasure that was carried out is written down, and passed on like any commit.
    private func noteErasure(_ erased: [EventHash]) {
        Task { [journal, logger] in
            do {
                let names = erased.prefix(8).map { "\($0)" }.joined(separator: " ")
                try await journal.note(NodeChanged(what: .erasureApplied, detail: "\(erased.count) bodies: \(names)"))
            } catch {
                logger.critical("an erasure could not be written down", metadata: ["error": "\(type(of: error))"])
            }
        }
    }
}
