import Crypto

/// SHA-256 over lines, each with its line feed, or over the pieces of a file.
public struct LineHasher {
    private var hasher = SHA256()

    /// Over nothing yet.
    public init() {}

    /// Takes a line, without its line feed.
    public mutating func take(_ line: [UInt8]) {
        hasher.update(data: line)
        hasher.update(data: [0x0A])
    }

    /// Takes a piece of a file as it stands.
    public mutating func take(piece: [UInt8]) { hasher.update(data: piece) }

    /// Over all lines so far.
    public var digest: EventHash { EventHash(hasher.finalize()) }
}
