import Crypto
import Dispatch
import EventLog
import Foundation
import GRDB
import Synchronization

/// Gathers the events of a transaction into segments, and seals, signs and inserts them behind its back: while one core decides on the next
/// events, another stores the last.
///
/// The connection is used by one thread at a time all the same: whoever wants it asks ``Transaction/db``, which waits until nothing is
/// under way. A few events are stored where they are decided on, since handing them over would take longer.
final class SegmentWriter {
    /// Heads that are worth another thread's time.
    private static let headsEach = 4

    /// What closes a commit.
    struct End {
        let at: Timestamp
        let chain: [UInt8]
        /// To whom the commit is sent at once, by the lines of ``ArrivalChain/Account``; nil for nobody.
        let accounts: [UInt8]?
    }

    /// How far it was when a job began.
    struct Mark {
        fileprivate let segments: Int
        fileprivate let lastEvent: Int64
        fileprivate let tails: [Int64: SegmentChain.Tail]
    }

    private let store: SegmentStore
    /// For the rows of charts: used by one thread at a time.
    let chartRows: ChartRow.Statement
    private let queue: DispatchQueue
    /// The segment of each chart that may still grow, and the charts in the order in which theirs began.
    private var open: [Int64: Segment] = [:]
    private var order: [Int64] = []
    private let line = SegmentLine()
    private var isUnderWay = false
    private let failure = Mutex<(any Error)?>(nil)
    /// Those that have their place in the order of arrival.
    private var placed: [Segment] = []
    /// Where the charts end that it writes to.
    private(set) var tails: [Int64: SegmentChain.Tail] = [:]
    /// The last arrival number that was given.
    private(set) var lastEvent: Int64

    /// - Parameters:
    ///   - batch: the number of the commit.
    ///   - lastEvent: the last arrival number before it.
    ///   - sign: signs the head of an event.
    init(
        _ db: Database, sealer: Sealer, queue: DispatchQueue, batch: Int64, lastEvent: Int64,
        sign: @escaping @Sendable (Event) throws -> SignedHead
    ) throws {
        chartRows = try ChartRow.Statement(db)
        store = try SegmentStore(db, sealer: sealer, batch: batch, sign: sign)
        self.queue = queue
        self.lastEvent = lastEvent
    }

    /// True where there is nothing to store, and was nothing.
    var isEmpty: Bool { placed.isEmpty && open.isEmpty }

    /// Events that it stores: this node's, and others'.
    var counts: (own: Int, others: Int) {
        placed.reduce(into: (0, 0)) { counts, segment in
            if segment.source == nil { counts.0 += segment.rows.count } else { counts.1 += segment.rows.count }
        }
    }

    // MARK: Gathering

    /// Charts of which a segment may still grow.
    var openCharts: Int { open.count }

    /// True once it has been told where a chart ends.
    func knowsTail(of chart: Int64) -> Bool { tails[chart] != nil }

    /// Tells it which segment is the last of a chart; before the first event of that chart.
    func begin(_ chart: Int64, after last: Int64) { tails[chart] = SegmentChain.Tail(last: last) }

    /// What the row of a chart is to say of the segments that have their place, and does not say yet.
    func takeTail(of chart: Int64) -> SegmentChain.Tail? {
        guard let tail = tails[chart], tail.unsaidEvents > 0 else { return nil }
        tails[chart] = SegmentChain.Tail(last: tail.last)
        return tail
    }

    /// The same of a chart all of whose events have their place; nil for any other.
    func takePlacedTail(of chart: Int64) -> SegmentChain.Tail? { open[chart] == nil ? takeTail(of: chart) : nil }

    /// Takes a row, which is stored at the latest with the commit.
    func add(_ row: EventRow, origin: Int64) {
        guard let segment = open[row.chart] else {
            open[row.chart] = Segment(row, origin: origin)
            order.append(row.chart)
            return
        }
        if segment.take(row) { return }
        let goesOn = segment.isFollowed(by: row) && !segment.unsigned.isFull
        // Asked before: once it has its place, the other thread may be signing it.
        let unsigned = goesOn ? segment.unsigned : Segment.Unsigned()
        place(segment, signing: !goesOn)
        open[row.chart] = Segment(row, origin: origin, unsignedBefore: unsigned)
    }

    /// Gives a segment its place in the order of arrival; it does not grow any more.
    private func place(_ segment: Segment, signing: Bool) {
        number(segment, signing: signing)
        if line.append(segment) { wake() }
    }

    private func wake() {
        isUnderWay = true
        queue.begin { [self] in storeLine() }
    }

