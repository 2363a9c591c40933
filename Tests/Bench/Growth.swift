import Foundation

/// How the cost grows with what there is already.
struct Growth: Codable {
    /// How much a node has.
    struct Size: Codable {
        var events: Int
        var charts: Int
    }

    /// What was seen with so much.
    struct Point: Codable {
        var size: Size
        /// To an empty node: microseconds of wall time an event, and bytes on the wire.
        var catchUp: Double
        var wire: Double
        /// The most memory that each of the two held, in KiB.
        var receiverKiB: Int
        var senderKiB: Int
        /// Of events that were written one by one, in microseconds: until durable; until they can be read at the other node.
        var append: UInt64
        var live: UInt64
        /// The same, of events whose author had seen next to nothing of their chart.
        var late: UInt64
        /// Bytes both ways to find that there is nothing new.
        var reconnect: Int
    }

    /// With ``Step/eventsPerChart`` events in each chart.
    var byEvents: [Point] = []
    /// With the same number of events in all; the largest number of charts has ten events in each, like the one before it.
    var byCharts: [Point] = []

    /// Powers of ten.
    static func sizes(upTo events: Int) -> (byEvents: [Size], byCharts: [Size]) {
        let powers = sequence(first: 1000) { $0 * 10 }.prefix { $0 <= events }
        let fixed = min(events, 100_000)
        let charts = [10, 100, 1000, 10_000, 100_000].filter { $0 * 10 <= events }
        return (
            powers.map { Size(events: $0, charts: max(2, $0 / Step.eventsPerChart)) },
            charts.map { Size(events: max(fixed, $0 * 10), charts: $0) }
        )
    }

    func printed(asJSON: Bool) throws -> String {
        if asJSON { return try printedAsJSON() }
        let head = "events charts catch-up-us/ev wire-B/ev receiver-MiB sender-MiB append-us live-us late-us reconnect-B"
        let rows = (byEvents + byCharts).map { point in
            [
                "\(point.size.events)", "\(point.size.charts)", String(format: "%.1f", point.catchUp),
                String(format: "%.0f", point.wire), "\(point.receiverKiB / 1024)", "\(point.senderKiB / 1024)", "\(point.append)",
                "\(point.live)", "\(point.late)", "\(point.reconnect)",
            ]
        }
        return Table.aligned([head.split(separator: " ").map(String.init)] + rows).joined(separator: "\n")
    }
}

extension Bench {
    /// Measures each size by two nodes that are new.
    func growth(_ sizes: (byEvents: [Growth.Size], byCharts: [Growth.Size])) throws -> Growth {
        Growth(byEvents: try sizes.byEvents.map(point), byCharts: try sizes.byCharts.map(point))
    }

    private func point(_ size: Growth.Size) throws -> Growth.Point {
        let meeting = try meet("growth", events: size.events, charts: size.charts)
        let second = try meeting.join("b")
        let caughtUp = try meeting.catchUp(second)
        let samples = min(100, few)
        let live = try meeting.live([second], samples)
        let late = try meeting.live([second], samples, .late)
        let reconnect = try meeting.reconnect(second)
        for child in [second, meeting.first] { try child.stop() }
        try FileManager.default.removeItem(atPath: meeting.folder)
        return Growth.Point(
            size: Growth.Size(events: meeting.events, charts: size.charts),
            catchUp: caughtUp.seconds * 1e6 / Double(meeting.events),
            wire: Double(caughtUp.wireBytes ?? 0) / Double(meeting.events), receiverKiB: caughtUp.peakKiB,
            senderKiB: caughtUp.senderPeakKiB ?? 0, append: live.medians.commit,
            live: live.medians.arrival, late: late.medians.arrival, reconnect: reconnect)
    }
}
