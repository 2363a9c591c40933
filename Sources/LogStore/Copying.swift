import EventLog
import Foundation
import GRDB

/// What a copy of a log holds.
public struct LogCopy: Hashable, Sendable {
    /// The latest migration that was applied.
    public var schema: String
    /// Events.
    public var events: Int
    /// Charts, the local one among them.
    public var charts: Int
    /// Commits.
    public var commits: Int
    /// The epoch that the node wrote in.
    public var epoch: UInt64
}

/// Consistent copies of a log, by SQLite's own backup: as it was between two commits, whatever is written meanwhile.
extension LogStore {
    /// Copies the log into a new file while it is in use.
    public func copy(to path: String) async throws -> LogCopy {
        let pool = pool
        return try await Task.detached { try Self.copy(pool, to: path) }.value
    }

    /// Copies a log that no process has open, and keeps daemons away meanwhile.
    ///
    /// - Throws: ``LogStoreError`` when a daemon has it open, or when it is no log.
    public static func copyClosed(_ source: String, to path: String) throws -> LogCopy {
        let lock = try ProcessLock(path: source + ".lock")
        defer { withExtendedLifetime(lock) {} }
        do {
            return try copy(try DatabaseQueue(path: source), to: path)
        } catch let error as LogStoreError {
            throw error
        } catch {
            throw LogStoreError(.io, "cannot open \(source): \(error)")
        }
    }

    private static func copy(_ source: any DatabaseReader, to path: String) throws -> LogCopy {
        do {
            let target = try DatabaseQueue(path: path)
            try source.backup(to: target)
            let copy = try target.writeWithoutTransaction { db in
                // One file, without a write-ahead log beside it.
                try db.execute(sql: "PRAGMA journal_mode = DELETE")
                // One that an earlier version wrote is copied as it is.
                let hasSegments = try db.tableExists("segment")
                let commits =
                    hasSegments ? "SELECT batch FROM segment ORDER BY id DESC LIMIT 1" : "SELECT max(id) FROM batch"
                return LogCopy(
                    schema: try Schema.latest(db),
                    events: try Int.fetchOne(db, sql: "SELECT max(id) FROM \(hasSegments ? "segment" : "event")") ?? 0,
                    charts: try Int.fetchOne(db, sql: "SELECT count(*) FROM chart") ?? 0,
                    commits: try Int.fetchOne(db, sql: commits) ?? 0, epoch: try WriterState.epoch(db))
            }
            try target.close()
            return copy
        } catch {
            throw LogStoreError(.io, "cannot copy the log to \(path): \(error)")
        }
    }
}
