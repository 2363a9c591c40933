import CareModel
public import EventLog
import Foundation

/// The conflicts of a chart by another road: transitive closure over hashes, bodies as plain JSON, no clocks compared. It shares no
/// comparison code with what it checks.
public struct BruteForce {
    public struct Dispute: Hashable {
        public let siblings: Set<EventHash>
        /// Which sibling had which other one before its author.
        public let saw: Set<[EventHash]>

        public init(siblings: Set<EventHash>, saw: Set<[EventHash]>) {
            self.siblings = siblings
            self.saw = saw
        }
    }

    private let events: [EventHash: Event]
    private var pasts: [EventHash: Set<EventHash>] = [:]

    public init(_ events: [Event]) {
        self.events = Dictionary(events.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        for event in events { pasts[event.hash] = past(of: event) }
    }

    /// What the author of an event had before them.
    private func past(of event: Event) -> Set<EventHash> {
        var pending = event.envelope.after
        let own = event.envelope.seen.entries.first { $0.origin == event.envelope.origin }?.seq ?? 0
        if let prev = event.envelope.prev, own == event.envelope.seq - 1 { pending.append(prev) }
        var found: Set<EventHash> = []
        while let hash = pending.popLast() {
            guard found.insert(hash).inserted, let event = events[hash] else { continue }
            pending += event.envelope.after
            if let prev = event.envelope.prev { pending.append(prev) }
        }
        return found
    }

    /// Every pair of a raise and a side effect report of the same medication that knew nothing of each other.
    public var blindRaises: Set<[EventHash]> {
        var pairs: Set<[EventHash]> = []
        for raise in events.values where raise.envelope.kind == DoseAdjusted.kind {
            guard dose(raise, "to") > dose(raise, "from") else { continue }
            for report in events.values where report.envelope.kind == SideEffectReported.kind {
                guard root(raise) == report.envelope.refs.compactMap({ events[$0] }).map(root).first else { continue }
                let known =
                    pasts[raise.hash, default: []].contains(report.hash) || pasts[report.hash, default: []].contains(raise.hash)
                if !known { pairs.insert([raise.hash, report.hash]) }
            }
        }
        return pairs
    }

    public var disputes: Set<Dispute> {
        let writers: Set<Kind> = [MedicationPrescribed.kind, DoseAdjusted.kind, MedicationStopped.kind, ConflictResolved.kind]
        let withdrawn = Set(events.values.filter { $0.envelope.kind == RecordWithdrawn.kind }.flatMap(\.envelope.refs))
        var lineages: [EventHash: [Event]] = [:]
        for event in events.values where writers.contains(event.envelope.kind) {
            lineages[root(event), default: []].append(event)
        }
        var found: Set<Dispute> = []
        for members in lineages.values {
            let naming = members.filter { !($0.envelope.kind == ConflictResolved.kind && withdrawn.contains($0.hash)) }
            let named = Set(naming.flatMap(\.envelope.refs))
            let heads = members.filter { !named.contains($0.hash) && !withdrawn.contains($0.hash) }
            guard Set(heads.map(value)).count > 1 else { continue }
            var saw: Set<[EventHash]> = []
            for one in heads {
                for other in heads where one.hash != other.hash && pasts[one.hash, default: []].contains(other.hash) {
                    saw.insert([one.hash, other.hash])
                }
            }
            found.insert(Dispute(siblings: Set(heads.map(\.hash)), saw: saw))
        }
        return found
    }

    private func root(_ event: Event) -> EventHash {
        event.envelope.refs.compactMap { events[$0] }.first.map(root) ?? event.hash
    }

    private func members(_ event: Event) -> [String: Any] {
        guard let line = event.bodyLine?.line else { return [:] }
        return (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any] ?? [:]
    }

    private func dose(_ event: Event, _ name: String) -> Int {
        Int((members(event)[name] as? [String: Any])?["value"] as? String ?? "") ?? 0
    }

    /// Dose, status and day as text.
    private func value(_ event: Event) -> String {
        let members = members(event)
        let outcome = members["outcome"] as? [String: Any] ?? members
        let day = outcome["effective_from"] as? String ?? ""
        switch event.envelope.kind {
        case MedicationPrescribed.kind, ConflictResolved.kind:
            return "\((outcome["dose"] as? [String: Any])?["value"] ?? "") active \(day)"
        case DoseAdjusted.kind: return "\(dose(event, "to")) active \(day)"
        default:
            let before = event.envelope.refs.compactMap { events[$0] }.map(value).first ?? ""
            return "\(before.split(separator: " ").first ?? "") stopped \(day)"
        }
    }
}
