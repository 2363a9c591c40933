import CareModel
import Crypto
import EventLog
import Foundation
import LogStore
import NodeAPI

/// Process notes: for each practitioner a log of its own, with its own file and keys. Nothing of it is ever offered, named or counted.
actor Notebooks {
    private let folder: StateFolder
    private let clock: NodeClock
    private var open: [AuthorID: (LogStore, ChartID)] = [:]

    init(folder: StateFolder, clock: NodeClock) {
        self.folder = folder
        self.clock = clock
    }

    /// Writes a note, durably. A request that was answered before gets the same answer again.
    func write(_ members: [UInt8], when: ClinicalTime, by author: AuthorID, request: String) async throws -> Authored {
        let (log, chart) = try await notebook(of: author)
        let draft = Draft(
            chart: chart, author: author, kind: ProcessNoteWritten.kind, members: members, when: when,
            seeing: .everything, salt: SystemRandom.bytes(BodyLine.saltBytes))
        guard let authored = try await log.author([draft], request: request).first else {
            throw NodeError(.io, "the note was not written")
        }
        return authored
    }

    /// A practitioner's own notes, in the order in which they were written.
    func notes(of author: AuthorID) async throws -> [NotebookEntry] {
        let (log, chart) = try await notebook(of: author)
        guard let record = try await log.record(of: chart) else { return [] }
        return TimelineView(Fold(record)).entries.filter { $0.label.kind == ProcessNoteWritten.kind }
            .map { NotebookEntry(when: $0.label.when, text: $0.summary) }
    }

    /// The notebooks that are here, each with its writer.
    func all() async throws -> [(AuthorID, LogStore)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/notebooks")) ?? []
        var found: [(AuthorID, LogStore)] = []
        for author in names.sorted().compactMap({ AuthorID($0) }) { found.append((author, try await notebook(of: author).0)) }
        return found
    }

    private func notebook(of author: AuthorID) async throws -> (LogStore, ChartID) {
        if let known = open[author] { return known }
        let path = folder.path + "/notebooks/" + author.text
        let own = StateFolder(path: path)
        if !FileManager.default.fileExists(atPath: path + "/node.key") {
            _ = try own.create(storeKeyFile: path + "/store.key", fictional: false)
        }
        let clock = clock
        let log = try LogStore(
            LogStore.Configuration(
                path: own.log, key: try own.nodeKey(), sealer: try StateFolder.sealer(path + "/store.key"), clock: { clock.now },
                random: SystemRandom.word))
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
