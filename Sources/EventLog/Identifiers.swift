/// Crockford's base 32 in lower case: its letters ascend like their values, so text and bits sort alike.
enum Base32 {
    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        alphabet.withUTF8Buffer { for (value, letter) in $0.enumerated() { table[Int(letter)] = UInt8(value) } }
        return table
    }()

    /// Writes the `letters` lowest groups of five bits, the highest first.
    @inline(__always)
    static func write(_ value: UInt64, letters: Int, to output: inout ByteWriter) {
        let alphabet = alphabet.utf8Start
        output.fill(letters) { text in
            for index in 0..<letters { text[index] = alphabet[Int(value &>> UInt64((letters - 1 - index) * 5) & 31)] }
        }
    }

    /// The value of at most twelve letters, or nil when one of them is not in the alphabet.
    static func decode(_ letters: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        values.withUnsafeBufferPointer { values in
            var (value, all): (UInt64, UInt8) = (0, 0)
            for letter in letters {
                let digit = values[Int(letter)]
                all |= digit
                value = value << 5 | UInt64(digit & 31)
            }
            // Only what is no letter of the alphabet has more than five bits.
            return all < 32 ? value : nil
        }
    }
}

extension Collection<UInt8> {
    /// Reads the letters in place where they stand in one piece of memory.
    fileprivate func read<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        withContiguousStorageIfAvailable(body) ?? Array(self).withUnsafeBufferPointer(body)
    }
}

/// The short id of a node: the first 80 bits of the SHA-256 of its public key, as 16 letters.
public struct NodeID: Hashable, Comparable, Sendable {
    /// Letters in the text form.
    public static let textCount = 16
    let high: UInt64
    let low: UInt16

    /// The id of the node whose first key this is.
    public init(of key: NodePublicKey) { self = key.founded }

