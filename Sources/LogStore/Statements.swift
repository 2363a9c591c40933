import CareModel
public import EventLog
import Foundation
import GRDB
import Synchronization

/// Receipts and removal notices: kept, verified, and passed on until the peer has noted them.
extension LogStore {
    /// Stores statements that came from a peer; those that do not verify are left out. Returns how many were new.
    public func store(_ receipts: [Receipt], _ notices: [RemovalNotice], from peer: NodeID) async throws -> Int {
        // Before it is their turn to write: a signature takes longer to check than a receipt to be stored, and all other writers would wait.
        let signed = try await signatures(of: receipts)
        return try await write(weight: 256 * (receipts.count + notices.count)) { transaction in
            var new = 0
            var peers: [NodeID: Peer?] = [:]
            for (receipt, signed) in zip(receipts, signed) {
                guard let chart = try transaction.chartID(receipt.chart), try transaction.isNews(receipt, chart: chart) else {
                    continue
                }
                let receiver = try peers[receipt.receiver] ?? transaction.peer(receipt.receiver)
                peers[receipt.receiver] = .some(receiver)
                guard
                    try transaction.isVouchedForByShare(receipt, signed, by: receiver, chart: chart)
                        || transaction.isVouchedFor(receipt, chart: chart)
                else { continue }
                if try transaction.insert(receipt, chart: chart) { new += 1 }
            }
            for notice in notices {
                guard notice.removed == transaction.store.node, notice.isValid(for: try transaction.keys(of: peer)) else {
                    continue
                }
                try transaction.insert(notice, isIncoming: true)
                new += 1
            }
            return new
        }
    }

    /// By which keys of its receiver, as far as they are known without a chart, each of these is signed; nil where it is not.
    private func signatures(of receipts: [Receipt]) async throws -> [NodeKeys?] {
        var known = memberKeys.withLock { $0 }
        try glance { db in
            for receiver in Set(receipts.map(\.receiver)) {
                if let peer = try Self.peer(receiver, db) { known[receiver] = peer.keys }
            }
        }
        let check = { @Sendable [known] in
            try Cores.map(receipts) { receipt in
                guard let keys = known[receipt.receiver], receipt.isValid(for: keys) else { return nil as NodeKeys? }
                return keys
            }
        }
        // As many as that are of a peer that catches up.
        return receipts.count < Self.statementsAtAGlance ? try check() : try await Bulk.run(check)
    }

    /// Statements for a peer beyond `mark`, at most `limit`, and the mark of the last of them. Only of charts that it may have.
    public func pendingStatements(
        for peer: NodeID, on day: CalendarDay, after mark: Int, limit: Int
    ) async throws -> PendingStatements {
        let mark = max(mark, noted.mark(of: peer))
        return try await Bulk.run { [pool] in
            try pool.read { try PendingStatements(for: peer, on: day, after: mark, limit: limit, $0) }
        }
    }

    /// The same where there are a few, as nearly always; nil where there may be more.
    public func pendingStatementsAtAGlance(
        for peer: NodeID, on day: CalendarDay, after mark: Int
    ) throws -> PendingStatements? {
        let (mark, limit) = (max(mark, noted.mark(of: peer)), Self.statementsAtAGlance)
        let pending = try glance { try PendingStatements(for: peer, on: day, after: mark, limit: limit, $0) }
        return max(pending.receipts.count, pending.notices.count) < limit ? pending : nil
    }

    /// Remembers that a peer has noted all statements up to `mark`; durably with whatever is written next.
    public func statementsNoted(by peer: NodeID, upTo mark: Int) { noted.add([peer: mark]) }

    /// The receipts for a chart.
    public func receipts(of chart: ChartID) async throws -> [Receipt] {
        try await pool.read { db in
            let rows = try RawStatement(
                """
                SELECT \(Receipt.columns) FROM receipt JOIN chart ON chart.id = receipt.chart
                WHERE chart.hash = ? ORDER BY receiver, origin
                """, db)
            try rows.bind(chart, at: 1)
            return try rows.all { Receipt($0) }.compactMap(\.self)
        }
    }

    /// Charts that a peer says this node was removed from.
    public func removedFrom() async throws -> [RemovalNotice] {
        try await pool.read { db in
            try RawStatement("SELECT \(RemovalNotice.columns) FROM notice WHERE incoming ORDER BY number", db)
                .all { RemovalNotice($0) }.compactMap(\.self)
        }
    }
}

/// Statements that a peer has not noted yet.
public struct PendingStatements: Sendable {
    /// This node's and others', of charts that the peer may have.
    public let receipts: [Receipt]
    /// That the peer was removed from charts.
    public let notices: [RemovalNotice]
    /// The mark of the last of them.
    public let mark: Int

