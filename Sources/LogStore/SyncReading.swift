public import CareModel
public import EventLog
import Foundation
import GRDB

/// What a peer is compared with and sent. All of it is read from committed rows.
extension LogStore {
    /// The heads of those of `charts` that may be sent to `peer` on `day`.
    public func heads(of charts: [ChartID], for peer: NodeID, on day: CalendarDay) async throws -> [ChartHeads] {
        try await pool.read { db in
            try charts.compactMap { chart in
                guard let id = try Self.sharedChart(chart, with: peer, on: day, db) else { return nil }
                return try TipTable.heads(of: id, db)
            }
        }
    }

    /// Charts that may be sent to `peer` on `day`, with the digest of their heads; of `among` where given.
    ///
    /// A chart of `among` that may not be sent is nil in the answer. Also returns the arrival number that it reflects.
    public func offer(
        to peer: NodeID, on day: CalendarDay, among: Set<ChartID>? = nil
    ) async throws -> (charts: [ChartID: EventHash?], arrival: Int) {
        try await pool.read { db in
            let arrival = try Int.fetchOne(db, sql: "SELECT max(id) FROM event") ?? 0
            var charts: [ChartID: EventHash?] = [:]
            for chart in among ?? [] {
                charts[chart] = .some(nil)
                guard let id = try Self.sharedChart(chart, with: peer, on: day, db) else { continue }
                charts[chart] = try Self.digest(
                    Row.fetchOne(db, sql: "SELECT digest FROM chart WHERE id = ?", arguments: [id])?["digest"])
            }
            guard among == nil else { return (charts, arrival) }
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT hash, digest FROM share JOIN chart ON chart.id = share.chart
                    WHERE node = ? AND (until IS NULL OR until >= ?) AND held = 0
                    """, arguments: [peer.description, day.number])
            while let row = try rows.next() {
                if let chart = ChartID(bytes: row["hash"] as Data) { charts[chart] = Self.digest(row["digest"]) }
            }
            return (charts, arrival)
        }
    }

    private static func digest(_ data: Data?) -> EventHash? { data.flatMap { EventHash(bytes: $0) } }

    /// The chart's number when it may be sent to `peer` on `day`. Checked anew for every send.
    static func sharedChart(_ chart: ChartID, with peer: NodeID, on day: CalendarDay, _ db: Database) throws -> Int64? {
        try chartNumber(chart, with: peer, on: day, evenHeld: false, db)
    }

    /// The chart's number when `peer` may have it on `day`; one that is held back for now, only where it is asked for.
    static func chartNumber(
        _ chart: ChartID, with peer: NodeID, on day: CalendarDay, evenHeld: Bool, _ db: Database
    ) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT chart.id FROM chart JOIN share ON share.chart = chart.id
                    WHERE chart.hash = ? AND share.node = ? AND (until IS NULL OR until >= ?) AND (? OR held = 0)
                    """), arguments: [Data(chart.bytes), peer.description, day.number, evenHeld])
    }

    /// What is missing here of what a peer offers.
    public struct Comparison: Sendable {
        /// Charts of which something is missing, and how far each origin is held.
        public var wants: [(chart: ChartID, after: VectorClock)] = []
        /// True when the peer holds events of this node that are not here.
        public var peerKnowsMoreOfMe = false
        /// True when they are of the present epoch: a new one has been drawn.
        public internal(set) var drewNewEpoch = false
        var isPresentEpoch = false
    }

    /// What is missing here of what `peer` offers. Where it holds events of this node's present epoch that are not here, the node was put
    /// back or copied: it has a new epoch before this returns, so that no number is used twice.
    public func compare(
        _ offered: [ChartHeads], with peer: NodeID, on day: CalendarDay
    ) async throws -> Comparison {
        let present = Origin(node: node, epoch: epoch.epoch)
        var comparison = try await missing(of: offered, present, for: peer, on: day)
        guard comparison.isPresentEpoch else { return comparison }
        comparison.drewNewEpoch = try await write { transaction in
            guard transaction.state.counters.epoch == present.epoch else { return false }
            try transaction.drawEpoch(.peerKnowsMore, peer: peer)
            return true
        }
        return comparison
    }

    private func missing(
        of offered: [ChartHeads], _ present: Origin, for peer: NodeID, on day: CalendarDay
    ) async throws -> Comparison {
        try await pool.read { db in
            var comparison = Comparison()
            for heads in offered {
                let id = try Int64.fetchOne(
                    db.cachedStatement(sql: "SELECT id FROM chart WHERE hash = ?"), arguments: [Data(heads.chart.bytes)])
                let mine = try id.map { try TipTable.tips(of: $0, db) } ?? []
                let mayKnow = try Self.chartNumber(heads.chart, with: peer, on: day, evenHeld: true, db) != nil
                let missing = try heads.missing(with: mine, mayKnow: mayKnow) { hash in
                    try Int64.fetchOne(
                        db.cachedStatement(sql: "SELECT id FROM event WHERE event.chart = ?1 AND \(EventName.isThat("?2"))"),
                        arguments: [id, Data(hash.bytes)]) != nil
                }
                guard let missing else { continue }
                for tip in missing.tips where tip.origin.node == present.node {
                    comparison.peerKnowsMoreOfMe = true
                    comparison.isPresentEpoch = comparison.isPresentEpoch || tip.origin == present
                }
                comparison.wants.append((heads.chart, missing.after))
            }
            return comparison
        }
    }

    /// What to read of a chart for a peer.
    public struct ReadRange: Sendable {
        /// Leave out events up to these numbers.
        public var after: VectorClock
        /// Leave out what arrived up to this number.
        public var from: Int
        /// Leave out what arrived after this number.
        public var upTo: Int
        /// Leave out what came from this peer itself.
        public var skipsOwn: Bool
        /// Stop before a commit that would exceed so many events,
        public var maxEvents: Int
        /// or so many bytes.
        public var maxBytes: Int

        /// What to read.
        public init(after: VectorClock, from: Int, upTo: Int, skipsOwn: Bool, maxEvents: Int, maxBytes: Int) {
            self.after = after
            self.from = from
            self.upTo = upTo
            self.skipsOwn = skipsOwn
            self.maxEvents = maxEvents
            self.maxBytes = maxBytes
        }
    }

    /// Events of a chart in order of arrival, whole commits only, with the heads that vouch for them.
    public struct Excerpt: Sendable {
        /// Both lines of each event.
        public var events: [(envelope: [UInt8], body: [UInt8]?)] = []
        /// Signed heads of the last events of each chain.
        public var heads: [SignedHead] = []
        /// What the events are: from where to where of each sequence, in their order.
        public var ranges: [DisclosureRecorded.Range] = []
        /// The consent that sending them relies on.
        public var consent: EventHash?
        /// Where to go on.
        public var next: Int
        /// True when all up to the end of the range was read.
        public var isAtEnd = true
    }

    /// Reads events for a peer; nil when the chart may not be sent to it on `day`.
    public func read(_ chart: ChartID, _ range: ReadRange, for peer: NodeID, on day: CalendarDay) async throws -> Excerpt? {
        let sealer = configuration.sealer
        return try await pool.read { db in
            guard let id = try Self.sharedChart(chart, with: peer, on: day, db) else { return nil }
            let source =
                range.skipsOwn
                ? try Int64.fetchOne(db, sql: "SELECT id FROM peer WHERE node = ?", arguments: [peer.description]) : nil
            var excerpt = try ExcerptReader(chart: chart, range: range, source: source, sealer: sealer).read(id, db)
            excerpt.consent = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT consent FROM share WHERE chart = ? AND node = ?"),
                arguments: [id, peer.description])?.hash("consent")
            return excerpt
        }
    }
}

