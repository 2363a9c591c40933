import Foundation

/// What a node costs that others gather around.
struct Star: Codable {
    /// What was seen with so many.
    struct Point: Codable {
        /// The centre and all around it.
        var nodes: Int
        /// That each of the others fetched.
        var events: Int
        /// From the first dial until the last of them had everything.
        var seconds: Double
        /// Processor time of the centre, and of all others together, in seconds.
        var centreCpu: Double
        var othersCpu: Double
        /// The most memory that the centre held, and the most that one of the others did, in KiB.
        var centreKiB: Int
        var otherKiB: Int
        /// Of an event that is recorded at the centre: microseconds until the last of them can read it, at the median.
        var live: UInt64
    }

    /// The centre keeps one session with each, so there are no more of them than a practice has partners.
    static let most = 8

    var points: [Point] = []

    func printed(asJSON: Bool) throws -> String {
        if asJSON { return try printedAsJSON() }
        let head = "nodes events seconds ev/s centre-us/ev other-us/ev centre-MiB other-MiB live-us"
        let rows = points.map { point in
            let delivered = Double(point.events * (point.nodes - 1))
            return [
                "\(point.nodes)", "\(point.events)", String(format: "%.2f", point.seconds),
                String(format: "%.0f", delivered / point.seconds), String(format: "%.1f", point.centreCpu * 1e6 / delivered),
                String(format: "%.1f", point.othersCpu * 1e6 / delivered), "\(point.centreKiB / 1024)",
                "\(point.otherKiB / 1024)", "\(point.live)",
            ]
        }
        return Table.aligned([head.split(separator: " ").map(String.init)] + rows).joined(separator: "\n")
    }
}

extension Bench {
    /// Measures stars of so many nodes, each in a process of its own, which all fetch everything from the centre at the same time.
    func star(_ sizes: some Sequence<Int>, charts: Int? = nil) throws -> Star {
        Star(points: try sizes.map { try star($0, charts: charts ?? max(2, events / Step.eventsPerChart)) })
    }

    private func star(_ nodes: Int, charts: Int) throws -> Star.Point {
        let meeting = try meet("star", charts: charts, nodes: nodes)
        let others = try Step.practices(nodes).dropFirst().map { try meeting.join($0) }
        let before = try others.map { try $0.ask(.usage).cpu ?? 0 }
        let centreBefore = try meeting.first.ask(.usage)
        let began = monotonic()
        for other in others {
            try other.tell(.pair, meeting.first.key, meeting.first.address)
            try other.tell(.settle, meeting.first.key)
        }
        let ends = try others.map { other in
            _ = try other.answer()
            return try other.answer()
        }
        let centre = try meeting.first.ask(.usage)
        let live = try meeting.live(others, min(100, few)).medians.arrival
        for child in others + [meeting.first] { try child.stop() }
        for name in Step.practices(nodes).dropFirst() { try check(meeting, name) }
        try FileManager.default.removeItem(atPath: meeting.folder)
        return Star.Point(
            nodes: nodes, events: meeting.events, seconds: Double((ends.compactMap(\.ended).max() ?? began) - began) / 1e9,
            centreCpu: (centre.cpu ?? 0) - (centreBefore.cpu ?? 0),
            othersCpu: zip(ends, before).reduce(0) { $0 + ($1.0.cpu ?? 0) - $1.1 }, centreKiB: centre.peakKiB ?? 0,
            otherKiB: ends.compactMap(\.peakKiB).max() ?? 0, live: live)
    }
}
