/// The name of what an event says, such as `dose.adjusted`. Any well-formed name is admitted; the care model knows some of them.
public struct Kind: Hashable, Comparable, Sendable {
    /// The name.
    public let name: String

    /// Lower-case letters, dots and underscores, at most 64; nil otherwise.
    public init?(_ name: String) {
        guard Self.accepts(name.utf8) else { return nil }
        self.name = name
    }

    init?(letters: UnsafeBufferPointer<UInt8>) {
        guard Self.accepts(letters) else { return nil }
        name = String(decoding: letters, as: UTF8.self)
    }

    init(source name: StaticString) { self.name = name.description }

    static func accepts(_ letters: some Collection<UInt8>) -> Bool {
        (1...Limits.nameBytes).contains(letters.count)
            && letters.allSatisfy { (97...122).contains($0) || $0 == 46 || $0 == 95 }
    }

    /// Told by their lengths where they are not the same: most are.
    public static func == (left: Kind, right: Kind) -> Bool {
        left.name.utf8.count == right.name.utf8.count && left.name == right.name
    }

    /// The order of the text.
    public static func < (left: Kind, right: Kind) -> Bool { left.name < right.name }
}

extension Kind: CustomStringConvertible, Codable {
    /// The name.
    public var description: String { name }

    /// Reads the name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let kind = Kind(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a kind")
        }
        self = kind
    }

    /// Writes the name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
