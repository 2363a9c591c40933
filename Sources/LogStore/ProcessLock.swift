import Foundation
import Glibc

/// Keeps a second process from opening the same log: SQLite before 3.51.3 can corrupt a WAL that two connections write at once.
final class ProcessLock: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LogStoreError(.io, "cannot create \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw LogStoreError(.locked, "\(path) is held by another process: is a daemon running on this state folder?")
        }
    }

    deinit { Glibc.close(descriptor) }
}
