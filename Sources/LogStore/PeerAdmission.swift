import CareModel
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
    /// Why a chart was left out.
    public enum Refusal: Sendable {
        /// An event cannot take its place.
        case inadmissible(AdmissionError)
        /// The peer is not and never was a member.
        case notAMember
    }

    /// Charts that were left out.
    public internal(set) var refused: [(chart: ChartID, refusal: Refusal)] = []
    /// This node's receipts for what was stored.
    public internal(set) var receipts: [Receipt] = []
    /// Events that were new here.
    public internal(set) var newEvents = 0
    /// True when an event of this node's present origin came that it had not written.
    public internal(set) var drewNewEpoch = false
}

extension LogStore {
    /// Stores runs that came from a peer, in one transaction, with the root that they complete. A chart that cannot be admitted is left
    /// out and named; the others are stored.
    public func admit(
        _ runs: [IncomingRun], from peer: NodeID, completing root: EventHash?, buckets: [Int: UInt64]
    ) async throws -> AdmissionOutcome {
        try await write(weight: runs.reduce(1024) { $0 + $1.byteCount }) { transaction in
            let source = try transaction.peerID(peer)
            var outcome = AdmissionOutcome()
            for run in runs {
                do {
                    try transaction.admit(run, from: peer, source: source, &outcome)
                } catch let error as AdmissionError {
                    outcome.refused.append((run.chart, .inadmissible(error)))
                } catch is NotAMember {
                    outcome.refused.append((run.chart, .notAMember))
                }
            }
            if outcome.refused.isEmpty, let root { try transaction.complete(root, buckets, peer: source) }
            return outcome
        }
    }
}

private struct NotAMember: Error {}

extension Transaction {
    fileprivate func admit(_ run: IncomingRun, from peer: NodeID, source: Int64, _ outcome: inout AdmissionOutcome) throws {
        let known = try chartID(run.chart)
        // Read and check the whole run before anything is written.
        var events: [Event] = []
        for lines in run.events {
            do throws(FormatError) {
                events.append(try Event(line: lines.envelope, body: lines.body))
            } catch {
                throw AdmissionError.format(error)
            }
        }
        let chart = try known ?? createChart(run.chart, isLocal: false)
        var admitted: [(Event, Int)] = []
        do {
            try withRecord(chart) { record in
                for event in events where record.graph.position(of: event.hash) == nil {
                    admitted.append((event, try record.admit(event)))
                }
                try Self.checkHeads(run.heads, admitted, record)
                guard Membership.wasEverMember(peer, of: record) else { throw NotAMember() }
            }
        } catch {
            try forget(chart, isNew: known == nil)
            throw error
        }
        let record = try record(chart)
        let heads = Dictionary(run.heads.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        var last: [Origin: Event] = [:]
        for (event, position) in admitted {
            try insert(event, verdict: record.verdict(on: position), chart: chart, source: source)
            if let head = heads[event.hash] { try insert(head, of: state.counters.lastEvent) }
            last[event.envelope.origin] = event
        }
        outcome.newEvents += admitted.count
        for (origin, event) in last.sorted(by: { $0.key < $1.key }) {
            if origin.node == store.node {
                if origin.epoch == state.counters.epoch {
                    try drawEpoch()
                    outcome.drewNewEpoch = true
                }
                continue
            }
            let receipt = try Receipt(
                signing: store.configuration.key, instance: state.counters.instance, chart: run.chart,
                dot: event.envelope.dot, hash: event.hash, at: store.configuration.clock())
            try insert(receipt, chart: chart)
            outcome.receipts.append(receipt)
        }
    }

    /// Every new event must be vouched for: the last ones of each chain by a head, the others by the chain.
    private static func checkHeads(
        _ heads: [SignedHead], _ admitted: [(Event, Int)], _ record: ChartRecord
    ) throws {
        let followed = Set(admitted.compactMap { $0.0.envelope.prev })
        for (event, position) in admitted where !followed.contains(event.hash) {
            let dot = event.envelope.dot
            guard let key = record.authority.key(for: position, in: record.graph) else {
                throw AdmissionError.unknownWriter(dot)
            }
            let covering = heads.filter { $0.hash == event.hash && $0.dot == dot && $0.chart == event.envelope.chart }
            guard covering.contains(where: { $0.isValid(for: key) }) else { throw AdmissionError.unsigned(dot) }
        }
    }
}

extension Membership {
    /// Whoever was once admitted may deliver: others' events may depend on what it has.
    fileprivate static func wasEverMember(_ node: NodeID, of record: ChartRecord) -> Bool {
        Fold.membership(of: record).members[node] != nil
    }
}
