public import CareModel
public import EventLog
import Foundation
import GRDB

/// Events of one chart that came from a peer.
public struct IncomingRun: Sendable {
    /// The chart.
    public var chart: ChartID
    /// The events, or what is wrong with the lines that should be one.
    public var events: [Result<Event, FormatError>]
    /// Signed heads that are said to cover them.
    public var heads: [SignedHead]

    /// Events and heads.
    public init(chart: ChartID, events: [Result<Event, FormatError>], heads: [SignedHead]) {
        self.chart = chart
        self.events = events
        self.heads = heads
    }
}

/// What came from a peer to be stored as one.
public struct IncomingBatch: Sendable {
    /// Its events by chart.
    public var runs: [IncomingRun]
    /// Bytes of all lines, as far as is known: a commit of many stays small.
    public var bytes: Int
    /// The sender's root, where the batch completes it,
    public var root: EventHash?
    /// and the buckets under it that changed.
    public var buckets: [Int: UInt64]

    /// Runs, and what they complete.
    public init(runs: [IncomingRun], bytes: Int = 0, root: EventHash? = nil, buckets: [Int: UInt64] = [:]) {
        (self.runs, self.bytes, self.root, self.buckets) = (runs, bytes, root, buckets)
    }
}

/// What became of a batch from a peer.
public struct AdmissionOutcome: Sendable {
    /// Charts that were left out.
    public internal(set) var refused: [(chart: ChartID, refusal: RunRefusal)] = []
    /// Events that were new here.
    public internal(set) var newEvents = 0
    /// True when an event of this node's present origin came that it had not written.
    public internal(set) var drewNewEpoch = false
}

extension LogStore {
    /// Stores batches that came from a peer one after another, all in one transaction, each with the root that it completes. A chart that cannot
    /// be admitted is left out of its batch and named; the others are stored.
    public func admit(_ batches: [IncomingBatch], from peer: NodeID) async throws -> [AdmissionOutcome] {
        try await beginAdmission(of: batches, from: peer)()
    }

    /// The same, and returns once they have their place: what is handed over later is decided on later.
    ///
    /// - Returns: what became of them, once that is durable; to be asked once.
    public func beginAdmission(
        of batches: [IncomingBatch], from peer: NodeID
    ) -> @Sendable () async throws -> [AdmissionOutcome] {
        let weight = batches.reduce(1024) { $0 + $1.bytes }
        let queued = enqueue(weight: weight) { try $0.admit(batches, from: peer) }
        return { try await queued.value() }
    }
}

extension Transaction {
    fileprivate func admit(_ batches: [IncomingBatch], from peer: NodeID) throws -> [AdmissionOutcome] {
        let source = try peerID(peer)
        var charts = try charts(of: batches.flatMap(\.runs))
        var outcomes: [AdmissionOutcome] = []
        var receipts: [(receipt: Receipt, chart: Int64)] = []
        for batch in batches {
            var outcome = AdmissionOutcome()
            for run in batch.runs {
                do {
                    receipts += try admit(run, from: peer, source: source, &charts, &outcome)
                } catch let refusal as RunRefusal {
                    outcome.refused.append((run.chart, refusal))
                }
            }
            outcomes.append(outcome)
        }
        for (receipt, chart) in receipts { try insert(receipt, chart: chart) }
        for (batch, outcome) in zip(batches, outcomes) {
            if outcome.refused.isEmpty, let root = batch.root { try complete(root, batch.buckets, of: peer) }
        }
        return outcomes
    }
}

/// Whoever asks for the connection waits for all events that are being stored behind the transaction's back. So what needs it comes before
/// or behind the runs, and while one is decided on, those before it are stored.
extension Transaction {
    /// The rows of charts of which runs came; new ones are opened.
    fileprivate typealias Charts = [ChartID: (row: Int64, isNew: Bool)]

    fileprivate func charts(of runs: [IncomingRun]) throws -> Charts {
        try runs.reduce(into: [:]) { charts, run in
            if charts[run.chart] == nil { charts[run.chart] = try open(run.chart) }
        }
    }

    private func open(_ chart: ChartID) throws -> (row: Int64, isNew: Bool) {
        if let known = try chartID(chart) { return (known, false) }
        return (try createChart(chart, isLocal: false), true)
    }

    /// Returns what is to be said of it to those who wrote it.
    fileprivate func admit(
        _ run: IncomingRun, from peer: NodeID, source: Int64, _ charts: inout Charts, _ outcome: inout AdmissionOutcome
    ) throws -> [(Receipt, Int64)] {
        let (chart, isNew) = try charts[run.chart] ?? open(run.chart)
        let events = withoutErased(run.events)
        let admitted: [(index: Int, position: Int)]
        do {
            admitted = try withRecord(chart) { record in
                try record.admit(events, vouchedForBy: run.heads, from: peer) { isValid($0, for: $1) }
            }
        } catch {
            charts[run.chart] = nil
            try forget(chart, isNew: isNew)
            throw error
        }
        // What came with it stays, whatever becomes of a later batch.
        charts[run.chart] = (chart, isNew && admitted.isEmpty)
        let record = try record(chart)
        let heads = Dictionary(run.heads.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        // The position of the last event of each.
        var last: [Origin: Int] = [:]
        var touchesErasure = false
        for (index, position) in admitted {
            guard case .success(let event) = events[index] else { continue }
            try insert(
                event, verdict: record.verdict(on: position), chart: chart, source: EventRow.Source(row: source, node: peer),
                head: heads[event.hash])
            last[event.envelope.origin] = position
            touchesErasure = touchesErasure || Self.touchesErasure(event)
        }
        if touchesErasure { try applyErasures(to: chart) }
        outcome.newEvents += admitted.count
        // A chart that was opened for a key that has been replaced since.
        try sayKeys(in: chart)
        var receipts: [(Receipt, Int64)] = []
        for (origin, position) in last.sorted(by: { $0.key < $1.key }) {
            if origin.node == store.node {
                if origin.epoch == state.counters.epoch {
                    try drawEpoch(.foreignEvent, peer: peer)
                    outcome.drewNewEpoch = true
                }
                try noteReadBack(admitted.count { record.graph.nodes[$0.position].envelope.origin == origin })
                continue
            }
            let event = record.graph.nodes[position]
            let receipt = try Receipt(
                signing: key, instance: state.counters.instance, chart: run.chart,
                dot: event.envelope.dot, hash: event.hash, at: store.configuration.clock())
            receipts.append((receipt, chart))
        }
        return receipts
    }
}