    private func number(_ segment: Segment, signing: Bool) {
        segment.first = lastEvent + 1
        lastEvent = segment.id
        segment.mustSign = signing && segment.source == nil
        var tail = tails[segment.chart] ?? SegmentChain.Tail(last: 0)
        segment.before = tail.last
        if tail.last == 0 { tail.first = segment.id }
        tail.last = segment.id
        tail.unsaidEvents += segment.rows.count
        tails[segment.chart] = tail
        placed.append(segment)
    }

    /// Lets all events of a chart be stored: they are about to be read.
    func place(_ chart: Int64) {
        guard let segment = open.removeValue(forKey: chart) else { return }
        order.removeAll { $0 == chart }
        place(segment, signing: true)
    }

    /// Lets all events be stored, but those of the last so many charts.
    func placeAll(but kept: Int = 0) {
        let charts = order.dropLast(kept)
        order.removeFirst(charts.count)
        for chart in charts {
            if let segment = open.removeValue(forKey: chart) { place(segment, signing: true) }
        }
    }

    // MARK: Storing

    /// Lets the rows of charts be written beside the signing.
    func write(_ rows: [ChartRow]) {
        if line.append(rows) { wake() }
    }

    /// Signs and stores what there is; rests where others sign what comes next.
    private func storeLine() {
        carefully {
            while true {
                switch line.turn() {
                case .sign(let index, let segment): try sign(segment, index)
                case .store(let segments): try store.insert(segments)
                case .write(let rows): for row in rows { try chartRows.write(row) }
                case .rest: return
                }
            }
        }
    }

    /// Signs what nobody else has begun to.
    private func signLine() { carefully { while let (index, segment) = line.claim() { try sign(segment, index) } } }

    private func sign(_ segment: Segment, _ index: Int) throws {
        segment.head = try store.sign(segment.last.event)
        line.noteSigned(index)
    }

    /// What goes wrong stops both threads.
    private func carefully(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            failure.withLock { $0 = $0 ?? error }
            line.stop()
        }
    }

    private func wait() {
        if isUnderWay { queue.sync {} }
        isUnderWay = false
    }

    /// Returns once all segments are stored that have their place; throws where one could not be.
    func finish() throws {
        // One core is left to the thread that stores.
        let helpers = min(line.unclaimed / Self.headsEach, Cores.count - 1)
        if helpers > 1 { DispatchQueue.concurrentPerform(iterations: helpers) { _ in signLine() } } else { signLine() }
        wait()
        storeLine()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Stores what is left, the last with the end of the commit.
    ///
    /// - Parameter end: makes it of all events of the commit, in their order.
    /// - Returns: the end.
    func close(_ end: ([ArrivalChain.Entry]) -> End) throws -> End {
        placeAll(but: 1)
        let last = order.first.flatMap { open.removeValue(forKey: $0) }
        order = []
        try finish()
        if let last {
            number(last, signing: true)
            if last.mustSign { last.head = try store.sign(last.last.event) }
        }
        let closing = end(entries)
        if let last {
            try store.insert([last], end: closing)
        } else {
            try store.end(closing, at: lastEvent)
        }
        return closing
    }

    private var entries: [ArrivalChain.Entry] {
        var entries: [ArrivalChain.Entry] = []
        entries.reserveCapacity(placed.reduce(0) { $0 + $1.rows.count })
        for segment in placed {
            for row in segment.rows { entries.append(ArrivalChain.Entry(event: row.event.hash, source: row.source?.node)) }
            entries[entries.count - 1].head = segment.head.map { ArrivalChain.Entry.Head($0) }
        }
        return entries
    }

    /// What has its place of a chart, where that is one segment.
    func onlySegment(of chart: Int64) -> Segment? {
        var found: Segment?
        for segment in placed where segment.chart == chart {
            guard found == nil else { return nil }
            found = segment
        }
        return found
    }

    // MARK: Undoing

    /// Gives up the segments, once they are stored: nobody asks for them any more.
    func takeSegments() -> [Segment] {
        line.clear()
        defer { placed = [] }
        return placed
    }

    var mark: Mark { Mark(segments: placed.count, lastEvent: lastEvent, tails: tails) }

    /// True where a segment could not be stored.
    var hasFailed: Bool { failure.withLock { $0 } != nil }

    /// Forgets what came after a mark, and what went wrong: it is being undone.
    func abandon(after mark: Mark) {
        line.stop()
        wait()
        line.clear()
        (open, order) = ([:], [])
        placed.removeLast(placed.count - mark.segments)
        (lastEvent, tails) = (mark.lastEvent, mark.tails)
        failure.withLock { $0 = nil }
    }
}

