import Foundation
import GRDB
import Glibc

/// The copy of a database as it was before a migration, beside it: what an earlier version of the program can open again.
enum SchemaCopy {
    private static let mark = ".before-"

    /// Makes the copy, unless an interrupted migration has made it already.
    ///
    /// - Throws: ``LogStoreError`` where there is no room for it; the database is as it was.
    static func keep(
        of source: any DatabaseReader, at path: String, before migration: String, progress: @escaping LogStore.Progress
    ) throws {
        let target = path + mark + migration
        guard !FileManager.default.fileExists(atPath: target) else { return }
        let part = target + ".part"
        unlink(part)
        do {
            let copy = try DatabaseQueue(path: part)
            try source.backup(to: copy, pagesPerStep: 4096) { done in
                progress("copying the log before it is migrated", done.completedPageCount, done.totalPageCount)
            }
            try copy.close()
            guard chmod(part, 0o600) == 0, rename(part, target) == 0 else {
                throw LogStoreError(.io, String(cString: strerror(errno)))
            }
        } catch {
            unlink(part)
            throw LogStoreError(
                .io,
                "cannot copy the log to \(target) before it is migrated: \(error); make room, or move the state folder to a larger disk"
            )
        }
    }

    /// Removes such copies: they hold bodies that have been erased since.
    static func remove(beside path: String) throws {
        let file = URL(fileURLWithPath: path)
        let folder = file.deletingLastPathComponent()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where name.hasPrefix(file.lastPathComponent + mark) {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }
}
