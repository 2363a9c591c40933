import EventLog
import Foundation
import TestSupport
import Testing

@testable import CareModel

/// Lines are written by an encoder of our own, for its speed. It writes what Foundation's writes, byte for byte: what is stored was written by
/// either, and equal values are to be equal bytes.
@Suite struct LineEncoderTests {
    private func foundation(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func ours(_ value: some Encodable) throws -> String {
        String(decoding: try LineEncoder.encode(value), as: UTF8.self)
    }

    private func compare(_ value: some Encodable) throws { #expect(try ours(value) == foundation(value)) }

    /// Bodies of every kind of the case, and all projections of it.
    @Test func writesWhatFoundationWrites() throws {
        let events = try RecordedCase.events()
        for event in events {
            let (kind, body) = (try #require(Catalogue.kind(event.envelope.kind)), try #require(event.bodyLine))
            try compare(try kind.read(body))
        }
        #expect(Set(events.map(\.envelope.kind)).count > 20)
        let fold = Fold(try RecordedCase.record())
        for type in Projections.all {
            let projection: any Projection = type.init(fold)
            try compare(projection)
        }
    }

    /// One kind writes its members by itself.
    @Test(arguments: [0, 1, 3]) func writesDisclosuresByHand(count: Int) throws {
        let node = try #require(NodeID(String(repeating: "b", count: NodeID.textCount)))
        let ranges = (0..<count).map {
            DisclosureRecorded.Range(origin: Origin(node: node, epoch: .max - UInt64($0)), from: $0, to: (1 << 53) - 1 - $0)
        }
        for consent in [nil, EventHash(of: [1])] {
            for events in [0, -7, (1 << 53) - 1] {
                let body = DisclosureRecorded(
                    peer: node, chart: EventHash(of: [2]), ranges: ranges, consent: consent, events: events)
                #expect(String(decoding: body.members, as: UTF8.self) == (try ours(body)))
            }
        }
    }

    @Test func writesEveryLetter() throws {
        try compare((0..<0x3000).compactMap { Unicode.Scalar($0) }.map { String(Character($0)) })
        try compare(["\"", "\\", "/", "😀", "e\u{301}", "\u{2028}", "\u{10FFFF}", "", "longer than eight bytes\n"])
    }

    @Test func sortsMembersByTheirBytes() throws {
        let names = ["b", "a", "a_b", "aB", "ab", "B", "a1", "a10", "a9", "é", "", "\"", "\u{1}"]
        let sorted = try ours(Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }))
        let expected = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let read = try JSONDecoder().decode([String: Int].self, from: Data(sorted.utf8))
        #expect(Set(read.keys) == Set(names))
        var rest = Substring(sorted)
        for name in expected {
            let place = try #require(rest.range(of: try ours(name) + ":"))
            rest = rest[place.upperBound...]
        }
    }

    /// Everything that a type may ask an encoder for.
    private struct Everything: Encodable {
        enum Keys: String, CodingKey { case bool, number, none, small, list, object, both, again, inner, deep }
        struct Single: Encodable {
            let value: Int?
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                if let value { try container.encode(value) } else { try container.encodeNil() }
            }
        }
        struct More: Encodable { let deep = ["x": [1, -2]] }
        struct Empty: Encodable { func encode(to encoder: any Encoder) throws {} }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Keys.self)
            try members.encode(true, forKey: .bool)
            try members.encode(-999_999_999_999_999_999, forKey: .number)
            try members.encodeNil(forKey: .none)
            try members.encode(UInt8(7), forKey: .small)
            var list = members.nestedUnkeyedContainer(forKey: .list)
            try list.encode("text")
            try list.encodeNil()
            try list.encode(false)
            try list.encode(Single(value: nil))
            try list.encode(Single(value: 3))
            var inList = list.nestedContainer(keyedBy: Keys.self)
            try inList.encode("inner", forKey: .inner)
            var listInList = list.nestedUnkeyedContainer()
            try listInList.encode(1)
            try Single(value: 4).encode(to: list.superEncoder())
            var object = members.nestedContainer(keyedBy: Keys.self, forKey: .object)
            try object.encode([String](), forKey: .list)
            // What was asked for first may be said last.
            try members.encode(Empty(), forKey: .both)
            try object.encode([String: Int](), forKey: .object)
            try Single(value: 5).encode(to: members.superEncoder(forKey: .again))
            try Single(value: 6).encode(to: members.superEncoder())
            // Two that ask for an object say its members together.
            try More().encode(to: encoder)
        }
    }

    @Test func answersWhateverATypeAsksFor() throws { try compare(Everything()) }

    /// The grammar has no such number, so a line with it would not be read again.
    @Test func refusesNumbersThatTheGrammarDoesNotHave() {
        #expect(throws: EncodingError.self) { try LineEncoder.encode([1.5]) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(["a": Float(1)]) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(1_000_000_000_000_000_000) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode(UInt64.max) }
        #expect(throws: EncodingError.self) { try LineEncoder.encode([Int.min]) }
    }

    /// Of thousands of members each is found at once: a peer says how many there are.
    @Test func readsThousandsOfMembers() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("m\($0)", $0) })
        let line = try LineEncoder.encode(many)
        #expect(try LineDecoder.decode([String: Int].self, from: line) == many)
    }

    private struct Pair: Decodable, Equatable {
        struct Half: Decodable, Equatable { let z, a: Int }
        let second, first: Half
        let both: [Half]
    }

    /// Whoever asks in another order than that of the line finds the same, in each object its own.
    @Test func readsMembersInAnyOrder() throws {
        let line = #"{"both":[{"a":1,"z":2},{"z":3,"a":4}],"first":{"a":5,"z":6},"second":{"z":7,"a":8}}"#
        let read = try LineDecoder.decode(Pair.self, from: Array(line.utf8))
        #expect(try JSONDecoder().decode(Pair.self, from: Data(line.utf8)) == read)
        #expect(read.both[1].z == 3 && read.first.a == 5 && read.second.z == 7)
        #expect(throws: DecodingError.self) {
            try LineDecoder.decode(Pair.self, from: Array(#"{"both":[],"first":{"a":5,"z":6},"second":{"a":8}}"#.utf8))
        }
    }

    /// Space between the tokens is passed over: whether there may be any, the grammar says before.
    @Test func readsOverSpace() throws {
        let line = " { \"both\" : [ { \"a\" : 1 , \"z\" : -2 } ] ,\n\"first\":{\"a\":5,\"z\":6},\t\"second\":{\"z\":7,\"a\":8} } "
        let read = try LineDecoder.decode(Pair.self, from: Array(line.utf8))
        #expect(try JSONDecoder().decode(Pair.self, from: Data(line.utf8)) == read)
    }
}
