import EventLog
import Replication
import TestSupport

/// A chart with one writer. Its events have the right form and say nothing: a session looks no further.
struct PlainChart {
    static let key = Writer.key(from: [UInt8](repeating: 1, count: 32))

    let id: ChartID
    let origin: Origin
    private let events: [Event]

    init(_ number: Int, events count: Int = 1) throws {
        let id = EventHash(of: Array("chart \(number)".utf8))
        let origin = Origin(node: Self.key.node, epoch: 1)
        var events: [Event] = []
        for seq in 1...count {
            events.append(try Self.event(id, Dot(origin: origin, seq: seq), after: events.last))
        }
        (self.id, self.origin, self.events) = (id, origin, events)
    }

    private static func event(_ chart: ChartID, _ dot: Dot, after last: Event?) throws -> Event {
        let time = Timestamp(milliseconds: 1_925_000_000_000 + dot.seq)
        let body = try BodyLine(
            salt: Array(EventHash(of: Array("\(chart) \(dot)".utf8)).bytes.prefix(BodyLine.saltBytes)),
            when: ClinicalTime(instant: time, offsetMinutes: 0), members: Array("{}".utf8))
        return Event(
            envelope: Envelope(
                chart: chart, origin: dot.origin, seq: dot.seq, prev: last?.hash,
                seen: VectorClock([(dot.origin, dot.seq - 1)]), after: [], refs: [], at: time, author: .node,
                kind: "note.taken", version: 1, critical: false, body: body.hash),
            body: body)
    }

    /// The clock of somebody who holds the first `count` events.
    func clock(_ count: Int) -> VectorClock { VectorClock([(origin, count)]) }

    /// The heads of the first `count` events; of all of them where nil.
    func heads(_ count: Int? = nil) -> ChartHeads {
        let last = events.prefix(count ?? events.count).last
        return ChartHeads(chart: id, tips: last.map { [Tip(origin: origin, seq: $0.envelope.seq, hash: $0.hash)] } ?? [])
    }

    /// Events by their numbers from 0, with the head that vouches for them.
    func run(_ range: Range<Int>) throws -> ChartRun {
        let head = try events[range].last.map { try SignedHead(signing: $0, at: $0.envelope.at, with: Self.key) }
        return ChartRun(
            chart: id, events: events[range].map { EventLines(envelope: $0.line, body: $0.bodyLine?.line) },
            heads: head.map { [$0] } ?? [])
    }

    func run() throws -> ChartRun { try run(0..<events.count) }
}

extension ChartRun {
    /// Bytes that count against credit.
    var byteCount: Int { events.reduce(0) { $0 + $1.byteCount } }
}

extension [PlainChart] {
    /// All of it as an offer, every event in the order of the charts.
    func offer(arrival: Int) -> Offer { Offer(charts: digests, arrival: arrival) }

    var digests: [ChartID: EventHash?] { Dictionary(uniqueKeysWithValues: map { ($0.id, $0.heads().digest) }) }
}

extension ChartHeads {
    /// Heads of a chart with many writers, of which each wrote up to `seq`.
    static func many(_ number: Int, writers: Int, seq: Int = 1) -> ChartHeads {
        ChartHeads(
            chart: EventHash(of: Array("chart \(number)".utf8)),
            tips: (0..<writers).map {
                Tip(
                    origin: Origin(node: PlainChart.key.node, epoch: UInt64($0)), seq: seq,
                    hash: EventHash(of: Array("tip \($0)".utf8)))
            })
    }
}
