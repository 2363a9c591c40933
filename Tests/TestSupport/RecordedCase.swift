public import CareModel
public import EventLog
import Foundation

/// The 26 weeks of the made-up patient, as real daemons recorded them: the bytes that must mean the same for ever.
public enum RecordedCase {
    private struct Damaged: Error {}

    /// The events in the order in which they were recorded. What nodes exchange beside them is left out.
    public static func events() throws -> [Event] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "CareModelTests/Golden/combined-care.ndjson"))
        let lines = data.split(separator: 0x0A).map { [UInt8]($0) }.filter { !$0.starts(with: Array(#"{"at":"#.utf8)) }
        guard !lines.isEmpty, lines.count.isMultiple(of: 2) else { throw Damaged() }
        return try stride(from: 0, to: lines.count, by: 2).map { try Event(line: lines[$0], body: lines[$0 + 1]) }
    }

    /// A node that holds them.
    public static func record(without isLeftOut: (Event) -> Bool = { _ in false }) throws -> ChartRecord {
        let events = try events()
        guard let first = events.first else { throw Damaged() }
        var record = ChartRecord(chart: first.envelope.chart)
        for event in events where !isLeftOut(event) { try record.admit(event) }
        return record
    }

    /// A moment of the evening of a day of the case.
    public static func evening(_ day: Int, _ hour: String = "23:00:00") throws -> Timestamp {
        guard let first = CalendarDay("2031-01-06"),
            let time = ClinicalTime("\(CalendarDay(number: first.number + day))T\(hour)-05:00")
        else { throw Damaged() }
        return time.instant
    }
}
