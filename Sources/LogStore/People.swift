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
            return try transaction.db.changesCount > 0
        }
    }

    /// Lets a person write here no longer; what they wrote stays. False when there is no such person.
    public func removePractitioner(_ author: AuthorID) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: "UPDATE practitioner SET active = 0 WHERE author = ? AND active", arguments: [author.text])
            return try transaction.db.changesCount > 0
        }
    }
}

/// How a person signs in on the page.
public struct SignInEntry: Hashable, Sendable {
    /// Who.
    public var person: Practitioner
    /// True when they may see to the node itself there.
    public var isAdministrator: Bool
    /// The hash of their passphrase and how it was made, as text; nil until they have chosen one.
    public var passphrase: String?
    /// When their invitation ends; nil where there is none.
    public var invitedUntil: Timestamp?
}

extension LogStore {
    /// Those who were ever invited to the page, and may still write here.
    public func signIns() async throws -> [SignInEntry] {
        try await entries(where: "1", [])
    }

    /// Whom an invitation is for, by the hash of what its link says.
    public func signIn(invitedBy hash: EventHash) async throws -> SignInEntry? {
        try await entries(where: "s.invitation = ?", [Data(hash.bytes)]).first
    }

    private func entries(where condition: String, _ arguments: StatementArguments) async throws -> [SignInEntry] {
        let people = try await practitioners()
        return try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT author, administrator, passphrase, invited_until FROM sign_in s WHERE \(condition) ORDER BY author",
                arguments: arguments
            ).compactMap { row in
                guard let person = people.first(where: { $0.author.text == row["author"] as String }) else { return nil }
                return SignInEntry(
                    person: person, isAdministrator: row["administrator"], passphrase: row["passphrase"],
                    invitedUntil: (row["invited_until"] as Int?).map { Timestamp(milliseconds: $0) })
            }
        }
    }

    /// Invites a person to choose a passphrase. The one that they had is good until they do.
    ///
    /// - Parameter hash: of what the link says; the link itself is kept nowhere.
    public func invite(
        _ author: AuthorID, administrator: Bool, by hash: EventHash, until: Timestamp
    ) async throws {
        try await write { transaction in
            try transaction.db.execute(
                sql: """
                    INSERT INTO sign_in (author, administrator, invitation, invited_until) VALUES (?, ?, ?, ?)
                    ON CONFLICT (author) DO UPDATE SET administrator = excluded.administrator,
                        invitation = excluded.invitation, invited_until = excluded.invited_until
                    """, arguments: [author.text, administrator, Data(hash.bytes), until.milliseconds])
        }
    }

    /// Uses an invitation up. False when somebody has, in the meantime.
    ///
    /// - Parameter passphrase: what they sign in with from now on; nil to leave that as it is.
    public func acceptInvitation(_ hash: EventHash, passphrase: String?) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: """
                    UPDATE sign_in SET passphrase = coalesce(?, passphrase), invitation = NULL, invited_until = NULL
                    WHERE invitation = ?
                    """, arguments: [passphrase, Data(hash.bytes)])
            return try transaction.db.changesCount > 0
        }
    }
}
