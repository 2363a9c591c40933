import GRDB
import Synchronization

/// What is read at a glance: a few committed rows, by whoever wants them and where they are wanted.
///
/// To hand such a read to another thread, and its answer back, takes longer than the read. It has a connection of its own, and holds it for
/// some tens of microseconds: nobody waits behind somebody who reads for long.
extension LogStore {
    /// So many charts are looked at by a glance,
    public static let chartsAtAGlance = 4
    /// so many segments,
    static let segmentsAtAGlance = 8
    /// and fewer statements than this.
    static let statementsAtAGlance = 8

    static func openGlances(_ path: String) throws -> DatabaseQueue {
        var settings = GRDB.Configuration()
        settings.label = "duolog.glance"
        settings.readonly = true
        settings.prepareDatabase { db in try db.execute(sql: "PRAGMA cache_size = -128") }
        do {
            return try DatabaseQueue(path: path, configuration: settings)
        } catch {
            throw LogStoreError(.io, "cannot open \(path): \(error)")
        }
    }

    /// Reads committed rows on this thread, all as of one commit.
    func glance<Value>(_ body: (Database) throws -> Value) throws -> Value {
        // Two at once are rare: the second takes a connection of those who read for longer, which takes longer itself.
        guard isGlancing.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            return try pool.read(body)
        }
        defer { isGlancing.store(false, ordering: .releasing) }
        return try glances.unsafeRead { db in
            try RawStatement(cached: "BEGIN", db).run()
            // Nothing was changed: whichever way it ends.
            defer { try? RawStatement(cached: "COMMIT", db).run() }
            return try body(db)
        }
    }
}
