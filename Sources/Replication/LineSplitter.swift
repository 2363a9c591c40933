public import EventLog

/// Cuts a byte stream into lines. Holds at most one unfinished line, and never more than the limit.
public struct LineSplitter: Sendable {
    private var partial: [UInt8] = []
    private let limit: Int

    /// A splitter that refuses lines of more than `limit` bytes.
    public init(limit: Int = ReplicationLimits.lineBytes) { self.limit = limit }

    /// Takes in bytes and returns the lines that they complete, without their line feeds.
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(FormatError) -> [[UInt8]] {
        // Where they stand in one piece of memory, each line is copied once.
        let lines = bytes.withContiguousStorageIfAvailable { feed($0) } ?? Array(bytes).withUnsafeBufferPointer { feed($0) }
        guard let lines else { throw FormatError(field: "line", byte: limit, reason: .lineTooLong) }
        return lines
    }

    /// Nil where a line is too long.
    private mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var start = 0
        while let end = Self.lineFeed(in: bytes, from: start) {
            guard partial.count + end - start <= limit else { return nil }
            if partial.isEmpty {
                lines.append(Array(bytes[start..<end]))
            } else {
                partial.append(contentsOf: bytes[start..<end])
                lines.append(partial)
                partial = []
            }
            start = end + 1
        }
        guard partial.count + bytes.count - start <= limit else { return nil }
        partial.append(contentsOf: bytes[start...])
        return lines
    }

    /// Looks at eight bytes at a time: every byte that comes from a peer passes here.
    private static func lineFeed(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let (ones, highs) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        let raw = UnsafeRawBufferPointer(bytes)
        var place = start
        while place + 8 <= raw.count {
            // A byte that is a line feed becomes 0; subtracting 1 from it, and from no byte before it, sets its highest bit.
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ (ones * 0x0A)
            let found = (word &- ones) & ~word & highs
            if found != 0 { return place + found.trailingZeroBitCount / 8 }
            place += 8
        }
        return raw[place...].firstIndex(of: 0x0A)
    }
}
