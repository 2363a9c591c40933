import EventLog
import TestSupport
import Testing

/// Identifiers have one text each: whatever is read is written as it was read.
@Suite struct TextFormTests {
    private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let idAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    @Test func knownBytesHaveKnownLetters() {
        // RFC 4648, section 10, without padding.
        for (plain, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            #expect(Base64URL.encode(plain.utf8) == text)
            #expect(Base64URL.decode(text.utf8) == Array(plain.utf8))
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
    }

    /// Every text of up to three letters is refused, or is what its bytes are written as.
    @Test func everyShortTextIsRefusedOrCanonical() {
        var accepted = 0
        func check(_ text: [UInt8]) {
            guard let bytes = Base64URL.decode(text) else { return }
            accepted += 1
            if Array(Base64URL.encode(bytes).utf8) != text { Issue.record("\(text) is not the one form of \(bytes)") }
        }
        for first in Self.urlAlphabet {
            check([first])
            for second in Self.urlAlphabet {
                check([first, second])
                for third in [0x41, 0x42, 0x45, 0x5F, 0x2D] as [UInt8] { check([first, second, third]) }
            }
        }
        // One byte in two letters: 256 of 4,096. Two bytes in three: A, E and others whose last two bits are 0.
        #expect(accepted == 256 + 2 * 64 * 64)
    }

    @Test(arguments: ["A", "AAAAA", "AA==", "AA=", "A+", "A/", "A A", "AA\n", "Ä", "AB", "AAB"])
    func otherFormsOfBase64AreRefused(_ text: String) { #expect(Base64URL.decode(text.utf8) == nil) }

    @Test func hashesHaveOneForm() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let bytes = random.bytes(32)
            let hash = EventHash(bytes: bytes)
            let text = Base64URL.encode(bytes)
            #expect(hash?.bytes == bytes, "seed \(seed)")
            #expect(hash?.description == text, "seed \(seed)")
            #expect(EventHash(text) == hash, "seed \(seed)")
            let other = EventHash(bytes: random.bytes(32))
            if let hash, let other {
                #expect((hash < other) == hash.bytes.lexicographicallyPrecedes(other.bytes), "seed \(seed)")
                #expect(hash.bucket == Int(hash.bytes[0]) << 2 | Int(hash.bytes[1] >> 6), "seed \(seed)")
            }
            // The last letter holds four bits; with the others set there would be four texts of one hash.
            guard let last = text.utf8.last, let value = Self.urlAlphabet.firstIndex(of: last) else { continue }
            for padding in 1...3 {
                let letter = Self.urlAlphabet[value | padding]
                #expect(EventHash(text: Array(text.utf8.dropLast()) + [letter]) == nil, "seed \(seed)")
            }
        }
        for count in [0, 31, 33] { #expect(EventHash(bytes: [UInt8](repeating: 0, count: count)) == nil) }
        #expect(EventHash(of: []).description == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "SHA-256 of nothing")
    }

    @Test func anIdIsTheFirstTenBytesOfTheKeysHash() {
        let key = Writer.key(from: [UInt8](repeating: 1, count: 32)).publicKey
        let bits = EventHash(of: key.bytes).bytes.prefix(10).flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let letters = stride(from: 0, to: 80, by: 5).map { start in
            Self.idAlphabet[bits[start..<start + 5].reduce(0) { $0 << 1 | Int($1) }]
        }
        #expect(Array(NodeID(of: key).description.utf8) == letters)
    }

    @Test(arguments: [
        "", "000000000000000", "00000000000000000", "000000000000000A", "000000000000000i", "000000000000000l",
        "000000000000000o", "000000000000000u", "000000000000000-", "00000000000000 0",
    ])
    func otherFormsOfNodeIdsAreRefused(_ text: String) { #expect(NodeID(text) == nil) }

    @Test(arguments: [
        "0000000000000000.g000000000000", "0000000000000000.zzzzzzzzzzzzz", "0000000000000000.000000000000",
        "0000000000000000.00000000000000", "0000000000000000-0000000000000", "00000000000000000000000000000.",
        "0000000000000000.000000000000A", "000000000000000u.0000000000000",
    ])
    func otherFormsOfOriginsAreRefused(_ text: String) { #expect(Origin(text) == nil) }

    @Test func theHighestEpochIsRead() throws {
        let origin = try #require(Origin("0000000000000000.fzzzzzzzzzzzz"))
        #expect(origin.epoch == .max)
        #expect(origin.description == "0000000000000000.fzzzzzzzzzzzz")
    }

    @Test func originsSortLikeTheirText() {
        var random = SplitMix64(seed: 8)
        let nodes = (1...3).map { Writer.key(from: [UInt8](repeating: $0, count: 32)).node }
        for _ in 0..<300 {
            let pair = (0..<2).compactMap { _ in
                nodes.randomElement(using: &random).map { Origin(node: $0, epoch: random.next() >> random.next() % 64) }
            }
            #expect((pair[0] < pair[1]) == (pair[0].description < pair[1].description))
            #expect(Origin(pair[0].description) == pair[0])
        }
    }

    @Test func namesAreOfTheirLettersOnly() {
        let long = String(repeating: "a", count: Limits.nameBytes)
        for good in ["a", "dose.adjusted", "a_b", long] { #expect(Kind(good)?.name == good) }
        for bad in ["", "A", "a1", "a-b", "a b", "ä", long + "a"] { #expect(Kind(bad) == nil, "\(bad)") }
        for good in ["a", "a-1", "0", long] { #expect(AuthorID(good)?.text == good) }
        for bad in ["", "A", "a.b", "a_b", "a b", "ä", long + "a"] { #expect(AuthorID(bad) == nil, "\(bad)") }
        #expect(AuthorID(random: (0, 1)).text == "0000000000000001")
    }
}
