public import CareModel
public import EventLog
import Foundation
import GRDB

/// What a peer is compared with and sent. All of it is read from committed rows.
extension LogStore {
    /// The heads of those of `charts` that may be sent to `peer` on `day`.
    public func heads(of charts: [ChartID], for peer: NodeID, on day: CalendarDay) async throws -> [ChartHeads] {
        guard charts.count > Self.chartsAtAGlance else { return try headsAtAGlance(of: charts, for: peer, on: day) }
        return try await pool.read { try Self.heads(of: charts, for: peer, on: day, $0) }
    }

    /// The same of few charts, by whoever asks.
    public func headsAtAGlance(of charts: [ChartID], for peer: NodeID, on day: CalendarDay) throws -> [ChartHeads] {
        try glance { try Self.heads(of: charts, for: peer, on: day, $0) }
    }

    private static func heads(
        of charts: [ChartID], for peer: NodeID, on day: CalendarDay, _ db: Database
    ) throws -> [ChartHeads] {
        try charts.compactMap { chart in
            guard let share = try share(of: chart, with: peer, on: day, db) else { return nil }
            return try TipList.heads(of: share.chart, db)
        }
    }

    /// Those of `among`, each with the digest of its heads where it may be sent to `peer` on `day`, and nil otherwise. Also returns the arrival
    /// number that it reflects.
    public func offer(
        to peer: NodeID, on day: CalendarDay, among: Set<ChartID>
    ) throws -> (charts: [ChartID: EventHash?], arrival: Int) {
        func read(_ db: Database) throws -> (charts: [ChartID: EventHash?], arrival: Int) {
            (try Self.offered(among, to: peer, on: day, db), try Self.arrival(db))
        }
        return among.count <= Self.chartsAtAGlance ? try glance(read) : try pool.read(read)
    }

