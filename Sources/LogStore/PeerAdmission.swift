public import CareModel
public import EventLog
import Foundation
import GRDB

/// Events of one chart that came from a peer.
public struct IncomingRun: Sendable {
    /// The chart.
    public var chart: ChartID
    /// Both lines of each event; no second line where the body is absent.
    public var events: [(envelope: [UInt8], body: [UInt8]?)]
    /// Signed heads that are said to cover them.
    public var heads: [SignedHead]

    /// Events and heads.
    public init(chart: ChartID, events: [(envelope: [UInt8], body: [UInt8]?)], heads: [SignedHead]) {
        self.chart = chart
        self.events = events
        self.heads = heads
    }

    var byteCount: Int { events.reduce(0) { $0 + $1.envelope.count + ($1.body?.count ?? 0) } }
}

/// What became of runs from a peer.
public struct AdmissionOutcome: Sendable {
    /// Charts that were left out.
    public internal(set) var refused: [(chart: ChartID, refusal: RunRefusal)] = []
    /// This node's receipts for what was stored.
    public internal(set) var receipts: [Receipt] = []
    /// Events that were new here.
    public internal(set) var newEvents = 0
    /// Which these are, by chart.
    public internal(set) var received: [(chart: ChartID, events: Int, ranges: [DisclosureRecorded.Range])] = []
    /// True when an event of this node's present origin came that it had not written.
    public internal(set) var drewNewEpoch = false
}

extension LogStore {
    /// Stores runs that came from a peer, in one transaction, with the root that they complete. A chart that cannot be admitted is left
    /// out and named; the others are stored.
    ///
    /// - Parameter noting: what the same transaction writes down about it.
    public func admit(
        _ runs: [IncomingRun], from peer: NodeID, completing root: EventHash?, buckets: [Int: UInt64],
        noting: @escaping @Sendable (AdmissionOutcome) -> [Draft] = { _ in [] }
    ) async throws -> AdmissionOutcome {
        try await write(weight: runs.reduce(1024) { $0 + $1.byteCount }) { transaction in
            let source = try transaction.peerID(peer)
            var outcome = AdmissionOutcome()
            for run in runs {
                do {
                    try transaction.admit(run, from: peer, source: source, &outcome)
                } catch let refusal as RunRefusal {
                    outcome.refused.append((run.chart, refusal))
                }
            }
            for draft in noting(outcome) { _ = try transaction.author(draft) }
            if outcome.refused.isEmpty, let root { try transaction.complete(root, buckets, peer: source) }
            return outcome
        }
    }
}

extension Transaction {
    fileprivate func admit(_ run: IncomingRun, from peer: NodeID, source: Int64, _ outcome: inout AdmissionOutcome) throws {
        let known = try chartID(run.chart)
        let chart = try known ?? createChart(run.chart, isLocal: false)
        let admitted: [(event: Event, position: Int)]
        do {
            let events = withoutErased(run.events)
            admitted = try withRecord(chart) { try $0.admit(events, vouchedForBy: run.heads, from: peer) }
        } catch {
            try forget(chart, isNew: known == nil)
            throw error
        }
        let record = try record(chart)
        let heads = Dictionary(run.heads.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        var last: [Origin: Event] = [:]
        for (event, position) in admitted {
            try insert(event, verdict: record.verdict(on: position), chart: chart, source: (source, peer))
            if let head = heads[event.hash] { try insert(head) }
            last[event.envelope.origin] = event
        }
        try applyErasures(admitted.map(\.event), to: chart)
        outcome.newEvents += admitted.count
        if !admitted.isEmpty {
            var ranges: [DisclosureRecorded.Range] = []
            for (event, _) in admitted { ranges.extend(with: event.envelope.dot) }
            outcome.received.append((run.chart, admitted.count, ranges))
        }
        // A chart that was opened for a key that has been replaced since.
        try sayKeys(in: chart)
        for (origin, event) in last.sorted(by: { $0.key < $1.key }) {
            if origin.node == store.node {
                if origin.epoch == state.counters.epoch {
                    try drawEpoch(.foreignEvent, peer: peer)
                    outcome.drewNewEpoch = true
                }
                try noteReadBack(admitted.count { $0.event.envelope.origin == origin })
                continue
            }
            let receipt = try Receipt(
                signing: key, instance: state.counters.instance, chart: run.chart,
                dot: event.envelope.dot, hash: event.hash, at: store.configuration.clock())
            try insert(receipt, chart: chart)
            outcome.receipts.append(receipt)
        }
    }
}