    init(hashing key: [UInt8]) {
        let digest = EventHash(of: key).bytes
        high = digest[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = digest[8..<10].reduce(0) { $0 << 8 | UInt16($1) }
    }

    /// Reads the 16 letters; nil when they are not of that form.
    public init?(text: some Collection<UInt8>) {
        guard let id = text.read({ NodeID(letters: $0[...]) }) else { return nil }
        self = id
    }

    /// Eighty bits, as two times eight letters.
    fileprivate init?(letters: Slice<UnsafeBufferPointer<UInt8>>) {
        guard letters.count == Self.textCount, let first = Base32.decode(letters.prefix(8)),
            let second = Base32.decode(letters.suffix(8))
        else { return nil }
        high = first << 24 | second >> 16
        low = UInt16(truncatingIfNeeded: second)
    }

    /// Reads the 16 letters; nil when they are not of that form.
    public init?(_ text: String) { self.init(text: Array(text.utf8)) }

    /// Writes the 16 letters.
    package func write(to output: inout ByteWriter) {
        Base32.write(high >> 24, letters: 8, to: &output)
        Base32.write(high << 16 | UInt64(low), letters: 8, to: &output)
    }

    /// The order of the text.
    public static func < (left: NodeID, right: NodeID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

/// One writer's sequence: a node and one of its epochs.
public struct Origin: Hashable, Comparable, Sendable {
    /// Letters in the text form.
    public static let textCount = NodeID.textCount + 1 + 13

    /// The node that writes.
    public let node: NodeID
    /// 64 random bits, drawn anew whenever the node cannot be sure that it knows all that it wrote.
    public let epoch: UInt64

    /// Names a node's epoch.
    public init(node: NodeID, epoch: UInt64) {
        self.node = node
        self.epoch = epoch
    }

    /// Reads `<node>.<epoch>`; nil when it is not of that form.
    public init?(text: some Collection<UInt8>) {
        guard let origin = text.read({ Origin(letters: $0) }) else { return nil }
        self = origin
    }

    /// The epoch's 64 bits are a letter below 16 and twelve letters.
    init?(letters: UnsafeBufferPointer<UInt8>) {
        guard letters.count == Self.textCount, letters[NodeID.textCount] == UInt8(ascii: "."),
            let node = NodeID(letters: letters[..<NodeID.textCount]),
            let top = Base32.decode(letters[(NodeID.textCount + 1)...(NodeID.textCount + 1)]), top < 16,
            let rest = Base32.decode(letters[(NodeID.textCount + 2)...])
        else { return nil }
        self.init(node: node, epoch: top << 60 | rest)
    }

    /// Reads `<node>.<epoch>`; nil when it is not of that form.
    public init?(_ text: String) { self.init(text: Array(text.utf8)) }

    /// Writes `<node>.<epoch>`.
    package func write(to output: inout ByteWriter) {
        node.write(to: &output)
        output.put(UInt8(ascii: "."))
        Base32.write(epoch, letters: 13, to: &output)
    }

    /// Of one node no two epochs come to the same; a node is not free to choose what it is called.
    public func hash(into hasher: inout Hasher) { hasher.combine(epoch &+ node.high) }

    /// The order of the text.
    public static func < (left: Origin, right: Origin) -> Bool { (left.node, left.epoch) < (right.node, right.epoch) }
}

/// A place in one writer's sequence. After a fork two events share a dot; only a hash names an event.
public struct Dot: Hashable, Sendable {
    /// The sequence.
    public let origin: Origin
    /// The place in it, from 1.
    public let seq: Int

    /// Names a place.
    public init(origin: Origin, seq: Int) {
        self.origin = origin
        self.seq = seq
    }
}

/// The person who authored an event, or ``AuthorID/node`` where a rule of the node did. Opaque: no name stands in an envelope.
public struct AuthorID: Hashable, Comparable, Sendable {
    /// The id as it stands in the envelope.
    public let text: String

    /// The node itself: its journal, and rules.
    public static let node = AuthorID(unchecked: "node")

    private init(unchecked text: String) { self.text = text }

    /// Lower-case letters, digits and hyphens, at most 64; nil otherwise.
    public init?(_ text: String) {
        guard Self.accepts(text.utf8) else { return nil }
        self.text = text
    }

    init?(letters: UnsafeBufferPointer<UInt8>) {
        guard Self.accepts(letters) else { return nil }
        text = String(decoding: letters, as: UTF8.self)
    }

    /// A practitioner's id from 80 random bits.
    public init(random: (UInt64, UInt16)) {
        text = ByteWriter.text(atMost: 16) { output in
            Base32.write(random.0 >> 24, letters: 8, to: &output)
            Base32.write(random.0 << 16 | UInt64(random.1), letters: 8, to: &output)
        }
    }

    static func accepts(_ letters: some Collection<UInt8>) -> Bool {
        (1...Limits.nameBytes).contains(letters.count)
            && letters.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// The order of the text.
    public static func < (left: AuthorID, right: AuthorID) -> Bool { left.text < right.text }
}

extension NodeID: CustomStringConvertible, Codable {
    /// The 16 letters.
    public var description: String { text(write) }

    /// Reads the 16 letters.
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, as: "a node id (16 letters)") { NodeID($0) }
    }

    /// Writes the 16 letters.
    public func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension Origin: CustomStringConvertible, Codable {
    /// `<node>.<epoch>`.
    public var description: String { text(write) }

    /// Reads `<node>.<epoch>`.
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, as: "an origin (node.epoch)") { Origin($0) }
    }

    /// Writes `<node>.<epoch>`.
    public func encode(to encoder: any Encoder) throws { try encodeText(description, to: encoder) }
}

extension AuthorID: CustomStringConvertible, Codable {
    /// The id as it stands in the envelope.
    public var description: String { text }

    /// Reads the id.
    public init(from decoder: any Decoder) throws {
        self = try decodeText(from: decoder, as: "a practitioner id") { AuthorID($0) }
    }

    /// Writes the id.
    public func encode(to encoder: any Encoder) throws { try encodeText(text, to: encoder) }
}

extension Dot: CustomStringConvertible {
    /// `<origin>#<seq>`, as people are shown it.
    public var description: String { "\(origin)#\(seq)" }
}

private func decodeText<Value>(
    from decoder: any Decoder, as what: String, _ read: (String) -> Value?
) throws -> Value {
    let container = try decoder.singleValueContainer()
    guard let value = read(try container.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not \(what)")
    }
    return value
}

private func encodeText(_ text: String, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
}
