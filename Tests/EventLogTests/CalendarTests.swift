import EventLog
import TestSupport
import Testing

/// Days and times as text, held against a calendar that is walked day by day.
@Suite struct CalendarTests {
    /// Every day from 1900 to 2200 with its text, from a known day: 1900-01-01 is 25,567 days before 1970-01-01.
    private static let days: [(number: Int, text: String)] = {
        var days: [(Int, String)] = []
        var number = -25_567
        for year in 1900...2200 {
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...length {
                    func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
                    days.append((number, "\(year)-\(two(month + 1))-\(two(day))"))
                    number += 1
                }
            }
        }
        return days
    }()

    @Test func everyDayIsWrittenAndReadAsCounted() {
        #expect(Self.days.count == 109_938)
        for (number, text) in Self.days {
            // One expectation for all: a macro for each of the days would take longer than the days.
            guard CalendarDay(text)?.number == number, CalendarDay(number: number).description == text else {
                Issue.record("\(text) is day \(number)")
                return
            }
        }
    }

    @Test func everyDayThatDoesNotExistIsRefused() {
        let real = Set(Self.days.map(\.text))
        var refused = 0
        for year in [1900, 1999, 2000, 2023, 2024, 2100] {
            for month in 0...13 {
                for day in 0...32 {
                    let text = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
                    if CalendarDay(text) == nil { refused += 1 }
                    #expect((CalendarDay(text) != nil) == real.contains(text), "\(text)")
                    #expect((CalendarDay(year: year, month: month, day: day) != nil) == real.contains(text), "\(text)")
                }
            }
        }
        #expect(refused == 6 * 14 * 33 - (366 * 2 + 365 * 4))
    }

    @Test(arguments: ["0000-01-01", "0000-02-29", "0001-03-01", "1582-10-10", "9999-12-31"])
    func farDaysRoundTrip(_ text: String) { #expect(CalendarDay(text)?.description == text) }

    @Test func everyHourOfADayRoundTrips() {
        for second in stride(from: -200_000, to: 200_000, by: 37) {
            for millisecond in [0, 1, 999] {
                let time = Timestamp(milliseconds: second * 1000 + millisecond)
                #expect(Timestamp(time.description) == time)
            }
        }
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -86_400_001).description == "1969-12-30T23:59:59.999Z")
    }

    /// A damaged row may hold any number: it is written as what no line is, and stops nothing.
    @Test(arguments: [Int.min, .min + 1, .min + 999, .min + 1000, .max, .max - 999])
    func aTimeOutOfAllCalendarsIsWrittenAsNoTime(_ milliseconds: Int) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(Timestamp(time.description) == nil)
        #expect(time.description.hasSuffix("\(((milliseconds % 1000) + 1000) % 1000)Z"))
    }

    /// Every quarter of an hour from -14:00 to +14:00, around midnight and before 1970.
    @Test func offsetsShiftTheDayAndNotTheMoment() {
        for offset in stride(from: -840, through: 840, by: 15) {
            for milliseconds in [-1, 0, -86_400_000, 43_200_000, 1_925_000_000_123] {
                let time = ClinicalTime(instant: Timestamp(milliseconds: milliseconds), offsetMinutes: offset)
                let local = milliseconds + offset * 60_000
                #expect(time.day.number == Int((Double(local) / 86_400_000).rounded(.down)), "\(milliseconds) \(offset)")
                #expect(time.instant.milliseconds == Int((Double(milliseconds) / 1000).rounded(.down)) * 1000)
                #expect(ClinicalTime(time.description) == time)
                #expect(time.description.hasSuffix("-00:00") == false)
            }
        }
    }

    @Test(arguments: [
        "2031-01-06T09:00:00+14:01", "2031-01-06T09:00:00-14:01", "2031-01-06T09:00:00+05:60", "2031-01-06T09:00:00-00:00",
        "2031-01-06T09:00:00+0500", "2031-01-06T09:00:00", "2031-01-06T24:00:00+00:00", "2031-01-06T09:60:00+00:00",
        "2031-01-06T09:00:60+00:00", "2031-02-29T09:00:00+00:00", "2031-01-06t09:00:00+00:00", "2031-01-06T09:00:00+00:00 ",
        "2031-01-06T09:00:00.000+00:00", "2031-01-06T9:00:00+00:00", "",
    ])
    func otherFormsOfClinicalTimeAreRefused(_ text: String) { #expect(ClinicalTime(text) == nil) }

    @Test(arguments: [
        "2031-01-06T14:00:00.000", "2031-01-06T14:00:00.00Z", "2031-01-06T14:00:00.0000Z", "2031-01-06T14:00:00.000z",
        "2031-01-06T14:00:00,000Z", "+031-01-06T14:00:00.000Z", "2031-01-06T14:60:00.000Z", " 2031-01-06T14:00:00.000Z",
        "2031-01-06T14:00:00.000Z ", "2031-04-31T14:00:00.000Z", "２０３１-01-06T14:00:00.000Z",
    ])
    func otherFormsOfTimestampsAreRefused(_ text: String) { #expect(Timestamp(text) == nil) }
}
