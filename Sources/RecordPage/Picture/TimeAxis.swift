import CareModel
import EventLog

/// Where a day stands in the picture.
struct TimeAxis {
    let first: CalendarDay
    let last: CalendarDay
    let left: Double
    let right: Double

    /// From the first day of a course to its last; into the future as far as the present dose needs to be judged.
    init(_ course: CourseView, left: Double, right: Double) {
        let first = course.first ?? course.today
        let open = course.medications.flatMap(\.spans).filter { $0.until == nil }
        let ahead = open.compactMap(\.full_trial) + open.map(\.from) + [course.today]
        let last = max(ahead.max() ?? first, CalendarDay(number: first.number + 27))
        // A little room at both ends, so that no mark is cut.
        let margin = max(1, (last.number - first.number) / 60)
        self.first = CalendarDay(number: first.number - margin)
        self.last = CalendarDay(number: last.number + margin)
        self.left = left
        self.right = right
    }

    private var days: Int { last.number - first.number }

    func x(_ day: CalendarDay) -> Double {
        let place = left + (right - left) * Double(day.number - first.number) / Double(days)
        return min(max(place, left), right)
    }

    /// The days that are named below the picture, with what they are called there.
    var ticks: [(day: CalendarDay, name: String)] {
        let room = max(2, Int((right - left) / 58))
        guard days > 62 else {
            let step = [1, 7, 14, 28].first { days / $0 <= room } ?? 28
            return stride(from: first.number, through: last.number, by: step).dropFirst().map {
                (CalendarDay(number: $0), Self.short(CalendarDay(number: $0)))
            }
        }
        let step = [1, 2, 3, 6, 12, 24, 60].first { days / (30 * $0) <= room } ?? 120
        var found: [(CalendarDay, String)] = []
        var (year, month) = (first.parts.year, 1)
        while let day = CalendarDay(year: year, month: month, day: 1), day <= last {
            if day >= first {
                let withYear = month == 1 || found.isEmpty
                found.append((day, withYear ? "\(Self.months[month - 1]) \(year)" : Self.months[month - 1]))
            }
            month += step
            while month > 12 { (year, month) = (year + 1, month - 12) }
        }
        return found
    }

    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Such as `6 Jan`.
    static func short(_ day: CalendarDay) -> String { "\(day.parts.day) \(months[day.parts.month - 1])" }

    /// Such as `6 Jan 2031`.
    static func long(_ day: CalendarDay) -> String { "\(short(day)) \(day.parts.year)" }
}
