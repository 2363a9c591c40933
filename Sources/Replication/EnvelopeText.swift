import EventLog

/// What a session reads of an envelope without parsing it: both stand at fixed places. Admission reads the rest.
enum EnvelopeText {
    private static let chartStart = Array("{\"t\":\"event\",\"chart\":\"".utf8).count
    private static let originStart = chartStart + EventHash.textCount + Array("\",\"origin\":\"".utf8).count
    private static let withoutPast = Array("\",\"seq\":1,\"prev\":null,\"seen\":{},".utf8)
    private static let bodyEnd = Array("\"}".utf8).count

    static func chart(of line: [UInt8]) -> ChartID? {
        guard line.count > chartStart + EventHash.textCount else { return nil }
        return ChartID(text: line[chartStart..<chartStart + EventHash.textCount])
    }

    /// True for the first event of a chart: the only one that has nothing before it.
    static func isGenesis(_ line: [UInt8]) -> Bool {
        line.dropFirst(originStart + Origin.textCount).starts(with: withoutPast)
    }

    static func body(of line: [UInt8]) -> EventHash? {
        guard line.count > bodyEnd + EventHash.textCount else { return nil }
        return EventHash(text: line.dropLast(bodyEnd).suffix(EventHash.textCount))
    }
}
