/// The first line of an event: what is signed and never erased.
///
/// It holds who wrote when, in which order and having seen what; no name, note or clinical value stands in it.
public struct Envelope: Hashable, Sendable {
    /// The chart that the event belongs to.
    public var chart: ChartID
    /// The sequence that it stands in.
    public var origin: Origin
    /// Its place there, from 1.
    public var seq: Int
    /// The origin's previous envelope in this chart; nil for the first.
    public var prev: EventHash?
    /// What the author had before them when they decided.
    public var seen: VectorClock
    /// The maximal events that the author had seen beyond what `prev` covers, ascending.
    public var after: [EventHash]
    /// The events that this one replaces, settles, refutes, acknowledges, amends or erases, ascending.
    public var refs: [EventHash]
    /// When it was recorded, by the author's wall clock: a claim, never an arbiter.
    public var at: Timestamp
    /// Who recorded it.
    public var author: AuthorID
    /// What it says.
    public var kind: Kind
    /// The version of the kind's body.
    public var version: Int
    /// True when a replica that does not know the kind must call the chart incomplete.
    public var critical: Bool
    /// The hash of the body line.
    public var body: EventHash

    /// Puts an envelope together; nothing is checked here.
    public init(
        chart: ChartID, origin: Origin, seq: Int, prev: EventHash?, seen: VectorClock, after: [EventHash],
        refs: [EventHash], at: Timestamp, author: AuthorID, kind: Kind, version: Int, critical: Bool, body: EventHash
    ) {
        self.chart = chart
        self.origin = origin
        self.seq = seq
        self.prev = prev
        self.seen = seen
        self.after = after
        self.refs = refs
        self.at = at
        self.author = author
        self.kind = kind
        self.version = version
        self.critical = critical
        self.body = body
    }

    /// The place in the origin's sequence.
    public var dot: Dot { Dot(origin: origin, seq: seq) }

    /// True when the author had seen the origin's previous event; false for a decision from an older view.
    public var seenCoversPrev: Bool { prev != nil && seen[origin] == seq - 1 }
}

extension Envelope {
    /// Reads a line of the one permitted form.
    public init(line: [UInt8]) throws(FormatError) {
        guard line.count <= Limits.lineBytes else {
            throw FormatError(field: "envelope", byte: Limits.lineBytes, reason: .lineTooLong)
        }
        self = try ByteScanner.read(line, field: "t") { scanner throws(FormatError) in try Envelope(&scanner) }
    }

    private init(_ scanner: inout ByteScanner) throws(FormatError) {
        try scanner.expect("{\"t\":\"event\",")
        try scanner.key("chart", "\"chart\":\"")
        let chart = try scanner.hash()
        try scanner.expect(UInt8(ascii: "\""))
        try scanner.key("origin", ",\"origin\":\"")
        let origin = try scanner.origin()
        try scanner.expect(UInt8(ascii: "\""))
        try scanner.key("seq", ",\"seq\":")
        let seq = try scanner.positiveInteger(atMost: Limits.sequence)
        try scanner.key("prev", ",\"prev\":")
        var prev: EventHash?
        if seq == 1 {
            try scanner.expect("null")
        } else {
            try scanner.expect(UInt8(ascii: "\""))
            prev = try scanner.hash()
            try scanner.expect(UInt8(ascii: "\""))
        }
        try scanner.key("seen", ",\"seen\":")
        let seenStart = scanner.position
        let seen = try scanner.clock()
        guard seen[origin] < seq else { throw scanner.error(.numberOutOfRange, at: seenStart) }
        try scanner.key("after", ",\"after\":")
        let after = try scanner.hashes()
        try scanner.key("refs", ",\"refs\":")
        let refs = try scanner.hashes()
        try scanner.key("at", ",\"at\":\"")
        let at = try scanner.timestamp()
        try scanner.expect(UInt8(ascii: "\""))
        try scanner.key("author", ",\"author\":\"")
        let author = try scanner.author()
        try scanner.key("kind", ",\"kind\":\"")
        let kind = try scanner.kind()
        try scanner.key("kv", ",\"kv\":")
        let version = try scanner.positiveInteger(atMost: 1_000_000)
        try scanner.key("crit", ",\"crit\":")
        let critical = scanner.isNext(UInt8(ascii: "t"))
        if critical { try scanner.expect("true") } else { try scanner.expect("false") }
        try scanner.key("body", ",\"body\":\"")
        let body = try scanner.hash()
        try scanner.expect("\"}")
        try scanner.endOfLine()
        self.init(
            chart: chart, origin: origin, seq: seq, prev: prev, seen: seen, after: after, refs: refs, at: at, author: author,
            kind: kind, version: version, critical: critical, body: body)
    }

    /// The one permitted form, without a line feed.
    public var line: [UInt8] {
        ByteWriter.write(atMost: Self.roomForFixed + author.text.utf8.count + kind.name.utf8.count + roomForPast) {
            write(to: &$0)
        }
    }

    /// Members that every envelope has, with the longest number or time in each.
    private static let roomForFixed = 512
    /// What an envelope names: each hash and each origin in quotes with a comma, and each number of a clock.
    private var roomForPast: Int {
        (after.count + refs.count) * (EventHash.textCount + 3) + seen.entries.count * (Origin.textCount + 4 + 20)
    }

    private func write(to output: inout ByteWriter) {
        output.put("{\"t\":\"event\",\"chart\":\"")
        chart.write(to: &output)
        output.put("\",\"origin\":\"")
        origin.write(to: &output)
        output.put("\",\"seq\":")
        output.put(seq)
        if let prev {
            output.put(",\"prev\":\"")
            prev.write(to: &output)
            output.put("\",\"seen\":{")
        } else {
            output.put(",\"prev\":null,\"seen\":{")
        }
        var isFirst = true
        for entry in seen.entries {
            if isFirst { output.put("\"") } else { output.put(",\"") }
            isFirst = false
            entry.origin.write(to: &output)
            output.put("\":")
            output.put(entry.seq)
        }
        output.put("},\"after\":")
        Self.write(after, to: &output)
        output.put(",\"refs\":")
        Self.write(refs, to: &output)
        output.put(",\"at\":\"")
        at.write(to: &output)
        output.put("\",\"author\":\"")
        output.put(text: author.text)
        output.put("\",\"kind\":\"")
        output.put(text: kind.name)
        output.put("\",\"kv\":")
        output.put(version)
        if critical { output.put(",\"crit\":true,\"body\":\"") } else { output.put(",\"crit\":false,\"body\":\"") }
        body.write(to: &output)
        output.put("\"}")
    }

    private static func write(_ hashes: [EventHash], to output: inout ByteWriter) {
        output.put("[")
        var isFirst = true
        for hash in hashes {
            if isFirst { output.put("\"") } else { output.put(",\"") }
            isFirst = false
            hash.write(to: &output)
            output.put("\"")
        }
        output.put("]")
    }
}

extension ByteScanner {
    /// Steps over the fixed text before a value; an error in it or in the value is said to be in `name`.
    @inline(__always)
    fileprivate mutating func key(_ name: StaticString, _ literal: StaticString) throws(FormatError) {
        field = .fixed(name)
        try expect(literal)
    }
}
