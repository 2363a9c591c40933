public import EventLog
import Foundation
import GRDB

/// The arrival log: what this node stored, when, and whom it came from.
extension LogStore {
    /// When an event was stored here, and from whom it came.
    public struct Arrival: Hashable, Sendable {
        /// The commit that stored it.
        public var commit: Int
        /// When, by this node's clock.
        public var at: Timestamp
        /// The peer that it came from; nil for this node's own.
        public var source: NodeID?
    }

    /// The arrivals of a chart's events, in their order.
    public func arrivals(of chart: ChartID) async throws -> [Arrival] {
        try await pool.read { db in
            guard let id = try SegmentChain.number(of: chart, db) else { return [] }
            // A commit's last segment has its time.
            let end = try RawStatement(
                cached: "SELECT stored FROM segment WHERE id >= ? AND chain IS NOT NULL ORDER BY id LIMIT 1", db)
            let sources = try ArrivalVerifier.sources(db)
            var found: [(arrival: Arrival, count: Int)] = []
            try SegmentChain.walk(id, "count, batch, source", db) { id, row in
                try end.bind(id, at: 1)
                defer { end.reset() }
                guard let count = row.number(1), (1...Int64(Segment.mostEvents)).contains(count), let commit = row.number(2),
                    let source = row.number(3).flatMap({ sources[$0] }), try end.next(), let at = end.number(0)
                else { throw LogStoreError(.damaged, "the arrival log cannot be read; run: duolog audit verify") }
                found.append(
                    (Arrival(commit: Int(commit), at: Timestamp(milliseconds: Int(at)), source: source), Int(count)))
                return true
            }
            return found.reversed().flatMap { repeatElement($0.arrival, count: $0.count) }
        }
    }

    /// The charts that hold an event whose name begins with these letters, with the whole names.
    public func find(_ prefix: String, limit: Int = 3) async throws -> [(chart: ChartID, event: EventHash)] {
        guard prefix.count >= 8, prefix.count <= EventHash.textCount else { return [] }
        // Whole bytes are compared, and then letters, which carry six bits each.
        guard let low = Base64URL.decode(prefix.prefix(prefix.count / 4 * 4).utf8) else { return [] }
        return try await pool.read { db in
            // There is no index of names: each commit would write to it all over, and people ask for one name at a time.
            let rows = try RawStatement(
                cached: "SELECT chart.hash, names FROM segment CROSS JOIN chart ON chart.id = segment.chart WHERE NOT local", db)
            defer { rows.reset() }
            var found: [(chart: ChartID, event: EventHash)] = []
            while try rows.next() {
                guard let names = rows.names(1) else { continue }
                for index in names.indices where names.bytes(at: index).starts(with: low) {
                    guard let event = names[index], "\(event)".hasPrefix(prefix), let chart = rows.hash(0) else { continue }
                    found.append((chart, event))
                }
            }
            return Array(found.sorted { $0.event < $1.event }.prefix(limit))
        }
    }
}
