import CareModel
import Dispatch
import EventLog
import LogStore
import Logging
import PeerNetwork
import Replication
import Synchronization

/// Passes commits on to the sessions, in their order: each is told what of it its peer may have.
///
/// A commit over few charts is passed on by the thread that made it: to wake another one would take longer. What takes longer is left to a
/// thread of its own, and so is whatever comes while that is not done.
final class Distribution: Sendable {
    private let log: LogStore
    private let network: PeerNetwork
    private let journal: Journal
    private let clock: NodeClock
    private let logger: Logger
    private let queue = DispatchQueue(label: "duolog.distribution")
    private let state = Mutex(State())

    private struct State {
        var waiting: [LogStore.Change] = []
        /// True while somebody passes on.
        var isUnderWay = false
    }

    init(log: LogStore, network: PeerNetwork, journal: Journal, clock: NodeClock, logger: Logger) {
        (self.log, self.network, self.journal, self.clock, self.logger) = (log, network, journal, clock, logger)
    }

    /// Called for one commit after another.
    func pass(on change: LogStore.Change) {
        let isTurn = state.withLock { state in
            guard !state.isUnderWay else {
                state.waiting.append(change)
                return false
            }
            state.isUnderWay = true
            return true
        }
        guard isTurn else { return }
        guard change.isSmall else { return queue.async { self.passOn(from: change) } }
        distribute(change)
        if let next = next() { queue.async { self.passOn(from: next) } }
    }

    private func passOn(from first: LogStore.Change) {
        var change: LogStore.Change? = first
        while let next = change {
            distribute(next)
            change = self.next()
        }
    }

    /// What to pass on next; where nothing waits, whoever comes next begins.
    private func next() -> LogStore.Change? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isUnderWay = false
            return nil
        }
    }

    private func distribute(_ change: LogStore.Change) {
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
        if change.statements { network.statementsChanged() }
        if !change.erased.isEmpty { noteErasure(change.erased) }
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

extension LogStore.Change {
    /// True where all that it means for a peer is read at a glance.
    fileprivate var isSmall: Bool { charts.count <= LogStore.chartsAtAGlance && !beganNewLife }
}
