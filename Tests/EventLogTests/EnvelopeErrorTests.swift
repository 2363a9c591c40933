import EventLog
import TestSupport
import Testing

/// What is no envelope: each form is refused at its place.
@Suite struct EnvelopeErrorTests {
    private static let origin = Origin(node: Writer.key(from: [UInt8](repeating: 1, count: 32)).node, epoch: 3)
    private static let other = Origin(node: Writer.key(from: [UInt8](repeating: 2, count: 32)).node, epoch: 4)
    private static let hashes = (1...3 as ClosedRange<UInt8>).map { EventHash(of: [$0]) }.sorted()

    private static let sample = Envelope(
        chart: EventHash(of: [8]), origin: origin, seq: 42, prev: EventHash(of: [9]),
        seen: VectorClock([(origin, 41), (other, 17)]), after: [hashes[0]], refs: [hashes[1], hashes[2]],
        at: Timestamp(milliseconds: 1_925_000_000_123), author: .node, kind: "dose.adjusted", version: 1, critical: true,
        body: EventHash(of: [7]))

    private var text: String { String(decoding: Self.sample.line, as: UTF8.self) }

    private func refusal(_ line: [UInt8]) -> FormatError? {
        do throws(FormatError) {
            _ = try Envelope(line: line)
            return nil
        } catch {
            return error
        }
    }

    /// Where `part` begins in the sample.
    private func place(_ part: String) throws -> Int {
        let range = try #require(text.firstRange(of: part))
        return text[..<range.lowerBound].utf8.count
    }

    private func expectRefusal(
        _ old: String, _ new: String, _ field: String, at offset: Int, _ reason: FormatError.Reason,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let mutated = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
        let expected = FormatError(field: field, byte: try place(old) + offset, reason: reason)
        #expect(refusal(mutated) == expected, "\(old) as \(new)", sourceLocation: sourceLocation)
    }

    @Test func theSampleIsRead() throws {
        #expect(try Envelope(line: Self.sample.line) == Self.sample)
        #expect(text.hasPrefix(#"{"t":"event","chart":""#))
    }

