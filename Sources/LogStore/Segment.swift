import EventLog
import Glibc

/// An event on its way to the disk. One for all who need it: a copy of an event counts references to each of its parts.
final class EventRow: Sendable {
    let chart: Int64
    let event: Event
    /// Nil for one that is permitted.
    let verdict: String?
    /// The peer that it came from, nil for this node itself.
    let source: Source?
    /// That came with it.
    let head: SignedHead?
    /// Of both lines.
    let byteCount: Int

    struct Source: Hashable, Sendable {
        /// The row of the peer.
        let row: Int64
        let node: NodeID
    }

    init(chart: Int64, event: Event, verdict: String?, source: Source?, head: SignedHead?) {
        (self.chart, self.event, self.verdict, self.source, self.head) = (chart, event, verdict, source, head)
        byteCount = event.line.count + (event.bodyLine?.line.count ?? 0)
    }
}

/// Events of one chain that one commit stores next to each other: they lie in one row, sealed once, and share whom they came from and what
/// was decided on them. At most the last has a signed head. An event that is alone in its commit is a segment by itself.
///
/// A row, a seal and an entry of the index for each event were most of what a batch cost, in time and in bytes.
final class Segment {
    /// Whoever wants one event reads all of its segment, so there is a bound,
    static let mostEvents = 64
    /// also in bytes, unless a single event is larger.
    private static let mostBytes = 64 * 1024

    let origin: Int64
    private(set) var rows: [EventRow]
    private var byteCount: Int
    /// What this node wrote before it in its commit and chart, and no head vouches for yet.
    private let unsignedBefore: Unsigned
    /// The arrival number of its first event; 0 while it may still grow.
    var first: Int64 = 0
    /// The segment before it in its chart; 0 for none.
    var before: Int64 = 0
    /// True where this node is to sign its last event.
    var mustSign = false
    /// The head of its last event.
    var head: SignedHead?

    /// What no head vouches for can only be sent with what follows it: so there is a bound, well below a batch.
    struct Unsigned {
        private static let mostBytes = 1024 * 1024

        fileprivate(set) var events = 0
        fileprivate(set) var bytes = 0

        var isFull: Bool { events >= Limits.eventsPerSignedHead || bytes >= Self.mostBytes }
    }

    init(_ row: EventRow, origin: Int64, unsignedBefore: Unsigned = Unsigned()) {
        self.origin = origin
        self.unsignedBefore = unsignedBefore
        rows = [row]
        byteCount = row.byteCount
        head = row.head
    }

    var chart: Int64 { rows[0].chart }
    var source: EventRow.Source? { rows[0].source }
    var verdict: String? { rows[0].verdict }
    var last: EventRow { rows[rows.count - 1] }
    /// The arrival number of its last event: its row's own.
    var id: Int64 { first + Int64(rows.count) - 1 }

    /// What this node wrote, up to its end, and no head vouches for yet, where the next one goes on with the sequence.
    var unsigned: Unsigned {
        guard source == nil, head == nil, !mustSign else { return Unsigned() }
        return Unsigned(events: unsignedBefore.events + rows.count, bytes: unsignedBefore.bytes + byteCount)
    }

    /// True where an event goes on with its sequence, as one of this node.
    func isFollowed(by row: EventRow) -> Bool {
        let (event, next) = (last.event, row.event.envelope)
        return next.origin == event.envelope.origin && next.seq == event.envelope.seq + 1 && next.prev == event.hash
            && row.source == source
    }

    /// Takes an event in where it belongs to this segment, and there is room.
    func take(_ row: EventRow) -> Bool {
        guard head == nil, rows.count < Self.mostEvents, byteCount + row.byteCount <= Self.mostBytes,
            !unsigned.isFull, row.verdict == verdict, isFollowed(by: row)
        else { return false }
        rows.append(row)
        byteCount += row.byteCount
        head = row.head
        return true
    }
}

/// Lines that lie behind each other, with a line feed between them, which no line holds. One that is not there is empty.
enum JoinedLines {
    static let separator = UInt8(ascii: "\n")

    static func join(_ lines: some Collection<[UInt8]?>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(0) { $0 + ($1?.count ?? 0) + 1 })
        for (index, line) in lines.enumerated() {
            if index > 0 { bytes.append(separator) }
            if let line { bytes.append(contentsOf: line) }
        }
        return bytes
    }

    /// Where each of so many lines lies in a part of `bytes`; nil where there are not so many.
    static func split(_ part: Range<Int>, of bytes: [UInt8], into count: Int) -> [Range<Int>]? {
        guard count > 1 else { return count == 1 ? [part] : nil }
        var lines: [Range<Int>] = []
        lines.reserveCapacity(count)
        var start = part.lowerBound
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            while let found = memchr(base + start, Int32(separator), part.upperBound - start) {
                let index = UnsafeRawPointer(found) - base
                lines.append(start..<index)
                start = index + 1
            }
        }
        lines.append(start..<part.upperBound)
        return lines.count == count ? lines : nil
    }
}