    fileprivate init(for peer: NodeID, on day: CalendarDay, after mark: Int, limit: Int, _ db: Database) throws {
        let begin = max(Int64(mark), try Self.noted(by: peer, db))
        let receiptRows = try RawStatement(
            cached: """
                SELECT \(Receipt.columns), number FROM receipt JOIN chart ON chart.id = receipt.chart
                JOIN share ON share.chart = receipt.chart AND share.node = ?1 AND (until IS NULL OR until >= ?2)
                WHERE number > ?3 AND receiver <> ?1 ORDER BY number LIMIT ?4
                """, db)
        try receiptRows.bind(peer.description, at: 1)
        try receiptRows.bind(Int64(day.number), at: 2)
        try receiptRows.bind(begin, at: 3)
        try receiptRows.bind(Int64(limit), at: 4)
        let noticeRows = try RawStatement(
            cached: """
                SELECT \(RemovalNotice.columns), number FROM notice WHERE removed = ? AND NOT incoming AND number > ?
                ORDER BY number LIMIT ?
                """, db)
        try noticeRows.bind(peer.description, at: 1)
        try noticeRows.bind(begin, at: 2)
        try noticeRows.bind(Int64(limit), at: 3)

        // One that cannot be read is passed over, with its number.
        let receipts = try receiptRows.all { (Receipt($0), number: $0.number(8) ?? 0) }
        let notices = try noticeRows.all { (RemovalNotice($0), number: $0.number(5) ?? 0) }
        // Where one list was cut, the other must not run ahead of it.
        let ends = (receipts.last?.number ?? 0, notices.last?.number ?? 0)
        let cut = min(receipts.count == limit ? ends.0 : .max, notices.count == limit ? ends.1 : .max)
        self.receipts = receipts.prefix { $0.number <= cut }.compactMap(\.0)
        self.notices = notices.prefix { $0.number <= cut }.compactMap(\.0)
        self.mark = Int(max(begin, min(cut, max(ends.0, ends.1))))
    }

    /// Up to where a peer has noted statements, as its row says.
    private static func noted(by peer: NodeID, _ db: Database) throws -> Int64 {
        let row = try RawStatement(cached: "SELECT noted FROM peer WHERE node = ?", db)
        try row.bind(peer.description, at: 1)
        defer { row.reset() }
        return try row.next() ? row.number(0) ?? 0 : 0
    }
}

/// Up to where peers have noted statements, as far as no commit says so yet: one for this alone would wait for the disk after each event. Where
/// the process ends without another one, the last statements are sent once more, and passed over as known.
final class NotedMarks: Sendable {
    private let marks = Mutex<[NodeID: Int]>([:])

    /// All that stand in no commit yet.
    var all: [NodeID: Int] { marks.withLock { $0 } }

    func add(_ more: [NodeID: Int]) { marks.withLock { $0.merge(more) { max($0, $1) } } }

    func mark(of peer: NodeID) -> Int { marks.withLock { $0[peer] ?? 0 } }

    /// Of a peer that begins anew none counts.
    func forget(_ peer: NodeID) { marks.withLock { $0[peer] = nil } }

    /// These are durable now.
    func remove(_ written: [NodeID: Int]) {
        marks.withLock { marks in for (peer, mark) in written where marks[peer] == mark { marks[peer] = nil } }
    }
}

extension Transaction {
    /// Writes down what peers have noted: it stands in the row of the peer's root, and waits for the same commit.
    func writeNoted() throws {
        let now = store.configuration.clock()
        noted = store.noted.all.filter { isLast || store.completed.isDue($0.key, at: now) }
        for (peer, mark) in noted {
            try db.cachedStatement(sql: "UPDATE peer SET noted = max(noted, ?) WHERE node = ?")
                .execute(arguments: [mark, peer.description])
        }
    }

    /// True when a receipt is the latest of its key.
    func isNews(_ receipt: Receipt, chart: Int64) throws -> Bool {
        let known = try RawStatement(
            cached: "SELECT seq FROM receipt WHERE receiver = ? AND instance = ? AND chart = ? AND origin = ?", db)
        try known.bind(receipt.receiver.description, at: 1)
        try known.bind(String(receipt.instance), at: 2)
        try known.bind(chart, at: 3)
        try known.bind(receipt.dot.origin.description, at: 4)
        defer { known.reset() }
        return try known.next() ? known.number(0).map { $0 < receipt.dot.seq } ?? true : true
    }