extension [DisclosureRecorded.Range] {
    /// Adds an event to what the ranges hold.
    mutating func extend(with dot: Dot) {
        let index = firstIndex { $0.origin == dot.origin && $0.to == dot.seq - 1 }
        let range = DisclosureRecorded.Range(origin: dot.origin, from: index.map { self[$0].from } ?? dot.seq, to: dot.seq)
        if let index { self[index] = range } else { append(range) }
    }
}

/// Reads rows up to the last commit that fits.
private struct ExcerptReader {
    let chart: ChartID
    let range: LogStore.ReadRange
    let source: Int64?
    let sealer: Sealer

    /// So many arrivals are looked through for those of the chart: most reads are for what came a moment ago. For more, the index is asked.
    private static let few = 256
    private static let fewRows = """
        SELECT event.id, hash, envelope, source, batch, sealed FROM event LEFT JOIN body ON body.event = event.id
        WHERE +chart = ? AND event.id > ? AND event.id <= ? ORDER BY event.id
        """
    private static let manyRows = """
        WITH picked (id) AS MATERIALIZED (
            SELECT id FROM event WHERE chart = ? AND id > ? AND id <= ? ORDER BY id LIMIT -1)
        SELECT event.id, hash, envelope, source, batch, sealed
        FROM picked CROSS JOIN event ON event.id = picked.id LEFT JOIN body ON body.event = picked.id
        """

    func read(_ id: Int64, _ db: Database) throws -> LogStore.Excerpt {
        var excerpt = LogStore.Excerpt(next: range.from)
        var tips: [EventHash: (Int64, Event)] = [:]
        var pending: [(Int64, Event)] = []
        var bytes = 0
        var pendingBytes = 0
        var batch: Int64?
        func takePending() {
            for (row, event) in pending {
                excerpt.events.append((event.line, event.bodyLine?.line))
                excerpt.ranges.extend(with: event.envelope.dot)
                if let prev = event.envelope.prev { tips[prev] = nil }
                tips[event.hash] = (row, event)
                excerpt.next = Int(row)
            }
            bytes += pendingBytes
            (pending, pendingBytes) = ([], 0)
        }
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: range.upTo - range.from <= Self.few ? Self.fewRows : Self.manyRows),
            arguments: [id, range.from, range.upTo])
        let loader = RecordLoader(sealer: sealer)
        while let row = try rows.next() {
            if batch != row["batch"] {
                takePending()
                batch = row["batch"]
            }
            if let source, row["source"] == source { continue }
            let event = try loader.event(row)
            guard !range.after.covers(event.envelope.dot) else { continue }
            pending.append((row["id"], event))
            pendingBytes += event.line.count + (event.bodyLine?.line.count ?? 0)
            if excerpt.events.count + pending.count > range.maxEvents || bytes + pendingBytes > range.maxBytes {
                pending = []
                excerpt.isAtEnd = false
                break
            }
        }
        if excerpt.isAtEnd {
            takePending()
            excerpt.next = range.upTo
        }
        excerpt.heads = try tips.values.sorted { $0.0 < $1.0 }.compactMap { try head(of: $0.0, $0.1, db) }
        return excerpt
    }

    private func head(of row: Int64, _ event: Event, _ db: Database) throws -> SignedHead? {
        guard
            let stored = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT at, signature FROM head WHERE event = ?"), arguments: [row])
        else { return nil }
        return SignedHead(
            chart: chart, dot: event.envelope.dot, hash: event.hash, at: Timestamp(milliseconds: stored["at"]),
            signature: [UInt8](stored["signature"] as Data))
    }
}
