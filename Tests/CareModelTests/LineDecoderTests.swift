import EventLog
import Foundation
import TestSupport
import Testing

@testable import CareModel

/// Bodies are read by a decoder of our own, for its speed. It reads what Foundation's reads, and says the same of what does not fit.
@Suite struct LineDecoderTests {
    /// Bodies of the case, and of kinds that it lacks.
    private func bodies() throws -> [(kind: any EventBody.Type, members: [String: JSONValue])] {
        try RecordedCase.events().map { event in
            let (kind, body) = (try #require(Catalogue.kind(event.envelope.kind)), try #require(event.bodyLine))
            return (kind, try JSONDecoder().decode([String: JSONValue].self, from: Data(body.line)))
        }
    }

    private static let others: [JSONValue] = [
        .null, .bool(true), .int(0), .int(-7), .int(999_999_999_999_999_999), .string(""), .string("x"), .string("2031-04-14"),
        .string("a \"quoted\" \\ line\nand a tab\t, é, 😀 and \u{1}"), .array([]), .array([.string("x")]),
        .array([.int(1), .null]), .array([.array([])]), .object([:]), .object(["value": .string("50")]),
        .object(["value": .int(5)]),
    ]

    /// The same body with one of its members, at any depth, left out or another: one fault only, since Foundation names any of several.
    private func variants(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { name, member -> [JSONValue] in
                let others: [JSONValue?] = [nil] + variants(member) + Self.others
                return others.map { other in
                    var changed = members
                    changed[name] = other
                    return JSONValue.object(changed)
                }
            }
        case .array(let values):
            values.indices.prefix(1).flatMap { index -> [JSONValue] in
                (variants(values[index]) + Self.others).map { other in
                    var changed = values
                    changed[index] = other
                    return JSONValue.array(changed)
                }
            }
        default: []
        }
    }

    private func told(_ read: () throws -> any EventBody) throws -> String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(try read()), as: UTF8.self)
        } catch let error as DecodingError {
            return "\(ContentError(error))"
        } catch {
            return "\(error)"
        }
    }

    @Test func saysWhatFoundationSays() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var compared = 0
        var refused: Set<String> = []
        var seen: Set<String> = []
        for (kind, members) in try bodies() where seen.insert("\(kind)").inserted {
            for body in [.object(members)] + variants(.object(members)) {
                let line = try encoder.encode(body)
                let foundation = try told { try JSONDecoder().decode(kind, from: line) }
                let ours = try told { try LineDecoder.decode(kind, from: [UInt8](line)) }
                #expect(ours == foundation, "\(kind) of \(String(decoding: line, as: UTF8.self))")
                compared += 1
                if !foundation.hasPrefix("{") { refused.insert(foundation) }
            }
        }
        #expect(compared > 1000 && refused.count > 100, "\(compared) compared, refused in \(refused.count) ways")
    }

    @Test func readsEveryEscape() throws {
        let line = #"{"text":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000é😀","list":[-1,0,12],"none":null,"yes":true,"no":false}"#
        let read = try LineDecoder.decode([String: JSONValue].self, from: Array(line.utf8))
        #expect(try JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8)) == read)
        #expect(read["text"] == .string("\"\\/\u{8}\u{C}\n\r\té😀\u{0}é😀"))
    }

    /// What is no JSON is an error, never a trap: nothing but the grammar stands before it.
    @Test(arguments: [
        "", "{", "{\"", #"{"a"#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, #"{"a":"\"#, #"{"a":"\u12"#, #"{"a":"\ud83d"}"#, #"{"a":-}"#,
        #"{"a":1.5}"#, #"{"a":1}x"#, #"{"a":nul}"#, #"{"a":[1}"#, #"{"a":12345678901234567890}"#,
    ]) func refusesWhatIsNoJSON(_ line: String) {
        #expect(throws: DecodingError.self) { try LineDecoder.decode([String: JSONValue].self, from: Array(line.utf8)) }
    }
}
