/// What is read of an envelope without parsing it: all of it stands at fixed places, or right behind. It says nothing about a line that was
/// not admitted yet: admission reads all of it.
package enum EnvelopeText {
    private static let chartStart = Array("{\"t\":\"event\",\"chart\":\"".utf8).count
    private static let originStart = chartStart + EventHash.textCount + Array("\",\"origin\":\"".utf8).count
    private static let seqStart = originStart + Origin.textCount + Array("\",\"seq\":".utf8).count
    private static let prevGap = Array(",\"prev\":\"".utf8).count
    private static let withoutPast = Array("\",\"seq\":1,\"prev\":null,\"seen\":{},".utf8)
    private static let bodyEnd = Array("\"}".utf8).count

    /// The chart that it belongs to.
    package static func chart(of line: [UInt8]) -> ChartID? { hash(in: line, at: chartStart) }

    /// Its place in its sequence, and the envelope before it there.
    package static func place(of line: [UInt8]) -> (dot: Dot, prev: EventHash?)? {
        guard line.count > seqStart, let origin = Origin(text: line[originStart..<originStart + Origin.textCount]) else {
            return nil
        }
        var (seq, end) = (0, seqStart)
        while end < line.count, (48...57).contains(line[end]), seq <= Limits.sequence {
            seq = seq * 10 + Int(line[end] - 48)
            end += 1
        }
        guard (1...Limits.sequence).contains(seq) else { return nil }
        guard seq > 1 else { return (Dot(origin: origin, seq: seq), nil) }
        guard let prev = hash(in: line, at: end + prevGap) else { return nil }
        return (Dot(origin: origin, seq: seq), prev)
    }

    /// True for the first event of a chart: the only one that has nothing before it.
    package static func isGenesis(_ line: [UInt8]) -> Bool {
        line.dropFirst(originStart + Origin.textCount).starts(with: withoutPast)
    }

    /// The hash of its body.
    package static func body(of line: [UInt8]) -> EventHash? { hash(in: line, at: line.count - bodyEnd - EventHash.textCount) }

    private static func hash(in line: [UInt8], at start: Int) -> EventHash? {
        guard start > 0, line.count > start + EventHash.textCount else { return nil }
        return EventHash(text: line[start..<start + EventHash.textCount])
    }
}
