import EventLog
import TestSupport
import Testing

@Suite struct TimeTests {
    /// Every day from 1900 to 2200, counted one by one.
    @Test func daysAgreeWithCounting() throws {
        var day = try #require(CalendarDay("1900-01-01"))
        var (year, month, date) = (1900, 1, 1)
        while year < 2200 {
            #expect(day.parts == (year, month, date))
            #expect(CalendarDay(year: year, month: month, day: date) == day)
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            date += 1
            if date > length { (month, date) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            day = CalendarDay(number: day.number + 1)
        }
        for bad in ["2031-02-29", "2031-13-01", "2031-00-10", "2031-1-01", "20260-01-01", "2031-01-32", "2031/01/01", ""] {
            #expect(CalendarDay(bad) == nil, "\(bad)")
        }
    }

    @Test func aDayIsTheDayInItsOwnOffset() throws {
        let late = try #require(ClinicalTime("2031-01-06T23:30:00-05:00"))
        #expect(late.day.description == "2031-01-06")
        #expect(late.instant.description == "2031-01-07T04:30:00.000Z")
        let before = ClinicalTime(instant: Timestamp(milliseconds: -1), offsetMinutes: 0)
        #expect(before.description == "1969-12-31T23:59:59+00:00")
        #expect(before.day.description == "1969-12-31")
    }

    @Test func timesHaveOneForm() {
        for text in ["1969-12-31T23:59:59.999Z", "2031-01-06T14:00:00.000Z"] { #expect(Timestamp(text)?.description == text) }
        for bad in ["2031-01-06T14:00:00Z", "2031-01-06T24:00:00.000Z", "2031-01-06T14:00:60.000Z", "2031-01-06 14:00:00.000Z"] {
            #expect(Timestamp(bad) == nil, "\(bad)")
        }
        for bad in ["2031-01-06T09:00:00Z", "2031-01-06T09:00:00-15:00", "2031-01-06T09:00:00-05:60"] {
            #expect(ClinicalTime(bad) == nil, "\(bad)")
        }
    }

    @Test func base64HasOneForm() {
        var random = SplitMix64(seed: 11)
        for count in 0..<70 {
            let bytes = random.bytes(count)
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text.utf8) == bytes)
        }
        // "AB" and "AA" would both be the byte 0 where padding bits were passed over.
        #expect(Base64URL.decode("AA".utf8) == [0])
        #expect(Base64URL.decode("AB".utf8) == nil)
        #expect(Base64URL.decode("A".utf8) == nil)
        #expect(Base64URL.decode("A=".utf8) == nil)
        #expect(EventHash(of: [1, 2, 3]).description.count == EventHash.textCount)
    }
}
