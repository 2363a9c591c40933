public import Crypto

/// SHA-256 of a line's bytes without its line feed: the name of an event, of a body, of a chart.
///
/// Held as four big-endian words, so that the order of values is the order of the bytes.
public struct EventHash: Hashable, Comparable, Sendable {
    /// Bytes in a hash.
    public static let byteCount = 32
    /// Letters of its base64url form.
    public static let textCount = 43

    private let word0, word1, word2, word3: UInt64

    /// The hash of `line`.
    public init(of line: [UInt8]) { self.init(line.withUnsafeBytes { SHA256.hash(data: $0) }) }

    /// The hash of `line`.
    public init(of line: some Sequence<UInt8>) {
        let contiguous = line.withContiguousStorageIfAvailable { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
        self.init(contiguous ?? SHA256.hash(data: [UInt8](line)))
    }

    /// A finished digest.
    public init(_ digest: SHA256.Digest) {
        self = digest.withUnsafeBytes { EventHash(raw: $0) }
    }

    /// Exactly 32 bytes; nil for any other number.
    public init?(bytes: some Sequence<UInt8>) {
        let read = bytes.withContiguousStorageIfAvailable { Self.read(UnsafeRawBufferPointer($0)) }
        guard let hash = read ?? Array(bytes).withUnsafeBytes({ Self.read($0) }) else { return nil }
        self = hash
    }

    /// Exactly 32 bytes; nil for any other number.
    public init?(bytes: UnsafeBufferPointer<UInt8>) {
        guard let hash = Self.read(UnsafeRawBufferPointer(bytes)) else { return nil }
        self = hash
    }

    /// Reads the base64url form; nil when it is not the canonical one.
    public init?(text: some Sequence<UInt8>) {
        let read = text.withContiguousStorageIfAvailable { EventHash(letters: $0) }
        guard let hash = read ?? Array(text).withUnsafeBufferPointer({ EventHash(letters: $0) }) else { return nil }
        self = hash
    }

    /// Reads the base64url form; nil when it is not the canonical one.
    public init?(_ text: String) { self.init(text: text.utf8) }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> EventHash? {
        bytes.count == byteCount ? EventHash(raw: bytes) : nil
    }

    /// Reads the base64url form where it stands.
    init?(letters: UnsafeBufferPointer<UInt8>) {
        guard letters.count == Self.textCount else { return nil }
        let read = withUnsafeTemporaryAllocation(byteCount: Self.byteCount, alignment: 8) { bytes in
            Base64URL.decode(letters, into: bytes) ? EventHash(raw: UnsafeRawBufferPointer(bytes)) : nil
        }
        guard let read else { return nil }
        self = read
    }

    private init(raw: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 { UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
        (word0, word1, word2, word3) = (word(0), word(1), word(2), word(3))
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        withBytes { Array($0) }
    }

    /// The 32 bytes, where they are.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian), body)
    }

    /// Writes the base64url form.
    package func write(to output: inout ByteWriter) { withBytes { Base64URL.write($0, to: &output) } }

    /// Any eight bytes of a SHA-256 are as good as all of them for finding a place in a table.
    public func hash(into hasher: inout Hasher) { hasher.combine(word0) }

    /// The first ten bits: one of 1,024 buckets.
    public var bucket: Int { Int(word0 >> 54) }

    /// The order of the bytes.
    public static func < (left: EventHash, right: EventHash) -> Bool {
        (left.word0, left.word1, left.word2, left.word3) < (right.word0, right.word1, right.word2, right.word3)
    }
}

extension EventHash: CustomStringConvertible, Codable {
    /// The base64url form.
    public var description: String { withBytes { Base64URL.encode($0) } }

    /// The first ten letters: enough to point at an event on a screen, never used as a key.
    public var short: String { String(description.prefix(10)) }

    /// Reads the base64url form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = EventHash(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a hash (43 letters, base64url)")
        }
        self = hash
    }

    /// Writes the base64url form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A chart is named by a hash of its founder's key and a nonce.
public typealias ChartID = EventHash
