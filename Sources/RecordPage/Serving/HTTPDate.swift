import EventLog

/// A moment as the Date header of a response has it (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    static func text(_ moment: Timestamp) -> String {
        let day = ClinicalTime(instant: moment, offsetMinutes: 0).day
        let parts = day.parts
        // 1970-01-01 was a Thursday.
        let weekday = weekdays[((day.number + 4) % 7 + 7) % 7]
        let time = moment.description.dropFirst("YYYY-MM-DDT".count).prefix("HH:MM:SS".count)
        return
            "\(weekday), \(parts.day < 10 ? "0" : "")\(parts.day) \(TimeAxis.months[parts.month - 1]) \(parts.year) \(time) GMT"
    }
}
