import EventLog
import Foundation
import Glibc
import Synchronization

/// The names of the events whose bodies were erased here, kept a second time outside of the database: an older database that is put
/// back must not bring the bodies back with it.
final class ErasedList: Sendable {
    private let path: String
    private let known: Mutex<Set<EventHash>>

    init(beside database: String) throws {
        path = URL(fileURLWithPath: database).deletingLastPathComponent().appending(path: "erased").path
        guard FileManager.default.fileExists(atPath: path) else {
            known = Mutex([])
            return
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LogStoreError(.io, "cannot read \(path): without it erased bodies could come back")
        }
        // A line that was cut off by a power failure is no name; its erasure stands in the database.
        known = Mutex(Set(data.split(separator: 0x0A).compactMap { EventHash(text: $0) }))
    }

    var isEmpty: Bool { known.withLock { $0.isEmpty } }

    func contains(_ event: EventHash) -> Bool { known.withLock { $0.contains(event) } }

    var all: Set<EventHash> { known.withLock { $0 } }

    /// Adds names, durably.
    func add(_ events: some Sequence<EventHash>) throws {
        try known.withLock { known in
            let new = events.filter { !known.contains($0) }
            guard !new.isEmpty else { return }
            let file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { if file >= 0 { Glibc.close(file) } }
            let bytes = Array(new.map { "\($0)\n" }.joined().utf8)
            guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
                throw LogStoreError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
            }
            known.formUnion(new)
        }
    }
}
