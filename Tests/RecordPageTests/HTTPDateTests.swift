import EventLog
import Testing

@testable import RecordPage

@Suite struct HTTPDateTests {
    /// The first is the example of RFC 9110.
    @Test(arguments: [
        ("1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("1970-01-01T00:00:00.999Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("2028-02-29T23:59:59.999Z", "Tue, 29 Feb 2028 23:59:59 GMT"),
        ("1969-12-31T12:00:00.000Z", "Wed, 31 Dec 1969 12:00:00 GMT"),
    ]) func aMomentIsWrittenAsTheProtocolWantsIt(_ moment: String, _ text: String) throws {
        #expect(HTTPDate.text(try #require(Timestamp(moment))) == text)
    }
}
