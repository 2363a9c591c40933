import CareModel
import EventLog
import Foundation
import Replication
import TestSupport

/// What must hold once everything is healed and nobody has anything to say any more.
extension Observer {
    func checkAtRest(_ world: World) async throws {
        for node in world.nodes { try await look(at: node, world.now) }
        try checkAcknowledged(world)
        try checkEveryoneHasWhatTheyMay(world)
        try await checkForks(world)
        for chart in world.charts {
            var known: [Set<EventHash>: [AnyHashable]] = [:]
            for node in world.nodes {
                guard let record = try await node.store.record(of: chart), !record.graph.nodes.isEmpty else { continue }
                let rows = seen[node.slot]?.rows.filter { $0.event.envelope.chart == chart } ?? []
                let hashes = Set(rows.map(\.event.hash))
                guard hashes == Set(record.graph.nodes.map(\.hash)) else {
                    throw Violation(.rebuild, "slot \(node.slot): memory and rows differ in \(chart.short)")
                }
                let fold = Fold(record)
                if let kept = try await node.store.keptDigest(of: chart), kept != Projections.digest(fold) {
                    throw Violation(.rebuild, "slot \(node.slot): what was kept of \(chart.short) is not what its events say")
                }
                // By value: bytes take longer to make, and are held against each other where worlds run over the shipped log.
                let views = Projections.all.map { AnyHashable($0.init(fold)) }
                if let known = known[hashes] {
                    guard known == views else { throw Violation(.projections, "slot \(node.slot), chart \(chart.short)") }
                    continue
                }
                known[hashes] = views
                try checkRebuild(rows, views, node, &world.random)
                let disputes = ConflictsView(fold).disputes
                try checkConflicts(rows, disputes, node)
                world.tally.count("disputes at the end", disputes.count)
                if fold.registers.contains(where: { !$0.suspended.isEmpty }) { world.tally.count("charts with values held back") }
            }
        }
    }

    private func checkAcknowledged(_ world: World) throws {
        for node in world.nodes {
            let missing = acknowledged[node.slot, default: []].subtracting(seen[node.slot]?.hashes ?? [])
            // What came back only over a peer needs a peer that may send it.
            let reachable = missing.filter { hash in
                world.nodes.contains { other in
                    guard other.slot != node.slot, world.areConnected(node, other),
                        let row = seen[other.slot]?.rows.first(where: { $0.event.hash == hash })
                    else { return false }
                    return seen[other.slot]?.sharing[row.event.envelope.chart]?.mayHave(node.node) ?? false
                }
            }
            guard reachable.isEmpty else { throw Violation(.acknowledged, "slot \(node.slot) lacks \(reachable.count) events") }
            world.tally.count("acknowledged", acknowledged[node.slot, default: []].count - missing.count)
        }
    }

    /// Over every link: what one side holds and may send, the other side holds.
    private func checkEveryoneHasWhatTheyMay(_ world: World) throws {
        for link in world.links.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) {
            for (from, to) in [(link.left, link.right), (link.right, link.left)] {
                let (sender, receiver) = (world.nodes[from], world.nodes[to])
                // Copies of one node take each other's connections away.
                guard world.areConnected(sender, receiver) else { continue }
                for chart in world.charts {
                    guard seen[from]?.sharing[chart]?.mayHave(receiver.node) ?? false else { continue }
                    let missing = (seen[from]?.rows ?? []).filter {
                        $0.event.envelope.chart == chart && !(seen[to]?.hashes.contains($0.event.hash) ?? false)
                    }
                    guard missing.isEmpty else {
                        throw Violation(
                            .wakeUp,
                            "slot \(from) has \(missing.count) events of \(chart.short) that slot \(to) lacks, first \(missing[0].event.envelope.dot)"
                        )
                    }
                    world.tally.count("links in step")
                }
            }
        }
    }

    /// Whoever holds both branches of a fork knows that it is one.
    private func checkForks(_ world: World) async throws {
        for node in world.nodes {
            let dots = Dictionary(grouping: seen[node.slot]?.rows ?? []) { "\($0.event.envelope.chart) \($0.event.envelope.dot)" }
            let forked = dots.filter { $0.value.count > 1 }
            world.tally.count("forks at the end", forked.count)
            for chart in world.charts {
                let origins = Set(forked.values.map { $0[0].event.envelope }.filter { $0.chart == chart }.map(\.origin))
                let known = Set(try await node.store.record(of: chart)?.graph.forkedOrigins ?? [])
                guard known == origins else { throw Violation(.alert, "slot \(node.slot), chart \(chart.short)") }
            }
        }
    }

    private func checkRebuild(
        _ rows: [StoredRow], _ views: [AnyHashable], _ node: SimulatedNode, _ random: inout SplitMix64
    ) throws {
        guard let chart = rows.first?.event.envelope.chart else { return }
        var record = ChartRecord(chart: chart)
        var waiting = rows.map(\.event)
        var known: Set<EventHash> = []
        // In another causal order than they arrived in.
        while !waiting.isEmpty {
            var left: [Event] = []
            for event in waiting.shuffled(using: &random) {
                let needs = event.envelope.after + (event.envelope.prev.map { [$0] } ?? [])
                if needs.allSatisfy(known.contains) {
                    try record.admit(event)
                    known.insert(event.hash)
                } else {
                    left.append(event)
                }
            }
            guard left.count < waiting.count else {
                throw Violation(.chains, "slot \(node.slot): \(left.count) events hang in the air")
            }
            waiting = left
        }
        let rebuilt = Fold(record)
        guard Projections.all.map({ AnyHashable($0.init(rebuilt)) }) == views else {
            throw Violation(.rebuild, "slot \(node.slot), chart \(chart.short), in another order")
        }
    }

    private func checkConflicts(
        _ rows: [StoredRow], _ disputes: [ConflictsView.Dispute], _ node: SimulatedNode
    ) throws {
        let found = Set(
            disputes.map { dispute in
                BruteForce.Dispute(
                    siblings: Set(dispute.siblings.map(\.label.event)),
                    saw: Set(dispute.siblings.flatMap { one in one.saw.map { [one.label.event, $0] } }))
            })
        guard found == BruteForce(rows.map(\.event)).disputes else {
            throw Violation(.conflicts, "slot \(node.slot), chart \(rows[0].event.envelope.chart.short)")
        }
    }
}
