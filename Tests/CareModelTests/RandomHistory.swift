import CareModel
import EventLog
import Foundation
import TestSupport

/// A random history of one chart: doses, stops, resolutions, withdrawals and reports, from fresh and stale views, with forks.
struct RandomHistory {
    var practices: Practices
    private var random: SplitMix64
    private var views: [View] = []
    private var hasForked: Set<Int> = []

    init(seed: UInt64, steps: Int) throws {
        random = SplitMix64(seed: seed)
        practices = try Practices([("rx", [.prescribing], .psychiatrist), ("pc", [.prescribing], .physician)], seed: seed)
        try practices.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed(50))
        try practices.meet()
        views = [practices.writers[0].record.graph.view]
        for _ in 0..<steps { try step() }
    }

    private mutating func step() throws {
        let writer = Int.random(in: practices.writers.indices, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<5: try decide(writer)
        case 5..<7: try practices.meet(writer, Int.random(in: practices.writers.indices, using: &random))
        case 7: views.append(practices.writers[writer].record.graph.view)
        case 8: try report(writer)
        case 9: try withdraw(writer)
        case 10: try fork(writer)
        default: try resolve(writer)
        }
    }

    /// A view from the past that this writer could have been shown, or the present one.
    private mutating func view(_ writer: Int) -> View {
        let graph = practices.writers[writer].record.graph
        let possible = views.filter { graph.positions(in: $0) != nil }
        return random.oneIn(3) ? possible.randomElement(using: &random) ?? graph.view : graph.view
    }

    /// The lineage as that view shows it, folded from its events alone.
    private func lineage(_ writer: Int, _ view: View) -> RegimenView.Lineage? {
        let record = practices.writers[writer].record
        guard let frontier = record.graph.positions(in: view) else { return nil }
        let extended = record.graph.extend(frontier, by: practices.writers[writer].author, in: practices.writers[writer].origin)
        let seen = Set(record.graph.nodes.indices.filter { record.graph.covers(extended, $0) })
        return RegimenView(Fold(record, Fold.Scope(positions: seen))).medications.first
    }

    private mutating func decide(_ writer: Int) throws {
        let view = view(writer)
        guard let head = lineage(writer, view)?.values.randomElement(using: &random), let value = head.value,
            value.status == .active, let dose = value.dose.flatMap({ Int($0.value) })
        else { return }
        if random.oneIn(8) {
            try practices.writers[writer].write(MedicationStopped.kind, Bodies.stopped, refs: [head.label.event], seeing: view)
        } else {
            let to = [25, 50, 75, 100].randomElement(using: &random) ?? 50
            try practices.writers[writer].write(
                DoseAdjusted.kind, Bodies.adjusted(dose, to), refs: [head.label.event], seeing: view)
        }
    }

    private mutating func resolve(_ writer: Int) throws {
        let view = view(writer)
        guard let heads = lineage(writer, view)?.values, heads.count > 1 else { return }
        let named = random.oneIn(3) ? Array(heads.prefix(1)) : heads
        try practices.writers[writer].write(
            ConflictResolved.kind, Bodies.resolved([50, 75].randomElement(using: &random) ?? 50), refs: named.map(\.label.event),
            seeing: view)
    }

    private mutating func withdraw(_ writer: Int) throws {
        let own = practices.writers[writer].events.filter {
            $0.envelope.origin.node == practices.writers[writer].node
                && [DoseAdjusted.kind, ConflictResolved.kind].contains($0.envelope.kind)
        }
        guard random.oneIn(2), let target = own.randomElement(using: &random) else { return }
        try practices.writers[writer].write(RecordWithdrawn.kind, Bodies.withdrawn, refs: [target.hash])
    }

    private mutating func report(_ writer: Int) throws {
        let view = view(writer)
        guard let root = lineage(writer, view)?.root else { return }
        try practices.writers[writer].write(SideEffectReported.kind, Bodies.sideEffect, refs: [root], seeing: view)
    }

    /// A copied node: the same numbers are used twice, and the owner then goes on in a new epoch.
    private mutating func fork(_ writer: Int) throws {
        guard hasForked.insert(writer).inserted,
            let head = lineage(writer, practices.writers[writer].record.graph.view)?.values.first,
            let dose = head.value?.dose.flatMap({ Int($0.value) }), head.value?.status == .active
        else { return }
        var clone = practices.writers[writer]
        try clone.write(DoseAdjusted.kind, Bodies.adjusted(dose, dose + 5), refs: [head.label.event])
        try practices.writers[writer].write(DoseAdjusted.kind, Bodies.adjusted(dose, dose + 10), refs: [head.label.event])
        practices.writers[writer].epoch = random.next() | 1
        let other = (writer + 1) % practices.writers.count
        try practices.writers[other].receiveAll(of: clone)
    }
}
