import CareModel
import EventLog
import TestSupport
import Testing

/// Invariants 2, 3 and 5 on random histories with stale views and forks. A failing seed is printed as the test's argument.
@Suite struct RandomHistoryTests {
    private static let histories: UInt64 = 150

    @Test func conflictsEqualBruteForce() throws {
        var disputes = 0
        var blind = 0
        var forks = 0
        for seed in 1...Self.histories {
            let history = try RandomHistory(seed: seed, steps: 60)
            for writer in history.practices.writers {
                let fold = Fold(writer.record)
                let oracle = BruteForce(writer.events)
                let found = Set(
                    ConflictsView(fold).disputes.map { dispute in
                        BruteForce.Dispute(
                            siblings: Set(dispute.siblings.map(\.label.event)),
                            saw: Set(dispute.siblings.flatMap { one in one.saw.map { [one.label.event, $0] } }))
                    })
                #expect(found == oracle.disputes, "seed \(seed)")
                let flagged = Set(
                    RegimenView(fold).medications.flatMap(\.history).filter { $0.label.kind == DoseAdjusted.kind }
                        .flatMap { step in step.made_without_seeing.map { [step.label.event, $0.event] } })
                #expect(flagged == oracle.blindRaises, "seed \(seed)")
                disputes += found.count
                blind += flagged.count
                forks += writer.record.graph.forkedOrigins.count
            }
        }
        // The histories must be worth something.
        #expect(disputes > 100 && blind > 100 && forks > 50, "\(disputes) disputes, \(blind) blind raises, \(forks) forks")
    }

    @Test func projectionsDoNotDependOnTheOrderOfArrival() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            var history = try RandomHistory(seed: seed, steps: 60)
            try history.practices.meet()
            let digests = Set(history.practices.writers.map { Projections.digest(Fold($0.record)) })
            #expect(digests.count == 1, "seed \(seed)")
            var random = SplitMix64(seed: seed)
            let shuffled = try Delivery.random(history.practices.writers[0].events, &random)
            #expect(Projections.digest(Fold(shuffled)) == digests.first, "seed \(seed)")
        }
    }

    @Test func noDisputedRegisterIsShownAsOneValue() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            let history = try RandomHistory(seed: seed, steps: 60)
            for writer in history.practices.writers {
                let fold = Fold(writer.record)
                for medication in RegimenView(fold).medications {
                    let distinct = Set(medication.values.compactMap(\.value))
                    #expect((medication.state == .disputed) == (distinct.count > 1), "seed \(seed)")
                }
            }
        }
    }
}

/// Ways in which the same events may arrive.
enum Delivery {
    /// Admits `events` in a random order that is causal.
    static func random(_ events: [Event], _ random: inout SplitMix64) throws -> ChartRecord {
        let first = try #require(events.first)
        var record = ChartRecord(chart: first.envelope.chart)
        var waiting = events.shuffled(using: &random)
        for _ in 0..<100_000 where !waiting.isEmpty {
            var left: [Event] = []
            for event in waiting {
                let needs = event.envelope.after + (event.envelope.prev.map { [$0] } ?? [])
                if needs.allSatisfy({ record.graph.position(of: $0) != nil }), !random.oneIn(4) {
                    try record.admit(event)
                } else {
                    left.append(event)
                }
            }
            waiting = left.shuffled(using: &random)
        }
        try #require(waiting.isEmpty, "an event of the history is not admissible in this order")
        return record
    }
}
