import EventLog

/// A line as it comes off the wire.
public enum WireLine: Hashable, Sendable {
    /// The first line of an event.
    case envelope([UInt8])
    /// The second line of an event.
    case body([UInt8])
    /// A control line.
    case message(Message)
}

/// Control lines to JSON and back. One message is one flat object whose `t` names it.
public enum MessageCodec {
    private static let envelopeStart = Array("{\"t\":\"event\"".utf8)
    private static let bodyStart = Array("{\"salt\":".utf8)

    /// Tells what a line is. Event and body lines are only recognised here; admission reads them.
    public static func decode(_ line: [UInt8]) throws(Message.WireError) -> WireLine {
        if line.starts(with: envelopeStart) { return .envelope(line) }
        if line.starts(with: bodyStart) { return .body(line) }
        do {
            try JSONText.check(line, atMost: ReplicationLimits.lineBytes)
            return .message(try LineDecoder.decode(Message.self, from: line))
        } catch {
            throw Message.WireError(.malformed, "no line of this protocol (\(line.count) bytes)")
        }
    }

    /// The line of a message, without a line feed. Keys are sorted, so equal messages are equal bytes.
    public static func encode(_ message: Message) -> [UInt8] {
        // A message holds strings and integers only, for which encoding does not fail; an empty line would end the session.
        return (try? LineEncoder.encode(message)) ?? []
    }
}

extension Message: Codable {
    private enum Name: String {
        case hello, root, same, differs, buckets, open, heads, want, total, head, body, commit, credit, receipt
        case removed, mark, noted, refused, ping, pong, error
    }

    private enum Keys: String, CodingKey {
        case t, root, hashes, buckets, bytes, n, absent
        case chart, origin, seq, hash, at, sig, receiver, instance, removed, removal
    }

