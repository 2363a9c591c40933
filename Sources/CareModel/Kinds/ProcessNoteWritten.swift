public import EventLog

/// A therapist's own note. It stands in the author's notebook only: no other node ever learns of it (45 CFR 164.501), and whoever has the
/// node's files cannot read it.
public struct ProcessNoteWritten: EventBody {
    public static let kind: Kind = "process_note.written"
    public static let fhir = "never exported"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// The note, sealed to its author: an X25519 public key and the sealed text (HPKE, RFC 9180), base64url.
    public let sealed: String

    /// A sealed note.
    public init(sealed: String) { self.sealed = sealed }

    public func check() throws(ContentError) {
        // The key, and the tag that proves the rest.
        guard let bytes = Base64URL.decode(sealed.utf8), bytes.count > 32 + 16 else {
            throw ContentError("sealed", "is no sealed note; notes are written with: duolog note write")
        }
    }

    public var summary: String { "a sealed note" }
}
