import CareModel
import EventLog
import Foundation
import Testing

/// The case as real daemons recorded it, up to an evening of it.
struct TheCase {
    let record: ChartRecord

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "CareModelTests/Golden/combined-care.ndjson")
        let lines = try Data(contentsOf: file).split(separator: 0x0A).map { [UInt8]($0) }
        let events = lines.filter { !$0.starts(with: Array(#"{"at":"#.utf8)) }
        let first = try Event(line: try #require(events.first), body: events[1])
        var record = ChartRecord(chart: first.envelope.chart)
        for index in stride(from: 0, to: events.count, by: 2) {
            try record.admit(try Event(line: events[index], body: events[index + 1]))
        }
        self.record = record
    }

    /// A time of a day of the case.
    func time(_ day: Int, _ hour: String = "23:00:00") throws -> Timestamp {
        let first = try #require(CalendarDay("2031-01-06"))
        return try #require(ClinicalTime("\(CalendarDay(number: first.number + day))T\(hour)-05:00")).instant
    }

    func course(_ day: Int, _ hour: String = "23:00:00") throws -> CourseView {
        let now = try time(day, hour)
        return CourseView(Fold(record, Fold.Scope(now: now)), now: now)
    }
}
