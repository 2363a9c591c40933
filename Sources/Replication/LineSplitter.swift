public import EventLog

/// Cuts a byte stream into lines. Holds at most one unfinished line, and never more than the limit.
public struct LineSplitter: Sendable {
    private var partial: [UInt8] = []
    private let limit: Int

    /// A splitter that refuses lines of more than `limit` bytes.
    public init(limit: Int = ReplicationLimits.lineBytes) { self.limit = limit }

    /// Takes in bytes and returns the lines that they complete, without their line feeds.
    public mutating func feed(_ bytes: some Collection<UInt8>) throws(FormatError) -> [[UInt8]] {
        // One copy, so that the search runs over plain memory whatever the collection is.
        try feed(ContiguousArray(bytes))
    }

    private mutating func feed(_ bytes: ContiguousArray<UInt8>) throws(FormatError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        for index in bytes.indices where bytes[index] == 0x0A {
            let piece = bytes[start..<index]
            guard partial.count + piece.count <= limit else { throw tooLong }
            if partial.isEmpty {
                lines.append(Array(piece))
            } else {
                partial.append(contentsOf: piece)
                lines.append(partial)
                partial = []
            }
            start = index + 1
        }
        let rest = bytes[start...]
        guard partial.count + rest.count <= limit else { throw tooLong }
        partial.append(contentsOf: rest)
        return lines
    }

    private var tooLong: FormatError { FormatError(field: "line", byte: limit, reason: .lineTooLong) }
}
