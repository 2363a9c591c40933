import Foundation
import Glibc
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
        let new = path + ".new"
        try synced(new, O_WRONLY | O_CREAT | O_TRUNC, [UInt8](try encoder.encode(lock)) + [0x0A])
        guard rename(new, path) == 0 else { throw failure }
        for place in [folder, URL(fileURLWithPath: folder).deletingLastPathComponent().path] {
            try synced(place, O_RDONLY | O_DIRECTORY, [])
        }
    }

    private func synced(_ file: String, _ flags: Int32, _ bytes: [UInt8]) throws {
        let descriptor = Glibc.open(file, flags | O_CLOEXEC, 0o600)
        defer { if descriptor >= 0 { Glibc.close(descriptor) } }
        guard descriptor >= 0, bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count,
            fsync(descriptor) == 0
        else { throw failure }
    }

    private var failure: NodeError { NodeError(.io, "cannot write \(path): \(String(cString: strerror(errno)))") }
}
