public import EventLog

/// A process note that its author has opened, for as long as the page takes that shows it.
public struct OpenNote: Hashable, Sendable {
    /// When.
    public let when: ClinicalTime
    /// The note.
    public let text: String
    /// The session that it belongs to.
    public let session: EventHash?

    /// A note.
    public init(when: ClinicalTime, text: String, session: EventHash?) {
        self.when = when
        self.text = text
        self.session = session
    }
}

/// The page's way to the notebook of somebody who signed in. A notebook's key is made from a passphrase that is none of the page's: it lives
/// for one call, and nothing of it is kept in a session.
public protocol NotebookBackend: Sendable {
    /// True where they have a notebook.
    func hasNotebook(_ visitor: Visitor) async throws -> Bool

    /// Makes their notebook.
    func makeNotebook(passphrase: String, of visitor: Visitor) async throws

    /// Their notes, in the order in which they were written.
    ///
    /// - Throws: `NodeError` with code permission where the passphrase is wrong.
    func notes(passphrase: String, of visitor: Visitor) async throws -> [OpenNote]

    /// Writes a note, sealed before it is stored. Takes no passphrase.
    func write(_ text: String, session: EventHash?, request: String, by visitor: Visitor) async throws
}
