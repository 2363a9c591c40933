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
            if let message = try LineFields(line).flatMap({ try Message($0) }) { return .message(message) }
        } catch {}
        throw Message.WireError(.malformed, "no line of this protocol (\(line.count) bytes)")
    }

    /// The line of a message, without a line feed. Keys are sorted, so equal messages are equal bytes.
    public static func encode(_ message: Message) -> [UInt8] {
        switch message {
        // What goes with every event is written as it is.
        case .head(let head): head.line
        case .receipt(let receipt): receipt.line
        // A message holds strings and integers only, for which encoding does not fail; an empty line would end the session.
        default: (try? LineEncoder.encode(Line(message: message))) ?? []
        }
    }
}

private enum Name: String {
    case hello, root, same, differs, buckets, open, heads, want, total, head, body, commit, credit, receipt
    case removed, mark, noted, refused, ping, pong, error
}

extension Message {
    /// Reads one flat object; nil where a member that the message needs is missing, or has another form.
    fileprivate init?(_ fields: LineFields) throws {
        let message: Message? =
            switch fields.string("t").flatMap({ Name(rawValue: $0) }) {
            case .hello: .hello(try fields.decode(Hello.self))
            case .root: fields.hash("root").map { .root($0) }
            case .same: .same
            case .differs: .differs
            case .buckets: fields.base64URL("hashes").flatMap { words($0) }.map { .buckets($0) }
            case .open: .open(try fields.decode(Open.self).buckets)
            case .heads: .heads(try fields.decode(Heads.self))
            case .want: .want(try fields.decode(Want.self))
            case .total: .total(try fields.decode(Total.self))
            case .head: SignedHead(fields).map { .head($0) }
            case .body: fields.hash("absent").map { .absent($0) }
            case .commit: Commit(fields).map { .commit($0) }
            case .credit: fields.int("bytes").map { .credit($0) }
            case .receipt: Receipt(fields).map { .receipt($0) }
            case .removed: RemovalNotice(fields).map { .removed($0) }
            case .mark: fields.int("n").map { .mark($0) }
            case .noted: fields.int("n").map { .noted($0) }
            case .refused: .refused(try fields.decode(Refused.self))
            case .ping: .ping
            case .pong: .pong
            case .error: .error(try fields.decode(WireError.self))
            case nil: nil
            }
        guard let message else { return nil }
        self = message
    }

    private struct Open: Decodable { let buckets: [Int] }
}

/// A message that says itself what its members are.
private struct Line: Encodable {
    let message: Message

    private enum Keys: String, CodingKey {
        case t, root, hashes, buckets, bytes, n, absent, chart, removed, removal, at, sig
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Keys.self)
        func name(_ name: Name) throws { try fields.encode(name.rawValue, forKey: .t) }
        switch message {
        // Written as they are.
        case .head, .receipt: return
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
        case .absent(let hash):
            try name(.body)
            try fields.encode(hash.description, forKey: .absent)
        case .commit(let commit):
            try name(.commit)
            try commit.encode(to: encoder)
        case .credit(let bytes):
            try name(.credit)
            try fields.encode(bytes, forKey: .bytes)
        case .removed(let notice):
            try name(.removed)
            try fields.encode(notice.chart.description, forKey: .chart)
            try fields.encode(notice.removed.description, forKey: .removed)
            try fields.encode(notice.removal.description, forKey: .removal)
            try fields.encode(notice.at.description, forKey: .at)
            try fields.encode(Base64URL.encode(notice.signature), forKey: .sig)
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

private func words(_ bytes: [UInt8]) -> [UInt64]? {
    guard bytes.count == ReplicationLimits.buckets * 8 else { return nil }
    return stride(from: 0, to: bytes.count, by: 8).map { word(bytes[$0..<$0 + 8]) }
}

private func bigEndian(_ word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }

private func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
