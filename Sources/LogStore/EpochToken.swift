import EventLog
import Foundation
import GRDB
import Synchronization

/// The epoch, kept a second time outside of the database. Where the two differ the database was put back from elsewhere, and the node
/// must not go on in the old epoch: it may have written more in it than it knows.
struct EpochToken {
    private let url: URL

    init(beside path: String) { url = URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: "epoch") }

    /// Draws an epoch where there is none, or where the token does not match.
    func check(_ store: LogStore) throws {
        let stored = store.state.withLock { $0.counters.epoch }
        let token = (try? String(contentsOf: url, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        guard stored == 0 || token != String(stored) else { return }
        try store.pool.write { db in
            try store.state.withLock { state in try Self.draw(&state.counters, db, store.configuration.random) }
        }
        try write(store.state.withLock { $0.counters.epoch })
    }

    func write(_ epoch: UInt64) throws {
        do {
            try Data("\(epoch)\n".utf8).write(to: url, options: .atomic)
        } catch {
            throw LogStoreError(.io, "cannot write \(url.path): \(error.localizedDescription)")
        }
    }

    /// A new epoch, and with it a new life of the node.
    static func draw(_ counters: inout WriterState.Counters, _ db: Database, _ random: () -> UInt64) throws {
        counters.epoch = random() | 1
        counters.instance = random() | 1
        for (name, value) in [("epoch", counters.epoch), ("instance", counters.instance)] {
            try db.execute(
                sql: "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
                arguments: [name, Int64(bitPattern: value)])
        }
    }
}
