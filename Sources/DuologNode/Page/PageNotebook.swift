import Dispatch
import EventLog
import NodeAPI
import RecordPage

/// Notebooks on the page. What the command line does in its own process, the daemon does here for one request: the key is made from the
/// passphrase, opens the notes, and is gone.
extension PageBridge {
    func hasNotebook(_ visitor: Visitor) async throws -> Bool {
        try await ask(NotebookRequest(), as: visitor, isAttended: true).lock != nil
    }

    func makeNotebook(passphrase: String, of visitor: Visitor) async throws {
        let lock = try await Self.withMemory { try NotebookKey().locked(passphrase: passphrase) }
        _ = try await ask(LockNotebookRequest(lock: lock, replacing: nil), as: visitor, isAttended: true)
    }

    func notes(passphrase: String, of visitor: Visitor) async throws -> [OpenNote] {
        let notebook = try await ask(ListNotesRequest(), as: visitor, isAttended: true)
        return try await Self.withMemory {
            let key = try NotebookKey(in: notebook.lock, passphrase: passphrase)
            return try notebook.notes.map { sealed in
                let note = try key.open(sealed.sealed)
                return OpenNote(when: sealed.when, text: note.text, session: note.session)
            }
        }
    }

    func write(_ text: String, session: EventHash?, request: String, by visitor: Visitor) async throws {
        guard let lock = try await ask(NotebookRequest(), as: visitor, isAttended: true).lock else {
            throw NodeError(.notFound, "you have no notebook yet")
        }
        let sealed = try lock.seal(NoteText(text: text, session: session))
        _ = try await ask(WriteNoteRequest(sealed: sealed, request: request), as: visitor, isAttended: true)
    }

    private static let queue = DispatchQueue(label: "duolog.notebook")

    /// A passphrase takes 128 MiB and half a second: one at a time, and beside what else the daemon does.
    private static func withMemory<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
