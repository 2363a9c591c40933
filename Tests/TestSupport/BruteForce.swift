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
    private let membership: MembershipByForce

    static let writers: Set<Kind> = [
        MedicationPrescribed.kind, DoseAdjusted.kind, MedicationStopped.kind, ConflictResolved.kind,
    ]

    public init(_ events: [Event]) {
        let byHash = Dictionary(events.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        self.events = byHash
        var reaches: [EventHash: Set<EventHash>] = [:]
        for event in events {
            let own = event.envelope.seen.entries.first { $0.origin == event.envelope.origin }?.seq ?? 0
            let prev = event.envelope.prev.map { [$0] } ?? []
            pasts[event.hash] = Self.closure(event.envelope.after + (own == event.envelope.seq - 1 ? prev : []), byHash)
            reaches[event.hash] = Self.closure(event.envelope.after + prev, byHash)
        }
        membership = MembershipByForce(byHash, pasts: pasts, reaches: reaches)
    }

    /// These and all that lies behind them.
    private static func closure(_ start: [EventHash], _ events: [EventHash: Event]) -> Set<EventHash> {
        var pending = start
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
        let permitted = events.values.filter { membership.permitted.contains($0.hash) }
        let withdrawn = Set(permitted.filter { $0.envelope.kind == RecordWithdrawn.kind }.flatMap(\.envelope.refs))
        var lineages: [EventHash: [Event]] = [:]
        for event in permitted where Self.writers.contains(event.envelope.kind) {
            lineages[root(event), default: []].append(event)
        }
        var found: Set<Dispute> = []
        for members in lineages.values {
            let able = members.filter { !($0.envelope.kind == ConflictResolved.kind && withdrawn.contains($0.hash)) }
            let naming = counting(able)
            let named = Set(naming.flatMap(\.envelope.refs))
            let heads = members.filter {
                !named.contains($0.hash) && !withdrawn.contains($0.hash) && !membership.heldBack.contains($0.hash)
            }
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

    /// Those that are not held back, and those that one of these names: by that they have come to count.
    private func counting(_ able: [Event]) -> [Event] {
        var counting = able.filter { !membership.heldBack.contains($0.hash) }
        while true {
            let known = Set(counting.map(\.hash))
            let named = Set(counting.flatMap(\.envelope.refs))
            let more = able.filter { named.contains($0.hash) && !known.contains($0.hash) }
            guard !more.isEmpty else { return counting }
            counting += more
        }
    }

    private func root(_ event: Event) -> EventHash {
        event.envelope.refs.compactMap { events[$0] }.first.map(root) ?? event.hash
    }

    static func members(_ event: Event) -> [String: Any] {
        guard let line = event.bodyLine?.line else { return [:] }
        return (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any] ?? [:]
    }

    private func dose(_ event: Event, _ name: String) -> Int {
        Int((Self.members(event)[name] as? [String: Any])?["value"] as? String ?? "") ?? 0
    }

    /// Dose, status and day as text.
    private func value(_ event: Event) -> String {
        let members = Self.members(event)
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