    /// Reads one flat object.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        switch try Self.read(.t, fields, { Name(rawValue: $0) }) {
        case .hello: self = .hello(try Hello(from: decoder))
        case .root: self = .root(try Self.hash(.root, fields))
        case .same: self = .same
        case .differs: self = .differs
        case .buckets: self = .buckets(try Self.words(fields.decode(String.self, forKey: .hashes), fields))
        case .open: self = .open(try fields.decode([Int].self, forKey: .buckets))
        case .heads: self = .heads(try Heads(from: decoder))
        case .want: self = .want(try Want(from: decoder))
        case .total: self = .total(try Total(from: decoder))
        case .head: self = .head(try Self.signedHead(fields))
        case .body: self = .absent(try Self.hash(.absent, fields))
        case .commit: self = .commit(try Commit(from: decoder))
        case .credit: self = .credit(try fields.decode(Int.self, forKey: .bytes))
        case .receipt: self = .receipt(try Self.receipt(fields))
        case .removed: self = .removed(try Self.notice(fields))
        case .mark: self = .mark(try fields.decode(Int.self, forKey: .n))
        case .noted: self = .noted(try fields.decode(Int.self, forKey: .n))
        case .refused: self = .refused(try Refused(from: decoder))
        case .ping: self = .ping
        case .pong: self = .pong
        case .error: self = .error(try WireError(from: decoder))
        }
    }

    /// Writes one flat object.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Keys.self)
        func name(_ name: Name) throws { try fields.encode(name.rawValue, forKey: .t) }
        switch self {
        case .hello(let hello):
            try name(.hello)
            try hello.encode(to: encoder)
        case .root(let root):
            try name(.root)
            try fields.encode(root.description, forKey: .root)
        case .same: try name(.same)
        case .differs: try name(.differs)
        case .buckets(let words):
            try name(.buckets)
            // A thousand words: as one piece of memory.
            let bytes = words.map { $0.bigEndian }.withUnsafeBytes { Base64URL.encode($0) }
            try fields.encode(bytes, forKey: .hashes)
        case .open(let buckets):
            try name(.open)
            try fields.encode(buckets, forKey: .buckets)
        case .heads(let heads):
            try name(.heads)
            try heads.encode(to: encoder)
        case .want(let want):
            try name(.want)
            try want.encode(to: encoder)
        case .total(let total):
            try name(.total)
            try total.encode(to: encoder)
        case .head(let head):
            try name(.head)
            try Self.encode(chart: head.chart, dot: head.dot, hash: head.hash, to: &fields)
            try Self.encode(at: head.at, signature: head.signature, to: &fields)
        case .absent(let hash):
            try name(.body)
            try fields.encode(hash.description, forKey: .absent)
        case .commit(let commit):
            try name(.commit)
            try commit.encode(to: encoder)
        case .credit(let bytes):
            try name(.credit)
            try fields.encode(bytes, forKey: .bytes)
        case .receipt(let receipt):
            try name(.receipt)
            try Self.encode(chart: receipt.chart, dot: receipt.dot, hash: receipt.hash, to: &fields)
            try fields.encode(receipt.receiver.description, forKey: .receiver)
            try fields.encode(String(receipt.instance), forKey: .instance)
            try Self.encode(at: receipt.at, signature: receipt.signature, to: &fields)
        case .removed(let notice):
            try name(.removed)
            try fields.encode(notice.chart.description, forKey: .chart)
            try fields.encode(notice.removed.description, forKey: .removed)
            try fields.encode(notice.removal.description, forKey: .removal)
            try Self.encode(at: notice.at, signature: notice.signature, to: &fields)
        case .mark(let number):
            try name(.mark)
            try fields.encode(number, forKey: .n)
        case .noted(let number):
            try name(.noted)
            try fields.encode(number, forKey: .n)
        case .refused(let refused):
            try name(.refused)
            try refused.encode(to: encoder)
        case .ping: try name(.ping)
        case .pong: try name(.pong)
        case .error(let error):
            try name(.error)
            try error.encode(to: encoder)
        }
    }

    // MARK: Signed statements

    private static func encode(
        chart: ChartID, dot: Dot, hash: EventHash, to fields: inout KeyedEncodingContainer<Keys>
    ) throws {
        try fields.encode(chart.description, forKey: .chart)
        try fields.encode(dot.origin.description, forKey: .origin)
        try fields.encode(dot.seq, forKey: .seq)
        try fields.encode(hash.description, forKey: .hash)
    }

    private static func encode(
        at: Timestamp, signature: [UInt8], to fields: inout KeyedEncodingContainer<Keys>
    ) throws {
        try fields.encode(at.description, forKey: .at)
        try fields.encode(Base64URL.encode(signature), forKey: .sig)
    }

    /// Reads a text without a decoder of its own: most lines are statements, of many short texts each.
    private static func read<Value>(
        _ key: Keys, _ fields: KeyedDecodingContainer<Keys>, _ value: (String) -> Value?
    ) throws -> Value {
        guard let value = value(try fields.decode(String.self, forKey: key)) else {
            throw corrupt(key, "not of its form", fields)
        }
        return value
    }

    private static func hash(_ key: Keys, _ fields: KeyedDecodingContainer<Keys>) throws -> EventHash {
        try read(key, fields) { EventHash($0) }
    }

    private static func dot(_ fields: KeyedDecodingContainer<Keys>) throws -> Dot {
        let seq = try fields.decode(Int.self, forKey: .seq)
        guard (1...Limits.sequence).contains(seq) else { throw corrupt(.seq, "not a sequence number", fields) }
        return Dot(origin: try read(.origin, fields) { Origin($0) }, seq: seq)
    }

    private static func at(_ fields: KeyedDecodingContainer<Keys>) throws -> Timestamp {
        try read(.at, fields) { Timestamp($0) }
    }

    private static func signature(_ fields: KeyedDecodingContainer<Keys>) throws -> [UInt8] {
        guard let bytes = Base64URL.decode(try fields.decode(String.self, forKey: .sig).utf8), bytes.count == 64 else {
            throw corrupt(.sig, "not a signature (64 bytes, base64url)", fields)
        }
        return bytes
    }

    private static func signedHead(_ fields: KeyedDecodingContainer<Keys>) throws -> SignedHead {
        SignedHead(
            chart: try hash(.chart, fields), dot: try dot(fields), hash: try hash(.hash, fields), at: try at(fields),
            signature: try signature(fields))
    }

    private static func receipt(_ fields: KeyedDecodingContainer<Keys>) throws -> Receipt {
        Receipt(
            receiver: try read(.receiver, fields) { NodeID($0) }, instance: try read(.instance, fields) { UInt64($0) },
            chart: try hash(.chart, fields), dot: try dot(fields), hash: try hash(.hash, fields), at: try at(fields),
            signature: try signature(fields))
    }

    private static func notice(_ fields: KeyedDecodingContainer<Keys>) throws -> RemovalNotice {
        RemovalNotice(
            chart: try hash(.chart, fields), removed: try read(.removed, fields) { NodeID($0) },
            removal: try hash(.removal, fields), at: try at(fields), signature: try signature(fields))
    }

    private static func words(_ text: String, _ fields: KeyedDecodingContainer<Keys>) throws -> [UInt64] {
        guard let bytes = Base64URL.decode(text.utf8), bytes.count == ReplicationLimits.buckets * 8 else {
            throw corrupt(.hashes, "not 1,024 bucket hashes", fields)
        }
        return stride(from: 0, to: bytes.count, by: 8).map { word(bytes[$0..<$0 + 8]) }
    }

    private static func corrupt(
        _ key: Keys, _ what: String, _ fields: KeyedDecodingContainer<Keys>
    ) -> DecodingError {
        .dataCorruptedError(forKey: key, in: fields, debugDescription: what)
    }
}

extension Message.Bucket {
    /// A bucket by its number and the first word of its hash.
    init(index: Int, word: UInt64) {
        self.init(index: index, hash: Base64URL.encode(bigEndian(word)))
    }

    /// The first word of its hash, or nil when the text is not one.
    var word: UInt64? {
        guard let bytes = Base64URL.decode(hash.utf8), bytes.count == 8 else { return nil }
        return Replication.word(bytes[...])
    }
}

private func bigEndian(_ word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }

private func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
