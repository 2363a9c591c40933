import CareModel
import EventLog
import TestSupport

/// The case as real daemons recorded it, up to an evening of it.
struct TheCase {
    let record: ChartRecord

    init() throws { record = try RecordedCase.record() }

    /// A time of a day of the case.
    func time(_ day: Int, _ hour: String = "23:00:00") throws -> Timestamp { try RecordedCase.evening(day, hour) }

    func course(_ day: Int, _ hour: String = "23:00:00") throws -> CourseView {
        let now = try time(day, hour)
        return CourseView(Fold(record, Fold.Scope(now: now)), now: now)
    }
}
