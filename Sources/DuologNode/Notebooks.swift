import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import NodeAPI

/// Process notes: for each practitioner a log of its own, with its own file and keys. Nothing of it is ever offered, named or counted.
///
/// The notes are sealed before they come here, and opened where their author sits: this process never has a word of them.
actor Notebooks {
    private let folder: StateFolder
    private let clock: NodeClock
    private var open: [AuthorID: (LogStore, ChartID)] = [:]

    init(folder: StateFolder, clock: NodeClock) {
        self.folder = folder
        self.clock = clock
    }

    // MARK: The lock

    /// What a practitioner's notebook is locked with; nil where there is no notebook.
    func lock(of author: AuthorID) throws -> NotebookLock? {
        let path = path(of: author)
        guard let lock = try LockFile(folder: path).read() else {
            guard !FileManager.default.fileExists(atPath: path + "/node.key") else {
                throw NodeError(
                    .unavailable,
                    """
                    the notebook in \(path) has no lock, so its notes cannot be opened: put lock.json back from a backup; or, where the \
                    notebook is from a time when notes were not sealed, move its folder away and run duolog note setup
                    """)
            }
            return nil
        }
        return lock
    }

    /// Makes a notebook, or changes the passphrase of one. The key that its notes are sealed to never changes.
    func setLock(_ lock: NotebookLock, replacing old: NotebookLock?, of author: AuthorID) async throws {
        let present = try self.lock(of: author)
        guard present != lock else { return }
        guard present == old else {
            throw NodeError(
                .usage,
                old == nil
                    ? "you have a notebook already; another passphrase is set with: duolog note passphrase"
                    : "the notebook's passphrase was changed in the meantime; nothing was done")
        }
        guard old == nil || old?.public_key == lock.public_key else {
            throw NodeError(.usage, "this lock belongs to another notebook: its notes could not be opened any more")
        }
        // The lock comes first: a notebook with notes but without a lock could never be read.
        try LockFile(folder: path(of: author)).write(lock)
        _ = try await notebook(of: author)
    }

    // MARK: Notes

    /// Writes a note, durably. A request that was answered before gets the same answer again.
    func write(
        _ note: ProcessNoteWritten, when: ClinicalTime, by author: AuthorID, request: String
    ) async throws -> Authored {
        _ = try required(author)
        let (log, chart) = try await notebook(of: author)
        let draft = Draft(
            chart: chart, author: author, kind: ProcessNoteWritten.kind, members: note.members, when: when,
            seeing: .everything, salt: SystemRandom.bytes(BodyLine.saltBytes))
        guard let authored = try await log.author([draft], request: request).first else {
            throw NodeError(.io, "the note was not written")
        }
        return authored
    }

    /// A practitioner's own notes, in the order in which they were written.
    func notes(of author: AuthorID) async throws -> SealedNotebook {
        let lock = try required(author)
        let (log, chart) = try await notebook(of: author)
        let notes = try await log.record(of: chart)?.notes ?? []
        return SealedNotebook(
            lock: lock, notes: notes.map { SealedNote(event: $0.event, when: $0.when, sealed: $0.note.sealed) })
    }

    /// The notebooks that are here, each with its writer.
    func all() async throws -> [(AuthorID, LogStore)] {
        var found: [(AuthorID, LogStore)] = []
        for author in folder.notebooks.compactMap({ AuthorID($0) }) {
            _ = try required(author)
            found.append((author, try await notebook(of: author).0))
        }
        return found
    }

    /// Copies the log of a notebook for a backup.
    func copy(_ notebook: StateFolder, to target: String) async throws -> LogCopy {
        let name = URL(fileURLWithPath: notebook.path).lastPathComponent
        guard let author = AuthorID(name) else {
            throw NodeError(.io, "\(notebook.path) is no notebook; move it away")
        }
        return try await self.notebook(of: author).0.copy(to: target)
    }

    private func path(of author: AuthorID) -> String { folder.path + "/notebooks/" + author.text }

    private func required(_ author: AuthorID) throws -> NotebookLock {
        guard let lock = try lock(of: author) else {
            throw NodeError(.notFound, "you have no notebook yet; make one with: duolog note setup")
        }
        return lock
    }

    private func notebook(of author: AuthorID) async throws -> (LogStore, ChartID) {
        if let known = open[author] { return known }
        let path = path(of: author)
        let own = StateFolder(path: path)
        if !FileManager.default.fileExists(atPath: path + "/node.key") {
            _ = try own.create(storeKeyFile: path + "/store.key", fictional: false)
        }
        let clock = clock
        var configuration = LogStore.Configuration(
            path: own.log, key: try own.nodeKey(), sealer: try StateFolder.sealer(path + "/store.key"), clock: { clock.now },
            random: SystemRandom.word)
        configuration.reservesSpace = false
        let log = try LogStore(configuration)
        let chart: ChartID
        if let known = try await log.localChart() {
            chart = known
        } else {
            chart = try await log.openChart(
                name: "notebook", nonce: SystemRandom.bytes(16), isLocal: true,
                when: ClinicalTime(instant: clock.now, offsetMinutes: 0), salt: SystemRandom.bytes(16))
        }
        open[author] = (log, chart)
        return (log, chart)
    }
}
