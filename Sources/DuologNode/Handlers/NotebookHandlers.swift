import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func notebook(_ caller: Caller) async throws -> NotebookState {
        let author = try await practitioner(caller).author
        return NotebookState(author: author, lock: try await notebooks.lock(of: author))
    }

    func lockNotebook(_ request: LockNotebookRequest, _ caller: Caller) async throws -> NotebookState {
        let author = try await practitioner(caller).author
        guard request.lock.isWellFormed else { throw NodeError(.usage, "this is no lock of a notebook") }
        try await notebooks.setLock(request.lock, replacing: request.replacing, of: author)
        return NotebookState(author: author, lock: request.lock)
    }

    func writeNote(_ request: WriteNoteRequest, _ caller: Caller) async throws -> WrittenNote {
        let author = try await practitioner(caller).author
        let note = ProcessNoteWritten(sealed: request.sealed)
        let when = request.when ?? ClinicalTime(instant: clock.now, offsetMinutes: 0)
        do {
            try note.check()
            return WrittenNote(event: try await notebooks.write(note, when: when, by: author, request: request.request).event)
        } catch let error as ContentError {
            throw NodeError(.content, "\(error)")
        } catch let error as AuthoringError {
            throw NodeError(error)
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    func listNotes(_ caller: Caller) async throws -> SealedNotebook {
        try await notebooks.notes(of: try await practitioner(caller).author)
    }
}
