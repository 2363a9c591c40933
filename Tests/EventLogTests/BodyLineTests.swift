import EventLog
import Foundation
import Testing

/// Structure of a body: what is refused, and where.
@Suite struct BodyLineTests {
    private static let start = #"{"salt":"AAAAAAAAAAAAAAAAAAAAAA","when":"2031-01-06T09:00:00-05:00""#

    private func refusal(_ rest: String) -> FormatError? {
        do throws(FormatError) {
            _ = try BodyLine(line: Array((Self.start + rest).utf8))
            return nil
        } catch {
            return error
        }
    }

    private func refusal(bytes rest: [UInt8]) -> FormatError? {
        do throws(FormatError) {
            _ = try BodyLine(line: Array(Self.start.utf8) + rest)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsWellFormedIsKeptAsItIs() throws {
        let line = Array((Self.start + #","a":[1,-2,0,{"b":null,"c":true}],"d":"é\u00e9\ud83d\ude00"}"#).utf8)
        let body = try BodyLine(line: line)
        #expect(body.line == line)
        #expect(body.when.description == "2031-01-06T09:00:00-05:00")
        #expect(body.when.day == CalendarDay("2031-01-06"))
    }

    @Test(arguments: [
        (#","a":1.5}"#, 4, FormatError.Reason.float), (#","a":1e3}"#, 4, .float), (#","a":1,"a":2}"#, 7, .duplicateKey),
        (#","a":1,"\u0061":2}"#, 7, .duplicateKey), (#","when":"x"}"#, 1, .duplicateKey), (#","a": 1}"#, 5, .space),
        (#","a":-0}"#, 5, .numberOutOfRange), (#","a":01}"#, 5, .numberOutOfRange),
        (#","a":1234567890123456789}"#, 5, .numberOutOfRange), (#","a":"\ud800"}"#, 6, .invalidUTF8),
        (#","a":1}x"#, 7, .trailingBytes),
        (#","a":"#, 5, .unexpectedEnd), (#","a":nul}"#, 8, .unexpectedByte),
    ])
    func aMalformedMemberIsRefusedWithItsPlace(_ rest: String, _ offset: Int, _ reason: FormatError.Reason) throws {
        let error = try #require(refusal(rest))
        #expect(error.reason == reason)
        // Numbers are pointed at by their first digit, which stands one byte later where the key is short.
        #expect(abs(error.byte - (Self.start.utf8.count + offset)) <= 1, "byte \(error.byte)")
    }

    @Test func nestingEndsAtSixteen() throws {
        func nested(_ depth: Int) -> String {
            #","a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(refusal(nested(16)) == nil)
        let error = try #require(refusal(nested(17)))
        #expect(error == FormatError(field: "a", byte: Self.start.utf8.count + 5 + 15, reason: .tooDeep))
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xC3],
            [0xF5, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func invalidUTF8IsRefusedWithItsPlace(_ bytes: [UInt8]) throws {
        let error = try #require(refusal(bytes: Array(#","a":""#.utf8) + bytes + Array(#""}"#.utf8)))
        #expect(error.reason == .invalidUTF8)
        #expect(error.byte == Self.start.utf8.count + 6)
        #expect(error.field == "a")
    }

    @Test func controlCharactersAreRefused() {
        #expect(refusal(bytes: Array(#","a":""#.utf8) + [0x0A] + Array(#""}"#.utf8))?.reason == .unexpectedByte)
    }

    @Test func saltAndTimeComeFirst() {
        for line in [
            #"{"when":"2031-01-06T09:00:00-05:00","salt":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            #"{"salt":"AAAA","when":"2031-01-06T09:00:00-05:00"}"#,
            #"{"salt":"AAAAAAAAAAAAAAAAAAAAAA"}"#, #"{"salt":"AAAAAAAAAAAAAAAAAAAAAA","when":"2031-02-30T09:00:00-05:00"}"#,
            #"{"salt":"AAAAAAAAAAAAAAAAAAAAAA","when":"2031-01-06T09:00:00-00:00"}"#,
        ] {
            #expect(throws: FormatError.self, "\(line)") { try BodyLine(line: Array(line.utf8)) }
        }
    }

    @Test func aLineHasALimit() {
        let long = #","a":""# + String(repeating: "x", count: Limits.lineBytes) + #""}"#
        #expect(refusal(long)?.reason == .lineTooLong)
    }

    /// A log is no place for what others wrote as a key: an error names a member only by what looks like a name.
    @Test(arguments: ["Jane Doe", "born-1990", "x\\u0041", String(repeating: "a", count: 65)])
    func anErrorDoesNotRepeatAStrangeKey(_ key: String) throws {
        let line = #"{"salt":"AAAAAAAAAAAAAAAAAAAAAA","when":"2031-01-01T00:00:00+00:00","\#(key)":1.5}"#
        let error = #expect(throws: FormatError.self) { try BodyLine(line: Array(line.utf8)) }
        #expect(error?.description.contains(key) == false)
        let named = #expect(throws: FormatError.self) {
            try BodyLine(line: Array(line.replacingOccurrences(of: key, with: "dose_2").utf8))
        }
        #expect(named?.field == "dose_2")
    }
}
