import CareModel
import EventLog
import Foundation
import GRDB

/// By which version of the rules the stored projections were derived.
extension LogStore {
    private static let name = "projections"

    /// Derives every projection anew where another version of the rules made them, and notes the present version at the end: a process
    /// that is ended in the middle begins again.
    ///
    /// - Parameter progress: charts that are done, and all of them.
    /// - Returns: how many charts there were to do; 0 when everything was of this version.
    public func renewProjections(_ progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) async throws -> Int {
        let (version, charts) = try await pool.read { db in
            (
                try Int.fetchOne(db, sql: "SELECT value FROM meta WHERE name = ?", arguments: [Self.name]),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM chart") ?? 0
            )
        }
        guard version != Projections.version else { return 0 }
        _ = try await rebuild(progress)
        try await write { transaction in
            try transaction.db.execute(
                sql: "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", arguments: [Self.name, Projections.version])
        }
        return charts
    }
}
