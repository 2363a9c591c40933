import CareModel
public import EventLog
import Foundation
import GRDB

/// The key of this node in its charts: a chart in which it writes says which key vouches for what it writes.
extension LogStore {
    /// Signs with this key from now on, and says so in every chart in which the node may write. The caller has stored the key durably
    /// before: where this is interrupted, the next opening goes on with it.
    ///
    /// - Returns: the charts that it was said in, local ones included.
    /// - Throws: ``LogStoreError`` where the log was written with a later key than this one.
    public func rotate(to key: NodeKey) async throws -> Int {
        replaceKey(key)
        return try await announceKey()
    }

    /// Says in every chart in which the node may write which key it has, where that is not known there; does nothing where all know it.
    @discardableResult
    public func announceKey(_ progress: @escaping Progress = { _, _, _ in }) async throws -> Int {
        let key = key.publicKey
        if let last = try await pool.read({ try Self.writtenKey($0) }), !self.key.keys.all.contains(last) {
            throw LogStoreError(
                .revoked,
                "this log was written with the key \(last), which does not lead to \(key): node.key is older than the log, or of a copy. Put the later node.key back; without it this node is lost: duolog init in an empty folder"
            )
        }
        guard try await pool.read({ try Self.announcedKey($0) }) ?? self.key.keys.first != key else { return 0 }
        let charts = try await pool.read { try Int64.fetchAll($0, sql: "SELECT id FROM chart ORDER BY id") }
        var said = 0
        for (number, chart) in charts.enumerated() {
            progress("saying the new key, chart", number, charts.count)
            if try await write({ try $0.sayKeys(in: chart) }) { said += 1 }
        }
        try await write { transaction in
            try transaction.db.execute(
                sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('key', ?)", arguments: [Data(key.bytes)])
        }
        return said
    }

    /// The latest key that a chart was told of.
    private static func writtenKey(_ db: Database) throws -> NodePublicKey? {
        try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'key-begun'").flatMap { NodePublicKey(bytes: $0) }
    }

    private static func announcedKey(_ db: Database) throws -> NodePublicKey? {
        try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'key'").flatMap { NodePublicKey(bytes: $0) }
    }
}

extension Transaction {
    /// Writes the successions of this node's keys that a chart does not know yet, or not yet in this epoch where the node is about to write.
    /// Nothing that a new key signs can be checked before.
    ///
    /// - Returns: true where there was something to say.
    @discardableResult
    func sayKeys(in chart: Int64, beforeWriting: Bool = false) throws -> Bool {
        // Asked for each event that is written: a node with its first key has nothing to say.
        guard !key.keys.successions.isEmpty else { return false }
        let record = try record(chart)
        let origin = Origin(node: store.node, epoch: state.counters.epoch)
        let unsaid = beforeWriting ? record.unsaid(of: key, as: origin) : record.unsaid(of: key)
        for succession in unsaid {
            let draft = KeyRotated.draft(succession, in: record.graph.chart, at: store.configuration.clock(), salt: salt())
            _ = try write(draft, to: chart)
        }
        guard !unsaid.isEmpty else { return false }
        try db.execute(
            sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('key-begun', ?)", arguments: [Data(key.publicKey.bytes)])
        return true
    }

    private func salt() -> [UInt8] {
        (0..<2).flatMap { _ in withUnsafeBytes(of: store.configuration.random()) { Array($0) } }
    }
}
