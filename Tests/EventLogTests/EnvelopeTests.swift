import CareModel
import EventLog
import TestSupport
import Testing

/// An envelope has one form; everything else is refused.
@Suite struct EnvelopeTests {
    private func sample() throws -> [UInt8] {
        let practices = try Practices([("rx", [.prescribing], .psychiatrist)])
        var writer = practices.writers[1]
        let root = try writer.write(MedicationPrescribed.kind, Bodies.prescribed())
        return try writer.write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root.hash]).line
    }

    @Test func readingAndWritingAreInverse() throws {
        let line = try sample()
        #expect(try Envelope(line: line).line == line)
    }

    /// All that can be long at once: what is set aside for a line must do for each.
    @Test func theLongestOfAllIsWrittenAndRead() throws {
        var random = SplitMix64(seed: 7)
        func hashes(_ count: Int) throws -> [EventHash] {
            try (0..<count).map { _ in try #require(EventHash(bytes: random.bytes(32))) }.sorted()
        }
        func letters(_ count: Int) -> String { String(repeating: "z", count: count) }
        let origin = Origin(node: try #require(NodeID("zzzzzzzzzzzzzzzz")), epoch: .max)
        let others = (0..<Limits.clockEntries - 1).map { _ in
            (Origin(node: origin.node, epoch: random.next() >> 1), Limits.sequence)
        }
        let envelope = Envelope(
            chart: try hashes(1)[0], origin: origin, seq: Limits.sequence, prev: try hashes(1)[0],
            seen: VectorClock(others + [(origin, Limits.sequence - 1)]), after: try hashes(Limits.links),
            refs: try hashes(Limits.links), at: try #require(Timestamp("9999-12-31T23:59:59.999Z")),
            author: try #require(AuthorID(letters(Limits.nameBytes))), kind: try #require(Kind(letters(Limits.nameBytes))),
            version: 1_000_000, critical: false, body: try hashes(1)[0])
        let line = envelope.line
        #expect(line.count > 100_000)
        #expect(try Envelope(line: line) == envelope)
    }

    /// Nothing checks an envelope that is put together: it is written, and refused by whoever reads it.
    @Test func whatHasNoFormIsWrittenAndRefused() throws {
        var envelope = try Envelope(line: sample())
        for milliseconds in [Int.min / 2, -62_167_219_200_001, 253_402_300_800_000, Int.max / 2] {
            envelope.at = Timestamp(milliseconds: milliseconds)
            #expect(throws: FormatError.self) { try Envelope(line: envelope.line) }
        }
        envelope.at = Timestamp(milliseconds: 0)
        (envelope.seq, envelope.version) = (.max, .min)
        #expect(throws: FormatError.self) { try Envelope(line: envelope.line) }
    }

    /// Whatever is accepted is canonical: writing it again gives the same bytes.
    @Test func everyMutationIsRefusedOrCanonical() throws {
        let line = try sample()
        var accepted = 0
        func check(_ mutated: [UInt8]) {
            guard let envelope = try? Envelope(line: mutated) else { return }
            accepted += 1
            #expect(envelope.line == mutated)
        }
        for position in line.indices {
            var removed = line
            removed.remove(at: position)
            check(removed)
            for byte in [0x20, 0x30, 0x39, 0x41, 0x2B, 0x22, 0x00, 0xFF] as [UInt8] {
                var inserted = line
                inserted.insert(byte, at: position)
                check(inserted)
                var replaced = line
                replaced[position] = byte
                check(replaced)
            }
        }
        #expect(accepted > 100, "letters of ids can be others: the test must not refuse everything")
    }

    @Test func errorsNameTheFieldAndTheByte() throws {
        let text = String(decoding: try sample(), as: UTF8.self)
        func refusal(_ old: String, _ new: String) -> FormatError? {
            let mutated = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
            do throws(FormatError) {
                _ = try Envelope(line: mutated)
                return nil
            } catch {
                return error
            }
        }
        func place(_ of: String) -> Int {
            text.utf8.count - (text.firstRange(of: of).map { text[$0.lowerBound...].utf8.count } ?? 0)
        }
        #expect(
            refusal(#""seq":"#, #""seq": "#) == FormatError(field: "seq", byte: place(#""seq":"#) + 6, reason: .unexpectedByte))
        #expect(refusal(#""kv":1"#, #""kv":01"#)?.reason == .numberOutOfRange)
        #expect(refusal(#""crit":true"#, #""crit":1"#)?.field == "crit")
        #expect(refusal(#""t":"event""#, #""t":"Event""#)?.field == "t")
        #expect(refusal(#""author":"rx""#, #""author":"R X""#)?.field == "author")
    }

    @Test func theOwnOriginIsSeenBelowItsNumber() throws {
        let envelope = try Envelope(line: try sample())
        var ahead = envelope
        ahead.seen.advance(envelope.origin, to: envelope.seq)
        #expect(throws: FormatError.self) { try Envelope(line: ahead.line) }
    }
}