    @Test func everyLineCutShortOrWithASpaceMoreIsRefused() {
        let line = Self.sample.line
        for position in 0...line.count {
            #expect(refusal(Array(line[..<position])) == (position < line.count ? refusal(Array(line[..<position])) : nil))
            if position < line.count { #expect(refusal(Array(line[..<position])) != nil, "cut at \(position)") }
            var spaced = line
            spaced.insert(0x20, at: position)
            #expect(refusal(spaced) != nil, "space at \(position)")
        }
    }

    /// Without one byte it is refused, or it is another envelope that is written exactly so.
    @Test func everyDeletionIsRefusedOrAnotherEnvelope() throws {
        let line = Self.sample.line
        var accepted: [Envelope] = []
        for position in line.indices {
            var shorter = line
            shorter.remove(at: position)
            guard let envelope = try? Envelope(line: shorter) else { continue }
            #expect(envelope.line == shorter && envelope != Self.sample, "byte \(position)")
            accepted.append(envelope)
        }
        // A digit of a number, a letter of a name: seen 41 and 17 without one digit, author, kind.
        #expect(accepted.contains { $0.seen[Self.other] == 7 })
        #expect(accepted.contains { $0.kind == "dose.adjuste" })
        #expect(!accepted.contains { $0.chart != Self.sample.chart || $0.refs != Self.sample.refs })
    }

    /// No two members may change places.
    @Test func everySwapOfMembersIsRefused() {
        let values = [
            #""t":"event""#, #""chart":"\#(Self.sample.chart)""#, #""origin":"\#(Self.origin)""#, #""seq":42"#,
            #""prev":"\#(EventHash(of: [9]))""#, #""seen":{"# + seen + "}", #""after":["\#(Self.hashes[0])"]"#,
            #""refs":["\#(Self.hashes[1])","\#(Self.hashes[2])"]"#, #""at":"2031-01-01T02:13:20.123Z""#, #""author":"node""#,
            #""kind":"dose.adjusted""#, #""kv":1"#, #""crit":true"#, #""body":"\#(EventHash(of: [7]))""#,
        ]
        #expect("{" + values.joined(separator: ",") + "}" == text)
        for left in values.indices {
            for right in values.indices where left < right {
                var swapped = values
                swapped.swapAt(left, right)
                #expect(refusal(Array(("{" + swapped.joined(separator: ",") + "}").utf8)) != nil, "\(left) and \(right)")
            }
            var missing = values
            missing.remove(at: left)
            #expect(refusal(Array(("{" + missing.joined(separator: ",") + "}").utf8)) != nil, "without \(left)")
        }
    }

    private var seen: String {
        Self.sample.seen.entries.map { #""\#($0.origin)":\#($0.seq)"# }.joined(separator: ",")
    }

    @Test func numbersAreInTheirRange() throws {
        try expectRefusal(#""seq":42"#, #""seq":042"#, "seq", at: 6, .numberOutOfRange)
        try expectRefusal(#""seq":42"#, #""seq":0"#, "seq", at: 6, .numberOutOfRange)
        try expectRefusal(#""seq":42"#, #""seq":-1"#, "seq", at: 6, .unexpectedByte)
        try expectRefusal(#""seq":42"#, #""seq":42.0"#, "prev", at: 8, .unexpectedByte)
        try expectRefusal(#""seq":42"#, #""seq":281474976710657"#, "seq", at: 6, .numberOutOfRange)
        try expectRefusal(#""seq":42"#, #""seq":99999999999999999999999"#, "seq", at: 6, .numberOutOfRange)
        try expectRefusal(#""kv":1"#, #""kv":1000001"#, "kv", at: 5, .numberOutOfRange)
        try expectRefusal(#""kv":1"#, #""kv":"1""#, "kv", at: 5, .unexpectedByte)
        var highest = Self.sample
        (highest.seq, highest.version) = (Limits.sequence, 1_000_000)
        #expect(refusal(highest.line) == nil)
    }

    @Test func onlyTheFirstHasNoPrev() throws {
        try expectRefusal(#""seq":42"#, #""seq":1"#, "prev", at: 15, .unexpectedByte)
        try expectRefusal(#""prev":"\#(EventHash(of: [9]))""#, #""prev":null"#, "prev", at: 7, .unexpectedByte)
        var first = Self.sample
        (first.seq, first.prev, first.seen) = (1, nil, VectorClock([(Self.other, 17)]))
        #expect(refusal(first.line) == nil)
    }

    @Test func theOwnOriginIsSeenBelowTheOwnNumber() throws {
        try expectRefusal("\":41", "\":42", "seen", at: try place(#""seen":{"#) + 7 - place("\":41"), .numberOutOfRange)
    }

    @Test func listsAreStrictlyAscending() throws {
        let (low, high) = (Self.hashes[1], Self.hashes[2])
        try expectRefusal("\"\(low)\",\"\(high)\"", "\"\(high)\",\"\(low)\"", "refs", at: 47, .notAscending)
        try expectRefusal("\"\(low)\",\"\(high)\"", "\"\(low)\",\"\(low)\"", "refs", at: 47, .notAscending)
        let entries = Self.sample.seen.entries.map { #""\#($0.origin)":\#($0.seq)"# }
        let second = entries[0].utf8.count + 2
        try expectRefusal(
            entries.joined(separator: ","), entries.reversed().joined(separator: ","), "seen",
            at: entries[1].utf8.count + 2, .notAscending)
        try expectRefusal(
            entries.joined(separator: ","), [entries[0], entries[0]].joined(separator: ","), "seen", at: second, .notAscending)
        try expectRefusal(seen, seen + ",", "seen", at: seen.utf8.count + 1, .unexpectedByte)
    }
}
