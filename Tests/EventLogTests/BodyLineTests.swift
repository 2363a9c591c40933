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

    /// Of a body that is put together, its salt and its time are not read again: what that refuses must be what reading refuses.
    @Test func whatIsPutTogetherIsWhatIsRead() throws {
        let salts = [0, 15, 16, 17].map { [UInt8](repeating: 0xFF, count: $0) }
        let instants = [-62_167_219_200, -62_167_219_201, -1, 0, 1_925_000_000, 253_402_300_799, 253_402_300_800].map {
            $0 * 1000
        }
        let members = [
            "{}", #"{"a":"é\n\u00e9","b":[1,{"c":null}]}"#, #"{"a":1.5}"#, #"{"salt":1}"#, #"{"a":1}x"#, "{", "", "[]",
        ]
        var (written, refused) = (0, 0)
        for salt in salts {
            for instant in instants {
                for offset in [-841, -840, -839, -1, 0, 1, 840, 841, 14_400] {
                    for members in members {
                        let when = ClinicalTime(instant: Timestamp(milliseconds: instant), offsetMinutes: offset)
                        let inner = members.dropFirst()
                        let line = Array(
                            (#"{"salt":"\#(Base64URL.encode(salt))","when":"\#(when)""# + (inner.first == "}" ? "" : ",") + inner)
                                .utf8)
                        let read = Result { () throws(FormatError) in try BodyLine(line: line) }
                        let made = Result { () throws(FormatError) in
                            try BodyLine(salt: salt, when: when, members: Array(members.utf8))
                        }
                        #expect(made == read, "\(String(decoding: line, as: UTF8.self))")
                        if case .success(let body) = made {
                            #expect(body.line == line)
                            written += 1
                        } else {
                            refused += 1
                        }
                    }
                }
            }
        }
        #expect(written > 50 && refused > 1000, "\(written) written, \(refused) refused")
    }

    /// Text is looked at eight bytes at a time: wherever a byte stands that ends it or is none of it, it is found.
    @Test func everyByteIsFoundWhereverItStands() throws {
        for length in 0..<20 {
            for place in 0...length {
                for byte in [UInt8](0...255) {
                    var text = [UInt8](repeating: UInt8(ascii: "!"), count: length)
                    text.insert(byte, at: place)
                    let error = refusal(bytes: Array(#","a":""#.utf8) + text + Array(#""}"#.utf8))
                    let isPlain = (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    guard (error == nil) == isPlain else {
                        Issue.record("byte \(byte) at \(place) of \(length): \(error.map { "\($0)" } ?? "taken")")
                        continue
                    }
                }
            }
        }
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
