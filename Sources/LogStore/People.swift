public import CareModel
public import EventLog
import Foundation
import GRDB

/// A person who works on this node.
public struct Practitioner: Hashable, Sendable {
    /// The id that stands in envelopes.
    public var author: AuthorID
    /// The user of this machine that they are.
    public var uid: UInt32
    /// Full name.
    public var name: String
    /// Qualification.
    public var credential: Credential

    /// A person.
    public init(author: AuthorID, uid: UInt32, name: String, credential: Credential) {
        self.author = author
        self.uid = uid
        self.name = name
        self.credential = credential
    }
}

extension LogStore {
    /// The practitioners who may write here.
    public func practitioners() async throws -> [Practitioner] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT author, uid, name, credential FROM practitioner WHERE active ORDER BY author"
            ).compactMap { row in
                guard let author = AuthorID(row["author"] as String), let credential = Credential(rawValue: row["credential"])
                else { return nil }
                return Practitioner(author: author, uid: row["uid"], name: row["name"], credential: credential)
            }
        }
    }

    /// Binds a person to a user of this machine; false when the user is somebody already.
    public func add(_ practitioner: Practitioner) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: "INSERT OR IGNORE INTO practitioner (author, uid, name, credential, active) VALUES (?, ?, ?, ?, 1)",
                arguments: [practitioner.author.text, practitioner.uid, practitioner.name, practitioner.credential.rawValue])
            return transaction.db.changesCount > 0
        }
    }

    /// Lets a person write here no longer; what they wrote stays. False when there is no such person.
    public func removePractitioner(_ author: AuthorID) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: "UPDATE practitioner SET active = 0 WHERE author = ? AND active", arguments: [author.text])
            return transaction.db.changesCount > 0
        }
    }
}