    /// Keeps a receipt where it is the latest of its key; returns whether it was.
    @discardableResult
    func insert(_ receipt: Receipt, chart: Int64) throws -> Bool {
        let db = try db
        let statement = try RawStatement(
            cached: """
                INSERT INTO receipt (number, receiver, instance, chart, origin, seq, hash, at, signature)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (receiver, instance, chart, origin) DO UPDATE SET
                    number = excluded.number, seq = excluded.seq, hash = excluded.hash, at = excluded.at,
                    signature = excluded.signature
                WHERE excluded.seq > seq
                """, db)
        try statement.bind(nextStatement(), at: 1)
        try statement.bind(receipt.receiver.description, at: 2)
        try statement.bind(String(receipt.instance), at: 3)
        try statement.bind(chart, at: 4)
        try statement.bind(receipt.dot.origin.description, at: 5)
        try statement.bind(Int64(receipt.dot.seq), at: 6)
        try statement.bind(receipt.hash, at: 7)
        try statement.bind(Int64(receipt.at.milliseconds), at: 8)
        try statement.bind(receipt.signature, at: 9)
        try statement.run()
        guard db.changesCount > 0 else { return false }
        note { $0.receivers.insert(receipt.receiver) }
        return true
    }

    /// True for a receipt of an event that is here, by a member, under a key that the chart or the member itself has shown.
    fileprivate func isVouchedFor(_ receipt: Receipt, chart: Int64) throws -> Bool {
        let record = try record(chart)
        guard record.graph.position(of: receipt.hash) != nil, let keys = try keys(of: receipt.receiver, in: record) else {
            return false
        }
        guard receipt.isValid(for: keys) else { return false }
        store.memberKeys.withLock { $0[receipt.receiver] = keys }
        return true
    }

    /// The same where a few rows are enough to say so: the chart is shared with its receiver, which signed with a key that it has shown as a
    /// peer or, where it is none of ours, in another chart. A node's keys say themselves whose they are. A chart that is not in memory would be
    /// read as a whole otherwise, for each receipt.
    ///
    /// - Parameter signed: the keys that its signature was held against, and belongs to.
    fileprivate func isVouchedForByShare(
        _ receipt: Receipt, _ signed: NodeKeys?, by peer: Peer?, chart: Int64
    ) throws -> Bool {
        guard let signed, peer.map({ $0.contested == nil && $0.keys == signed }) ?? true else { return false }
        let db = try db(withEventsOf: chart)
        let share = try RawStatement(cached: "SELECT 1 FROM share WHERE node = ? AND chart = ?", db)
        try share.bind(receipt.receiver.description, at: 1)
        try share.bind(chart, at: 2)
        defer { share.reset() }
        guard try share.next() else { return false }
        return try EventPlace.find(receipt.hash, receipt.dot, in: chart, db) != nil
    }

    /// A member's keys as the chart has them, with those that it has shown as a peer: a receipt may come before the event that says them.
    fileprivate func keys(of node: NodeID, in record: ChartRecord) throws -> NodeKeys? {
        guard let known = record.authority.keys(of: node) else { return nil }
        return try peer(node)?.keys.map { known.merging($0) } ?? known
    }

    func insert(_ notice: RemovalNotice, isIncoming: Bool) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO notice (number, chart, removed, removal, at, signature, incoming)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                nextStatement(), Data(notice.chart.bytes), notice.removed.description, Data(notice.removal.bytes),
                notice.at.milliseconds, Data(notice.signature), isIncoming,
            ])
        note { $0.hasNotices = true }
    }

    /// A removed node is told, since the removal itself is not sent to it any more.
    func noteRemoval(of node: NodeID, by removal: EventHash, from chart: ChartID) throws {
        let notice = try RemovalNotice(
            signing: key, chart: chart, removed: node, removal: removal, at: store.configuration.clock())
        try insert(notice, isIncoming: false)
    }
}

extension Receipt {
    /// What is read of a receipt and its chart, in the order of ``init(_:)``.
    static let columns =
        "receipt.receiver, receipt.instance, chart.hash, receipt.origin, receipt.seq, receipt.hash, receipt.at, receipt.signature"

    /// Nil for a row that holds no receipt, whatever it holds.
    init?(_ row: RawStatement) {
        guard let receiver = row.text(0).flatMap({ NodeID($0) }), let instance = row.text(1).flatMap({ UInt64($0) }),
            let chart = row.hash(2), let origin = row.text(3).flatMap({ Origin($0) }), let seq = row.number(4),
            let hash = row.hash(5), let at = row.number(6), let signature = row.bytes(7)
        else { return nil }
        self.init(
            receiver: receiver, instance: instance, chart: chart, dot: Dot(origin: origin, seq: Int(seq)), hash: hash,
            at: Timestamp(milliseconds: Int(at)), signature: signature)
    }
}

extension RemovalNotice {
    fileprivate static let columns = "chart, removed, removal, at, signature"

    /// Nil for a row that holds no notice, whatever it holds.
    fileprivate init?(_ row: RawStatement) {
        guard let chart = row.hash(0), let removed = row.text(1).flatMap({ NodeID($0) }), let removal = row.hash(2),
            let at = row.number(3), let signature = row.bytes(4)
        else { return nil }
        self.init(
            chart: chart, removed: removed, removal: removal, at: Timestamp(milliseconds: Int(at)), signature: signature)
    }
}