// What is changed is changed by the writer only; what the other thread reads is handed to it. The head of a segment is set by whoever claimed it
// from the line, and read once that is noted there.
extension SegmentWriter: @unchecked Sendable {}
extension Segment: @unchecked Sendable {}

/// Prepared by the writer, used by one thread at a time.
private struct SegmentStore {
    private let row: RawStatement
    private let db: Database
    private let sealer: Sealer
    private let batch: Int64
    /// Signs a head of this node.
    let sign: @Sendable (Event) throws -> SignedHead

    init(
        _ db: Database, sealer: Sealer, batch: Int64, sign: @escaping @Sendable (Event) throws -> SignedHead
    ) throws {
        row = try RawStatement(
            cached: """
                INSERT INTO segment (id, before, count, chart, origin, seq, source, batch, form, stored, chain, verdict, signed, signature,
                    names, envelopes, bodies, accounts)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, \(ArrivalChain.Form.accounts.rawValue), ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """, db)
        (self.db, self.sealer, self.batch, self.sign) = (db, sealer, batch, sign)
    }

    /// - Parameter end: stands beside the last of them.
    func insert(_ segments: [Segment], end: SegmentWriter.End? = nil) throws {
        let nonces = try sealer.nonces(segments.count)
        for (index, (segment, nonce)) in zip(segments, nonces).enumerated() {
            try insert(segment, nonce, index == segments.count - 1 ? end : nil)
        }
    }

    private func insert(_ segment: Segment, _ nonce: AES.GCM.Nonce, _ end: SegmentWriter.End?) throws {
        let (rows, name) = (segment.rows, segment.last.event.hash)
        try row.bind(segment.id, at: 1)
        try row.bind(segment.before, at: 2)
        try row.bind(Int64(rows.count), at: 3)
        try row.bind(segment.chart, at: 4)
        try row.bind(segment.origin, at: 5)
        try row.bind(Int64(rows[0].event.envelope.seq), at: 6)
        try row.bind(segment.source?.row ?? 0, at: 7)
        try row.bind(batch, at: 8)
        try row.bind(optional: end.map { Int64($0.at.milliseconds) }, at: 9)
        try row.bind(optional: end?.chain, at: 10)
        try row.bind(segment.verdict, at: 11)
        try row.bind(optional: segment.head.map { Int64($0.at.milliseconds) }, at: 12)
        try row.bind(optional: segment.head?.signature, at: 13)
        try row.bind(optional: end?.accounts, at: 17)
        if rows.count == 1 {
            let sealed = try rows[0].event.bodyLine.map { try sealer.seal($0.line, of: name, under: nonce) }
            try name.withBytes { names in
                try rows[0].event.line.withUnsafeBytes { try run(names, $0, sealed) }
            }
        } else {
            var names: [UInt8] = []
            names.reserveCapacity(rows.count * EventHash.byteCount)
            for row in rows { row.event.hash.withBytes { names.append(contentsOf: $0) } }
            let bodies = rows.map { $0.event.bodyLine?.line }
            let hasBodies = bodies.contains { $0 != nil }
            let sealed = hasBodies ? try sealer.seal(JoinedLines.join(bodies), of: name, under: nonce) : nil
            let envelopes = JoinedLines.join(rows.map(\.event.line))
            try names.withUnsafeBytes { names in try envelopes.withUnsafeBytes { try run(names, $0, sealed) } }
        }
    }

    private func run(_ names: UnsafeRawBufferPointer, _ envelopes: UnsafeRawBufferPointer, _ sealed: Data?) throws {
        try row.bind(borrowed: names, at: 14)
        try row.bind(borrowed: envelopes, at: 15)
        guard let sealed else {
            try row.bind(optional: [UInt8]?.none, at: 16)
            return try row.run()
        }
        try sealed.withUnsafeBytes { sealed in
            try row.bind(borrowed: sealed, at: 16)
            try row.run()
        }
    }

    /// Closes a commit whose last segment is stored already.
    func end(_ end: SegmentWriter.End, at id: Int64) throws {
        let update = try RawStatement(cached: "UPDATE segment SET stored = ?, chain = ?, accounts = ? WHERE id = ?", db)
        try update.bind(Int64(end.at.milliseconds), at: 1)
        try update.bind(end.chain, at: 2)
        try update.bind(optional: end.accounts, at: 3)
        try update.bind(id, at: 4)
        try update.run()
    }
}
