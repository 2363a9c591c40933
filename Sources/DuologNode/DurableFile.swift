import Foundation
import Glibc
import NodeAPI

/// Small files that are replaced as a whole: after a crash either what was there or what is new, never a part of it.
enum DurableFile {
    /// Puts a file, readable by its owner only, in the place of the present one, and returns once that is on the disk.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let new = path + ".new"
        try synced(new, O_WRONLY | O_CREAT | O_TRUNC, bytes)
        guard rename(new, path) == 0 else { throw failure(path) }
        try syncFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Returns once the names in a folder are on the disk.
    static func syncFolder(_ folder: String) throws { try synced(folder, O_RDONLY | O_DIRECTORY, []) }

    private static func synced(_ file: String, _ flags: Int32, _ bytes: [UInt8]) throws {
        let descriptor = Glibc.open(file, flags | O_CLOEXEC, 0o600)
        defer { if descriptor >= 0 { Glibc.close(descriptor) } }
        guard descriptor >= 0, bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count,
            fsync(descriptor) == 0
        else { throw failure(file) }
    }

    private static func failure(_ file: String) -> NodeError {
        NodeError(.io, "cannot write \(file): \(String(cString: strerror(errno)))")
    }
}
