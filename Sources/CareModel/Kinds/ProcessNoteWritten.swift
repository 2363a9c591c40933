public import EventLog

/// A therapist's own note. It stands in the author's notebook only: no other node ever learns of it (45 CFR 164.501).
public struct ProcessNoteWritten: EventBody {
    public static let kind: Kind = "process_note.written"
    public static let fhir = "never exported"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// The note.
    public let text: String
    /// The session that it belongs to.
    public let session: EventHash?

    public func check() throws(ContentError) { try requireText(text, "text") }

    public var summary: String { text }
}
