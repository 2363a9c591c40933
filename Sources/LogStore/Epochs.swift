import CareModel
import EventLog
import Foundation
import GRDB
import Synchronization

/// The lives of this node: in each it writes sequences of its own.
extension LogStore {
    /// Draws a new epoch and a new life of this node, durably.
    public func drawEpoch(_ reason: EpochChange.Reason = .asked) async throws {
        try await write { try $0.drawEpoch(reason, peer: nil) }
    }

    /// This node's present epoch and life.
    public var epoch: (epoch: UInt64, instance: UInt64) {
        state.withLock { ($0.counters.epoch, $0.counters.instance) }
    }

    /// The epochs of this node and why each was drawn, the latest last.
    public func epochChanges() async throws -> [EpochChange] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM epoch ORDER BY id").map { row in
                EpochChange(
                    epoch: UInt64(bitPattern: row["epoch"] as Int64), at: Timestamp(milliseconds: row["at"]),
                    reason: EpochChange.Reason(rawValue: row["reason"]) ?? .asked,
                    peer: (row["peer"] as String?).flatMap { NodeID($0) }, readBack: row["read_back"])
            }
        }
    }

    /// True when the log was opened in a new epoch.
    public var drewEpochAtStart: Bool { drewAtStart.withLock { $0 } }

    /// Draws an epoch where the database cannot go on in its own.
    func checkEpoch() throws {
        guard var reason = state.withLock({ token.objection(to: $0.counters) }) else {
            return try replaceToken()
        }
        if configuration.isRestored, reason != .firstStart { reason = .restored }
        try pool.write { db in
            try state.withLock { state in try draw(reason, peer: nil, &state.counters, db) }
        }
        try replaceToken()
        drewAtStart.withLock { $0 = true }
    }

    func replaceToken() throws { try token.replace(state.withLock { $0.counters.token }) }

    /// A new epoch, and with it a new life of the node.
    func draw(_ reason: EpochChange.Reason, peer: NodeID?, _ counters: inout WriterState.Counters, _ db: Database) throws {
        counters.epoch = configuration.random() | 1
        counters.instance = configuration.random() | 1
        for (name, value) in [("epoch", counters.epoch), ("instance", counters.instance)] {
            try db.execute(
                sql: "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", arguments: [name, Int64(bitPattern: value)])
        }
        try db.execute(
            sql: "INSERT INTO epoch (at, epoch, reason, peer, read_back) VALUES (?, ?, ?, ?, 0)",
            arguments: [
                configuration.clock().milliseconds, Int64(bitPattern: counters.epoch), reason.rawValue, peer?.description,
            ])
        switch reason {
        case .firstStart, .asked: break
        case .tokenMissing, .otherToken, .databaseBehind, .peerKnowsMore, .foreignEvent, .restored: try hold(db)
        }
    }

    /// A node that was put back may hold bodies that were erased since: nothing of a chart is sent until the chart has synced with a
    /// member. What was completed is forgotten, so that every peer is compared with anew.
    private func hold(_ db: Database) throws {
        try db.execute(sql: "UPDATE chart SET held = 1 WHERE NOT local; UPDATE peer SET root = NULL; DELETE FROM bucket")
    }
}

extension Transaction {
    /// A new epoch, from this commit on.
    func drawEpoch(_ reason: EpochChange.Reason, peer: NodeID?) throws {
        try changeCounters { try store.draw(reason, peer: peer, &$0, db) }
        forgetCompleted()
        note { $0.beganNewLife = true }
        try noteCharts(where: "held = 1")
    }

    /// Charts that have synced with a member since they were held are sent again: all roots were forgotten then.
    func releaseSynced() throws {
        let condition = """
            held = 1 AND EXISTS (
                SELECT 1 FROM share JOIN peer ON peer.node = share.node WHERE share.chart = chart.id AND peer.root IS NOT NULL)
            """
        guard try noteCharts(where: condition) else { return }
        try db.execute(sql: "UPDATE chart SET held = 0 WHERE \(condition)")
    }

    /// Sessions are told that what may be sent of these charts has changed. Returns whether there are any.
    @discardableResult
    private func noteCharts(where condition: String) throws -> Bool {
        let rows = try Data.fetchAll(db.cachedStatement(sql: "SELECT hash FROM chart WHERE \(condition)"))
        guard !rows.isEmpty else { return false }
        note { $0.charts.formUnion(rows.compactMap { ChartID(bytes: $0) }) }
        return true
    }

    /// Counts events of this node that came back from a peer.
    func noteReadBack(_ events: Int) throws {
        try db.execute(
            sql: "UPDATE epoch SET read_back = read_back + ? WHERE id = (SELECT max(id) FROM epoch)", arguments: [events])
    }
}

extension WriterState.Counters {
    /// What stands outside of the database.
    var token: EpochToken.Content { EpochToken.Content(epoch: epoch, batch: lastBatch) }
}
