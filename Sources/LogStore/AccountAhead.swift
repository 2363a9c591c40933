public import CareModel
public import EventLog
import Foundation
import GRDB
import Synchronization

/// Accounts of disclosures that stand in the commit of the events themselves.
///
/// What leaves is written down before. A peer that is connected, and was sent a chart to its end, gets what comes next in this chart at once:
/// so that it will is written down by the commit that stores it, and sending waits for no commit of its own. The journal says it a moment later
/// (``DisclosureJournal``).
final class AccountAhead: Sendable {
    private struct State {
        /// The charts that each connected peer follows.
        var followed: [NodeID: Set<ChartID>] = [:]
        /// What was written down and not sent yet.
        var open: [NodeID: [ChartID: DisclosureRecorded]] = [:]
    }

    private let state = Mutex(State())

    /// Who is connected from now on. What was written down for others and not sent is written down again when it is.
    func keep(_ connected: Set<NodeID>) {
        state.withLock { state in
            state.followed = state.followed.filter { connected.contains($0.key) }
            state.open = state.open.filter { connected.contains($0.key) }
            for peer in connected where state.followed[peer] == nil { state.followed[peer] = [] }
        }
    }

    /// A connected peer was sent a chart to its end.
    func follow(_ chart: ChartID, _ peer: NodeID) { _ = state.withLock { $0.followed[peer]?.insert(chart) } }

    /// The peers with whom there is a connection.
    var connected: [NodeID] { state.withLock { $0.followed.keys.sorted() } }

    /// Who follows a chart.
    func followers(of chart: ChartID) -> [NodeID] {
        state.withLock { state in state.followed.filter { $0.value.contains(chart) }.keys.sorted() }
    }

    /// Remembers what a commit has written down.
    func note(_ written: [DisclosureRecorded]) {
        guard !written.isEmpty else { return }
        state.withLock { state in
            for new in written where state.followed[new.peer] != nil {
                let old = state.open[new.peer]?[new.chart]
                state.open[new.peer, default: [:]][new.chart] = old?.followed(by: new) ?? new
            }
        }
    }

    /// True where all of a disclosure was written down, relying on the same consent; it counts as sent from then on.
    func take(_ disclosure: DisclosureRecorded) -> Bool {
        state.withLock { state in
            guard let open = state.open[disclosure.peer]?.removeValue(forKey: disclosure.chart),
                open.consent == disclosure.consent
            else { return false }
            guard disclosure.ranges.allSatisfy({ sent in open.ranges.contains { $0.contains(sent) } }) else { return false }
            let rest = open.ranges.flatMap { range in range.without(disclosure.ranges) }
            if !rest.isEmpty {
                state.open[disclosure.peer]?[disclosure.chart] = DisclosureRecorded(
                    peer: open.peer, chart: open.chart, ranges: rest, consent: open.consent,
                    events: rest.reduce(0) { $0 + $1.to - $1.from + 1 })
            }
            return true
        }
    }
}

extension DisclosureRecorded {
    /// Both as one, where they rely on the same consent; nil where they do not.
    fileprivate func followed(by later: DisclosureRecorded) -> DisclosureRecorded? {
        guard consent == later.consent else { return nil }
        var ranges = ranges
        for range in later.ranges { ranges.extend(with: range) }
        return DisclosureRecorded(peer: peer, chart: chart, ranges: ranges, consent: consent, events: events + later.events)
    }
}

extension DisclosureRecorded.Range {
    fileprivate func contains(_ other: Self) -> Bool { origin == other.origin && from <= other.from && other.to <= to }

    /// What is left of it beyond what was sent: chains are sent from their beginning on.
    fileprivate func without(_ sent: [Self]) -> [Self] {
        let last = sent.filter { $0.origin == origin && $0.from <= to && from <= $0.to }.map(\.to).max() ?? from - 1
        return last >= to ? [] : [Self(origin: origin, from: max(from, last + 1), to: to)]
    }
}

extension LogStore {
    /// The peers with whom there is a connection from now on.
    public func noteConnected(_ peers: Set<NodeID>) { ahead.keep(peers) }

    /// Notes that a connected peer is being sent all that there is of a chart.
    public func noteFollowed(_ chart: ChartID, by peer: NodeID) { ahead.follow(chart, peer) }

    /// True where a disclosure was written down already, with the events that it is of. It counts as sent then: the next time it is a new one.
    public func takeAccount(of disclosure: DisclosureRecorded) -> Bool { ahead.take(disclosure) }
}

extension Transaction {
    /// What the peers that follow these charts will be sent of this commit, chart by chart. Their shares are those at its end.
    ///
    /// - Returns: the lines that its end is to say of it; nil where there is nobody, or no journal.
    func accountAhead(_ charts: [[StoredEvent]]) throws -> [UInt8]? {
        guard store.disclosures.entry != nil else { return nil }
        let day = ClinicalTime(instant: store.configuration.clock(), offsetMinutes: 0).day
        for events in charts {
            guard let id = events.first?.row.event.envelope.chart else { continue }
            for peer in store.ahead.followers(of: id) {
                let sent = events.filter { $0.row.source?.node != peer }
                guard !sent.isEmpty, let share = try LogStore.share(of: id, with: peer, on: day, db) else { continue }
                var ranges: [DisclosureRecorded.Range] = []
                for event in sent { ranges.extend(with: event.row.event.envelope.dot) }
                let disclosure = DisclosureRecorded(
                    peer: peer, chart: id, ranges: ranges, consent: share.consent, events: sent.count)
                accounted.append(disclosure)
            }
        }
        guard !accounted.isEmpty else { return nil }
        return ArrivalChain.Account.lines(
            accounted.map { ArrivalChain.Account(peer: $0.peer, chart: $0.chart, consent: $0.consent) })
    }
}
