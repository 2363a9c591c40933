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
    /// How it came to have its key. Nil for one that was paired after its key had been rotated, until it connects and shows it.
    public internal(set) var keys: NodeKeys?
    /// A second key that claims to follow one of its keys: one of the two is somebody else's, and nothing is exchanged until people have
    /// found out whose.
    public internal(set) var contested: NodePublicKey?

    /// A paired node, by what people told each other.
    public init(_ fingerprint: NodeFingerprint, name: String, address: String?) {
        node = fingerprint.node
        key = fingerprint.key
        self.name = name
        self.address = address
        keys = NodeID(of: key) == node ? NodeKeys(first: key) : nil
    }

    /// What is read of a peer's row, in the order of ``init(_:)``.
    fileprivate static let columns = "node, key, name, address, keys, contested"

    /// Nil for a row that holds no peer, whatever it holds.
    fileprivate init?(_ row: RawStatement) {
        guard let node = row.text(0).flatMap({ NodeID($0) }), let key = row.bytes(1).flatMap({ NodePublicKey(bytes: $0) }),
            let name = row.text(2)
        else { return nil }
        self.init(NodeFingerprint(node: node, key: key), name: name, address: row.text(3))
        if let text = row.text(4) { keys = try? LineDecoder.decode(NodeKeys.self, from: Array(text.utf8)) }
        contested = row.bytes(5).flatMap { NodePublicKey(bytes: $0) }
    }
}

extension LogStore {
    /// The paired peers, by id.
    public func peers() async throws -> [Peer] {
        try await pool.read { db in
            try RawStatement("SELECT \(Peer.columns) FROM peer WHERE paired ORDER BY node", db)
                .all { Peer($0) }.compactMap(\.self)
        }
    }

    /// Pairs with a peer, or changes its name and address.
    ///
    /// - Throws: ``LogStoreError`` where its key was revoked, or another has taken its place.
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
            var peer = peer
            if let known = try transaction.peer(peer.node), let keys = known.keys {
                if known.contested == nil, let later = keys.replacement(of: peer.key) {
                    throw LogStoreError(
                        .revoked, "\(peer.node) gave up the key \(peer.key) at \(later.at); its present one is \(known.key)")
                }
                if keys.all.contains(peer.key) { peer.keys = NodeKeys(first: keys.first, checked: keys.path(to: peer.key)) }
            }
            try transaction.put(peer)
        }
    }

    /// Takes the key that a peer's own word leads to for its key from now on. The pairing goes on.
    public func follow(_ node: NodeID, _ keys: NodeKeys) async throws {
        try await write { transaction in
            guard var peer = try transaction.peer(node) else { return }
            peer.keys = keys
            peer.key = keys.present
            try transaction.put(peer)
        }
    }

    /// Remembers that another key claims to follow one of a peer's: nothing is exchanged with either until people pair anew.
    ///
    /// - Returns: false where that was known.
    public func contest(_ node: NodeID, _ key: NodePublicKey) async throws -> Bool {
        try await write { transaction in
            try transaction.db.execute(
                sql: "UPDATE peer SET contested = ? WHERE node = ? AND contested IS NULL",
                arguments: [Data(key.bytes), node.description])
            return try transaction.db.changesCount > 0
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
            transaction.store.noted.forget(node)
            transaction.forgetCompleted(node)
            return try transaction.db.changesCount > 0
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
            return try transaction.db.changesCount > 0
        }
    }

    /// The nodes whose keys were revoked, with when.
    public func revokedNodes() async throws -> [NodeID: Timestamp] {
        try await pool.read { db in
            var nodes: [NodeID: Timestamp] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT node, revoked FROM peer WHERE revoked IS NOT NULL") {
                guard let node = NodeID(row["node"] as String) else { continue }
                nodes[node] = Timestamp(milliseconds: row["revoked"])
            }
            return nodes
        }
    }
}

extension LogStore {
    static func peer(_ node: NodeID, _ db: Database) throws -> Peer? {
        let row = try RawStatement(cached: "SELECT \(Peer.columns) FROM peer WHERE node = ?", db)
        try row.bind(node.description, at: 1)
        defer { row.reset() }
        return try row.next() ? Peer(row) : nil
    }
}

extension Transaction {
    func peerID(_ node: NodeID) throws -> Int64 {
        if let id = state.peerIDs[node] { return id }
        let rows = try db.cachedStatement(sql: "SELECT id FROM peer WHERE node = ?")
        guard let id = try Int64.fetchOne(rows, arguments: [node.description]) else {
            throw LogStoreError(.notFound, "\(node) is not a paired peer")
        }
        cache(node, id)
        return id
    }

    func peer(_ node: NodeID) throws -> Peer? { try LogStore.peer(node, db) }

    /// The keys that a peer has had, as far as they are known.
    func keys(of node: NodeID) throws -> [NodePublicKey] {
        guard let peer = try peer(node) else { return [] }
        return (peer.keys?.all ?? []) + [peer.key]
    }

    /// Stores a paired peer; it is not contested any more.
    fileprivate func put(_ peer: Peer) throws {
        let keys = try peer.keys.map { String(decoding: try LineEncoder.encode($0), as: UTF8.self) }
        try db.execute(
            sql: """
                INSERT INTO peer (node, key, name, address, paired, keys) VALUES (?, ?, ?, ?, 1, ?)
                ON CONFLICT (node) DO UPDATE SET key = excluded.key, name = excluded.name, address = excluded.address, paired = 1,
                    keys = excluded.keys, contested = NULL
                """,
            arguments: [peer.node.description, Data(peer.key.bytes), peer.name, peer.address, keys])
    }
}
