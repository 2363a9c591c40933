import EventLog
import Replication
import SyncSimulation
import Testing

/// What reconciliation costs does not grow with what is in step.
@Suite struct ScaleTests {
    @Test func nothingThatDiffersCostsTheSameWhateverIsThere() {
        var costs: Set<Scale.Cost> = []
        for charts in [10, 1000, 20_000] {
            var scale = Scale(charts: charts, differ: 0)
            let cost = scale.run()
            costs.insert(cost)
            #expect(cost.events == 0)
            #expect(scale.isComplete)
        }
        #expect(costs.count == 1, "\(costs)")
    }

    @Test(arguments: [1, 10, 100]) func tenTimesTheChartsAddsAtMostTwoRoundTrips(differ: Int) {
        var before: Scale.Cost?
        for charts in [10, 100, 1000, 10_000] where charts >= differ {
            var scale = Scale(charts: charts, differ: differ)
            let cost = scale.run()
            #expect(scale.isComplete)
            #expect(cost.events == differ)
            if let before { #expect(cost.roundTrips <= before.roundTrips + 2, "\(charts) charts") }
            before = cost
        }
    }

    /// A tree that grew change by change is the tree of what it holds.
    @Test func aTreeIsTheSameHoweverItCameAbout() {
        let charts = (0..<3000).map { EventHash(of: Array("\($0)".utf8)) }
        var (grown, fresh) = (OfferTree(), OfferTree())
        for chart in charts {
            grown.set(chart, EventHash(of: [1]))
            _ = grown.root()
        }
        for chart in charts.prefix(1500) { grown.set(chart, nil) }
        for chart in charts.suffix(700) { grown.set(chart, EventHash(of: [2])) }
        for chart in charts.dropFirst(1500).reversed() {
            fresh.set(chart, EventHash(of: charts.suffix(700).contains(chart) ? [2] : [1]))
        }
        let (root, buckets) = (grown.root(), grown.buckets())
        let changed = grown.set(charts[2000], EventHash(of: [1]))
        #expect(root == fresh.root() && buckets == fresh.buckets())
        #expect(OfferTree.root(of: buckets) == root)
        #expect(grown.count == 1500 && !changed)
    }
}
