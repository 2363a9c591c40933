public import EventLog
import Foundation
import GRDB
import Synchronization

/// A node that this one was paired with, by hand and on both sides.
public struct Peer: Hashable, Sendable {
    /// Its short id.
    public var node: NodeID
    /// Its public key.
    public var key: NodePublicKey
    /// What this node's people call it.
    public var name: String
    /// Where it is dialed; nil when it dials us.
    public var address: String?

    /// A paired node.
    public init(node: NodeID, key: NodePublicKey, name: String, address: String?) {
        self.node = node
        self.key = key
        self.name = name
        self.address = address
    }
}

extension LogStore {
    /// The paired peers, by id.
    public func peers() async throws -> [Peer] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT node, key, name, address FROM peer WHERE paired ORDER BY node").compactMap { row in
                guard let key = NodePublicKey(bytes: row["key"] as Data) else { return nil }
                return Peer(node: key.node, key: key, name: row["name"], address: row["address"])
            }
        }
    }

    /// Pairs with a peer, or changes its name and address.
    ///
    /// - Throws: ``LogStoreError`` where its key was revoked.
    public func pair(_ peer: Peer) async throws {
        try await write { transaction in
            if let revoked = try Int.fetchOne(
                transaction.db, sql: "SELECT revoked FROM peer WHERE node = ?", arguments: [peer.node.description])
            {
                throw LogStoreError(
                    .revoked,
                    "the key of \(peer.node) was revoked at \(Timestamp(milliseconds: revoked)); whoever has it may be somebody else. That practice needs a new node: duolog init in an empty folder"
                )
            }
            try transaction.db.execute(
                sql: """
                    INSERT INTO peer (node, key, name, address, paired) VALUES (?, ?, ?, ?, 1)
                    ON CONFLICT (node) DO UPDATE SET key = excluded.key, name = excluded.name, address = excluded.address, paired = 1
                    """,
                arguments: [peer.node.description, Data(peer.key.bytes), peer.name, peer.address])
        }
    }

    /// Ends a pairing. What was received stays; what was completed is forgotten.
    public func unpair(_ node: NodeID) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: "DELETE FROM bucket WHERE peer IN (SELECT id FROM peer WHERE node = ?)", arguments: [node.description])
            try transaction.db.execute(
                sql: "UPDATE peer SET paired = 0, root = NULL, noted = 0 WHERE node = ? AND paired",
                arguments: [node.description])
            return transaction.db.changesCount > 0
        }
    }

    /// Ends a pairing for good: the key was lost. It is remembered, so that nobody pairs with it again.
    ///
    /// - Returns: false where no such peer was ever paired.
    public func revoke(_ node: NodeID) async throws -> Bool {
        let now = configuration.clock().milliseconds
        _ = try await unpair(node)
        return try await write { transaction in
            try transaction.db.execute(
                sql: "UPDATE peer SET revoked = coalesce(revoked, ?) WHERE node = ?", arguments: [now, node.description])
            return transaction.db.changesCount > 0
        }
    }

    /// The keys that were revoked, with when.
    public func revokedKeys() async throws -> [NodePublicKey: Timestamp] {
        try await pool.read { db in
            var keys: [NodePublicKey: Timestamp] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT key, revoked FROM peer WHERE revoked IS NOT NULL") {
                guard let key = NodePublicKey(bytes: row["key"] as Data) else { continue }
                keys[key] = Timestamp(milliseconds: row["revoked"])
            }
            return keys
        }
    }

    /// The root that was last completed from a peer.
    public func completedRoot(of peer: NodeID) async throws -> EventHash? {
        try await pool.read { db in
            try Data.fetchOne(db, sql: "SELECT root FROM peer WHERE node = ?", arguments: [peer.description])
                .flatMap { EventHash(bytes: $0) }
        }
    }

    /// The bucket hashes under that root, by number.
    public func completedBuckets(of peer: NodeID) async throws -> [Int: UInt64] {
        try await pool.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT bucket, hash FROM bucket JOIN peer ON peer.id = bucket.peer WHERE node = ?",
                arguments: [peer.description])
            return Dictionary(
                rows.map { ($0[0] as Int, UInt64(bitPattern: $0[1] as Int64)) }, uniquingKeysWith: { _, last in last })
        }
    }
}

extension Transaction {
    func peerID(_ node: NodeID) throws -> Int64 {
        if let id = state.peerIDs[node] { return id }
        guard let id = try Int64.fetchOne(db, sql: "SELECT id FROM peer WHERE node = ?", arguments: [node.description]) else {
            throw LogStoreError(.notFound, "\(node) is not a paired peer")
        }
        cache(node, id)
        return id
    }

    func peerKey(_ node: NodeID) throws -> NodePublicKey? {
        try Data.fetchOne(db, sql: "SELECT key FROM peer WHERE node = ?", arguments: [node.description])
            .flatMap { NodePublicKey(bytes: $0) }
    }

    /// Records, in the transaction of the events, that everything under a sender's root is here.
    func complete(_ root: EventHash, _ buckets: [Int: UInt64], peer: Int64) throws {
        try db.cachedStatement(sql: "UPDATE peer SET root = ? WHERE id = ?").execute(arguments: [Data(root.bytes), peer])
        for (bucket, word) in buckets {
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO bucket (peer, bucket, hash) VALUES (?, ?, ?)")
                .execute(arguments: [peer, bucket, Int64(bitPattern: word)])
        }
        noteRelease()
    }
}
