import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// What one administrator reads to another, or sends in a message that breaks lines where it likes.
@Suite struct PairingCodeTests {
    private let key = Writer.key(from: [UInt8](repeating: 7, count: 32))

    private func code(_ name: String, _ address: String? = "10.0.0.7:7410") -> PairingCode {
        PairingCode(key: NodeFingerprint(node: key.node, key: key.publicKey), name: name, address: address)
    }

    @Test(arguments: ["Imaginary Practice", "Praxis für Erfundenes אברהם", "x", ""]) func itIsReadAsItWasWritten(name: String)
        throws
    {
        for address in ["10.0.0.7:7410", "[2001:db8::7]:7410", nil] {
            let code = code(name, address)
            #expect(try PairingCode(text: code.text) == code)
        }
    }

    @Test func whiteSpaceOfAMessageChangesNothing() throws {
        let code = code("Imaginary Practice")
        let broken = code.text.enumerated().map {
            $0.offset % 20 == 19 ? "\($0.element)\r\n > ".filter { $0 != ">" } : "\($0.element)"
        }
        #expect(try PairingCode(text: " \(broken.joined())\t\n") == code)
    }

    /// A node's name may have 64 characters, and a character many bytes.
    @Test func aLongNameIsCutBetweenLetters() throws {
        let name = String(repeating: "👩‍⚕️", count: 64)
        let read = try PairingCode(text: code(name).text)
        #expect(name.hasPrefix(read.name) && read.name.utf8.count > 200 && read.address == "10.0.0.7:7410")
    }

    @Test func whatIsNotWholeIsNoticed() throws {
        let text = code("Imaginary Practice").text
        for length in stride(from: 13, to: text.count, by: 1) {
            #expect(throws: NodeError.self) { try PairingCode(text: String(text.prefix(length))) }
        }
        var letters = Array(text)
        for place in "duolog-pair-".count..<letters.count {
            let letter = letters[place]
            letters[place] = letter == "A" ? "B" : "A"
            #expect(throws: NodeError.self, "at \(place)") { try PairingCode(text: String(letters)) }
            letters[place] = letter
        }
    }

    @Test func anythingElseIsToldFromOne() throws {
        for text in ["", "duolog-pair-", "dp-AAAA", "https://example.org/duolog-pair-AAAA"] {
            let error = try #require(throws: NodeError.self) { try PairingCode(text: text) }
            #expect(error.code == .usage && error.field == "code")
        }
    }

    /// After a rotation the key says another id than the node has: the code carries both.
    @Test func itCarriesTheNodeBesideItsPresentKey() throws {
        let later = Writer.key(from: [UInt8](repeating: 8, count: 32))
        let code = PairingCode(key: NodeFingerprint(node: key.node, key: later.publicKey), name: "x", address: nil)
        let read = try PairingCode(text: code.text)
        #expect(read.key.node == key.node && read.key.key == later.publicKey)
        #expect(read.fingerprint.filter { $0 != " " } == "\(NodeID(of: later.publicKey))" && read.fingerprint.count == 19)
    }
}