    /// Charts that may be sent to `peer` on `day`, with the digest of their heads, and the arrival number that it reflects.
    public func offer(to peer: NodeID, on day: CalendarDay) async throws -> (charts: [ChartID: EventHash?], arrival: Int) {
        try await pool.read { db in
            var charts: [ChartID: EventHash?] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT hash, digest FROM share JOIN chart ON chart.id = share.chart
                    WHERE node = ? AND (until IS NULL OR until >= ?) AND held = 0
                    """, arguments: [peer.description, day.number])
            while let row = try rows.next() {
                if let chart = ChartID(bytes: row["hash"] as Data) { charts[chart] = row.hash("digest") }
            }
            return (charts, try Self.arrival(db))
        }
    }

    static func offered(
        _ charts: Set<ChartID>, to peer: NodeID, on day: CalendarDay, _ db: Database
    ) throws -> [ChartID: EventHash?] {
        var offered: [ChartID: EventHash?] = [:]
        for chart in charts {
            offered[chart] = .some(nil)
            guard let share = try share(of: chart, with: peer, on: day, db) else { continue }
            let row = try RawStatement(cached: "SELECT digest FROM chart WHERE id = ?", db)
            try row.bind(share.chart, at: 1)
            defer { row.reset() }
            if try row.next() { offered[chart] = row.hash(0) }
        }
        return offered
    }

    private static func arrival(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM segment")) ?? 0
    }

    /// What a chart is sent to a peer by.
    struct Share {
        /// The chart's number.
        let chart: Int64
        /// The consent that it relies on.
        let consent: EventHash?
    }

    /// By what a chart may be sent to `peer` on `day`; one that is held back for now, only where it is asked for. Checked anew for every send.
    static func share(
        of chart: ChartID, with peer: NodeID, on day: CalendarDay, evenHeld: Bool = false, _ db: Database
    ) throws -> Share? {
        let row = try RawStatement(
            cached: """
                SELECT chart.id, consent FROM chart JOIN share ON share.chart = chart.id
                WHERE chart.hash = ?1 AND share.node = ?2 AND (until IS NULL OR until >= ?3) AND (?4 OR held = 0)
                """, db)
        try row.bind(chart, at: 1)
        try row.bind(peer.description, at: 2)
        try row.bind(Int64(day.number), at: 3)
        try row.bind(evenHeld ? 1 : 0, at: 4)
        defer { row.reset() }
        guard try row.next() else { return nil }
        return row.number(0).map { Share(chart: $0, consent: row.hash(1)) }
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
                let id = try SegmentChain.number(of: heads.chart, db)
                let mine = try id.map { try TipList.tips(of: $0, db) } ?? []
                let mayKnow = try Self.share(of: heads.chart, with: peer, on: day, evenHeld: true, db) != nil
                let missing = try heads.missing(with: mine, mayKnow: mayKnow) { tip in
                    // Nearly always one side is ahead. What is left to be looked for is a fork, or one who lags behind.
                    if mine.contains(tip) { return true }
                    guard mine.contains(where: { $0.origin == tip.origin && $0.seq >= tip.seq }) else { return false }
                    let dot = Dot(origin: tip.origin, seq: tip.seq)
                    return try id.map { try EventPlace.find(tip.hash, dot, in: $0, db) != nil } ?? false
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
        /// The chart.
        public var chart: ChartID
        /// Leave out events up to these numbers.
        public var after: VectorClock
        /// Leave out what arrived up to this number.
        public var from: Int
        /// Leave out what arrived after this number.
        public var upTo: Int
        /// Leave out what came from this peer itself.
        public var skipsOwn: Bool

        /// What to read.
        public init(_ chart: ChartID, after: VectorClock, from: Int, upTo: Int, skipsOwn: Bool) {
            self.chart = chart
            self.after = after
            self.from = from
            self.upTo = upTo
            self.skipsOwn = skipsOwn
        }
    }

    /// Events of a chart in order of arrival, up to the end of a commit or to where signed heads vouch for all of them, with those heads.
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

    /// Reads events for a peer, of the first charts that fit into both limits together, one at least; nil for one that may not be sent to it on
    /// `day`. No chart is read behind one that did not fit as a whole.
    public func read(
        _ ranges: [ReadRange], maxEvents: Int, maxBytes: Int, for peer: NodeID, on day: CalendarDay
    ) async throws -> [Excerpt?] {
        try await Bulk.run { [pool, configuration] in
            try pool.read { db in
                let peerRow = try Self.row(of: peer, db)
                var excerpts: [Excerpt?] = []
                var (events, bytes) = (maxEvents, maxBytes)
                for range in ranges {
                    guard let share = try Self.share(of: range.chart, with: peer, on: day, db) else {
                        excerpts.append(nil)
                        continue
                    }
                    let reader = ExcerptReader(
                        range: range, source: range.skipsOwn ? peerRow : nil, maxEvents: events, maxBytes: bytes,
                        mostSegments: .max, sealer: configuration.sealer)
                    guard let excerpt = try reader.read(share, db) else { break }
                    events -= excerpt.events.count
                    bytes -= excerpt.events.reduce(0) { $0 + $1.envelope.count + ($1.body?.count ?? 0) }
                    excerpts.append(excerpt)
                    guard excerpt.isAtEnd, events > 0, bytes > 0 else { break }
                }
                return excerpts
            }
        }
    }

    /// The same of one chart, where that takes no more than a glance; nil where it takes longer, or the chart may not be sent to the peer.
    public func readAtAGlance(
        _ range: ReadRange, maxEvents: Int, maxBytes: Int, for peer: NodeID, on day: CalendarDay
    ) throws -> Excerpt? {
        try glance { db in
            guard let share = try Self.share(of: range.chart, with: peer, on: day, db) else { return nil }
            return try ExcerptReader(
                range: range, source: range.skipsOwn ? Self.row(of: peer, db) : nil, maxEvents: maxEvents, maxBytes: maxBytes,
                mostSegments: Self.segmentsAtAGlance, sealer: configuration.sealer
            ).read(share, db)
        }
    }

    private static func row(of peer: NodeID, _ db: Database) throws -> Int64? {
        let row = try RawStatement(cached: "SELECT id FROM peer WHERE node = ?", db)
        try row.bind(peer.description, at: 1)
        defer { row.reset() }
        return try row.next() ? row.number(0) : nil
    }
}

/// Reads rows up to the last place where signed heads vouch for all of them, as far as they fit.
private struct ExcerptReader {
    let range: LogStore.ReadRange
    let source: Int64?
    let maxEvents: Int
    let maxBytes: Int
    let mostSegments: Int
    let sealer: Sealer

    /// An event as its row has it. What it says is of no concern here, so no more is read of it than where it stands in its chain.
    private struct Stored {
        let row: Int64
        let hash: EventHash
        let dot: Dot
        let prev: EventHash?
        let envelope: [UInt8]
        let body: [UInt8]?
        let head: SignedHead?

        var byteCount: Int { envelope.count + (body?.count ?? 0) }
    }

    /// - Returns: nil where there are more segments than it may look at.
    func read(_ share: LogStore.Share, _ db: Database) throws -> LogStore.Excerpt? {
        let id = share.chart
        let places = try SegmentChain.segments(
            of: id, after: Int64(range.from), upTo: Int64(range.upTo), notFrom: source, most: mostSegments, db)
        guard let places else { return nil }
        var excerpt = LogStore.Excerpt(next: range.from)
        excerpt.consent = share.consent
        var tips: [EventHash: Stored] = [:]
        var pending: [Stored] = []
        var bytes = 0
        var pendingBytes = 0
        var batch: Int64?
        // Ends of chains among what is pending for which no head vouches.
        var open: Set<EventHash> = []
        func takePending() {
            for event in pending {
                excerpt.events.append((event.envelope, event.body))
                excerpt.ranges.extend(with: event.dot)
                if let prev = event.prev { tips[prev] = nil }
                tips[event.hash] = event
                excerpt.next = Int(event.row)
            }
            bytes += pendingBytes
            (pending, pendingBytes, open) = ([], 0, [])
        }
        let row = try RawStatement(cached: "SELECT \(SegmentRow.columns) FROM segment WHERE id = ?", db)
        defer { row.reset() }
        for place in places {
            row.reset()
            try row.bind(place, at: 1)
            guard try row.next() else { throw damaged(place, "the row is gone") }
            let segment = SegmentRow(row)
            guard segment.chart == id, segment.source != nil else { throw damaged(place, "the row cannot be read") }
            if batch != segment.batch {
                takePending()
                batch = segment.batch
            }
            let events = try events(of: segment)
            for event in events {
                pending.append(event)
                pendingBytes += event.byteCount
            }
            if let prev = events.first?.prev { open.remove(prev) }
            if let last = events.last, last.head == nil { open.insert(last.hash) }
            if excerpt.events.count + pending.count > maxEvents || bytes + pendingBytes > maxBytes {
                pending = []
                excerpt.isAtEnd = false
                break
            }
            // A commit that is larger than a batch goes in pieces, each of which a receiver can check.
            if open.isEmpty { takePending() }
        }
        if excerpt.isAtEnd {
            takePending()
            excerpt.next = range.upTo
        }
        excerpt.heads = tips.values.sorted { $0.row < $1.row }.compactMap(\.head)
        return excerpt
    }

    /// The events of a segment, without those that the peer has. A byte that changed since it was stored is found: envelopes by their hashes,
    /// bodies by their seal and by the envelopes.
    private func events(of segment: SegmentRow) throws -> [Stored] {
        var events: [Stored] = []
        let isReadable = try segment.forEach(sealer) { lines in
            guard EventHash(of: lines.envelope) == lines.name, let place = EnvelopeText.place(of: lines.envelope),
                let bodyHash = EnvelopeText.body(of: lines.envelope)
            else { throw damaged(lines.place, "the envelope is not the one that was stored") }
            guard !range.after.covers(place.dot) else { return }
            var body: [UInt8]?
            switch lines.body {
            case .absent: break
            case .present(let line):
                guard EventHash(of: line) == bodyHash else {
                    throw damaged(lines.place, "the body is not the one that was stored")
                }
                body = line
            case .unreadable: throw damaged(lines.place, "the seal of the body does not open")
            }
            let head = lines.isLast ? segment.head : nil
            events.append(
                Stored(
                    row: lines.place, hash: lines.name, dot: place.dot, prev: place.prev, envelope: lines.envelope, body: body,
                    head: head.map {
                        SignedHead(chart: range.chart, dot: place.dot, hash: lines.name, at: $0.at, signature: $0.signature)
                    }))
        }
        guard isReadable else { throw damaged(segment.id, "the row cannot be read") }
        return events
    }

    private func damaged(_ row: Int64, _ what: String) -> LogStoreError {
        LogStoreError(.damaged, "arrival \(row): \(what); run: duolog audit verify")
    }
}
