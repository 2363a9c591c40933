import Foundation
import NodeAPI

/// Where a notebook's lock stands: beside its log, so that a backup holds both.
struct LockFile {
    private let folder: String
    private var path: String { folder + "/lock.json" }

    init(folder: String) { self.folder = folder }

    /// The lock; nil where there is none.
    func read() throws -> NotebookLock? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path),
            let lock = try? JSONDecoder().decode(NotebookLock.self, from: data), lock.isWellFormed
        else { throw NodeError(.io, "\(path) does not hold the lock of a notebook; put it back from a backup") }
        return lock
    }

    /// Puts a lock in the place of the present one, durably. After a crash one of the two is there.
    func write(_ lock: NotebookLock) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try DurableFile.replace(path, with: [UInt8](try encoder.encode(lock)) + [0x0A])
        try DurableFile.syncFolder(URL(fileURLWithPath: folder).deletingLastPathComponent().path)
    }
}
