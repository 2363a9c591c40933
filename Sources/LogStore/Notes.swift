import Foundation
import GRDB

/// Small things that a node remembers of itself, by name. Nothing of a patient.
extension LogStore {
    /// What was kept under a name.
    public func note(_ name: String) async throws -> [UInt8]? {
        try await pool.read { db in
            try Row.fetchOne(db, sql: "SELECT value FROM meta WHERE name = ?", arguments: ["note:" + name])?.bytes("value")
        }
    }

    /// Keeps something under a name, in the place of what was kept before.
    public func keepNote(_ name: String, _ value: [UInt8]) async throws {
        try await write { transaction in
            try transaction.db.execute(
                sql: "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", arguments: ["note:" + name, Data(value)])
        }
    }
}
