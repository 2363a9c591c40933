import EventLog
import Replication

/// What reconciliation costs, as a table, and what it costs to keep a root up to date.
public enum ScaleReport {
    public static func lines() -> [String] {
        var lines = [
            "| charts | differing | round trips | bytes without events | of these per differing chart |",
            "| --- | --- | --- | --- | --- |",
        ]
        for charts in [10, 1000, 100_000] {
            for differ in [0, 1, 10, 100] where differ <= charts {
                var scale = Scale(charts: charts, differ: differ)
                let cost = scale.run()
                let bytes = cost.bytes - cost.eventBytes
                lines.append(
                    "| \(charts) | \(differ) | \(cost.roundTrips) | \(bytes) | \(differ == 0 ? "" : "\(bytes / differ)") |")
            }
        }
        for charts in [10, 1000, 100_000] {
            lines.append("a change and the new root, \(charts) charts: \(rootMicroseconds(charts)) µs")
        }
        return lines
    }

    /// Microseconds for one change and the root after it.
    private static func rootMicroseconds(_ count: Int) -> Double {
        let charts = (0..<count).map { EventHash(of: Array("chart \($0)".utf8)) }
        var tree = OfferTree()
        for chart in charts { tree.set(chart, EventHash(of: [0])) }
        _ = tree.root()
        let changes = 20_000
        let clock = ContinuousClock()
        let time = clock.measure {
            for change in 0..<changes {
                tree.set(charts[change &* 7919 % count], EventHash(of: [UInt8(truncatingIfNeeded: change), 1]))
                _ = tree.root()
            }
        }
        return (time / .microseconds(1) / Double(changes) * 100).rounded() / 100
    }
}
