public import EventLog
import Foundation
import GRDB
import Synchronization

/// Roots that peers' batches have completed, as far as they are not written down yet.
///
/// A root says that nothing of a peer's is missing, so that the next session need not look. With every event that comes there is another one, in
/// two pages of the seven that the commit of one event writes. So the first one of a peer is written with its events, and later ones once a
/// second and at the end. Where the process ends before, the next session compares once more, and finds nothing.
final class CompletedRoots: Sendable {
    /// A root and the buckets under it that changed since the last one that was written.
    struct Root: Sendable {
        var root: EventHash
        var buckets: [Int: UInt64]

        func followed(by later: Root) -> Root { Root(root: later.root, buckets: buckets.merging(later.buckets) { $1 }) }
    }

    /// Milliseconds between two that are written.
    private static let leisure = 1000

    private struct State {
        var waiting: [NodeID: Root] = [:]
        var written: [NodeID: Timestamp] = [:]
    }

    private let state = Mutex(State())

    /// All that wait.
    var all: [NodeID: Root] { state.withLock(\.waiting) }

    /// The last root of a peer, where it waits.
    subscript(peer: NodeID) -> Root? { state.withLock { $0.waiting[peer] } }

    /// True where the next one of a peer is to be written.
    func isDue(_ peer: NodeID, at now: Timestamp) -> Bool {
        guard let last = state.withLock({ $0.written[peer] })?.milliseconds else { return true }
        // Also where somebody has set the clock back.
        return !(last..<last + Self.leisure).contains(now.milliseconds)
    }

    /// Takes over what a commit has come to.
    func note(written: Set<NodeID>, at now: Timestamp, waiting: [NodeID: Root]) {
        guard !written.isEmpty || !waiting.isEmpty else { return }
        state.withLock { state in
            for peer in written { (state.waiting[peer], state.written[peer]) = (nil, now) }
            state.waiting.merge(waiting) { $1 }
        }
    }

    /// What was completed does not count any more: of one peer, or of all.
    func forget(_ peer: NodeID) { state.withLock { ($0.waiting[peer], $0.written[peer]) = (nil, nil) } }

    func forgetAll() { state.withLock { $0 = State() } }
}

extension LogStore {
    /// The root that was last completed from a peer.
    public func completedRoot(of peer: NodeID) async throws -> EventHash? {
        if let waiting = completed[peer] { return waiting.root }
        return try await pool.read { db in
            try Data.fetchOne(db, sql: "SELECT root FROM peer WHERE node = ?", arguments: [peer.description])
                .flatMap { EventHash(bytes: $0) }
        }
    }

    /// The bucket hashes under that root, by number.
    public func completedBuckets(of peer: NodeID) async throws -> [Int: UInt64] {
        // Before the rows: what is written meanwhile stands there.
        let waiting = completed[peer]?.buckets ?? [:]
        let written = try await pool.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT bucket, hash FROM bucket JOIN peer ON peer.id = bucket.peer WHERE node = ?",
                arguments: [peer.description])
            return Dictionary(
                rows.map { ($0[0] as Int, UInt64(bitPattern: $0[1] as Int64)) }, uniquingKeysWith: { _, last in last })
        }
        return written.merging(waiting) { $1 }
    }
}

extension Transaction {
    /// Records, with the events, that everything under a sender's root is here.
    func complete(_ root: EventHash, _ buckets: [Int: UInt64], of peer: NodeID) throws {
        let new = CompletedRoots.Root(root: root, buckets: buckets)
        let before = roots.waiting[peer] ?? (roots.written.contains(peer) ? nil : store.completed[peer])
        let all = before?.followed(by: new) ?? new
        if store.completed.isDue(peer, at: store.configuration.clock()) {
            try write(all, of: peer)
        } else {
            roots.waiting[peer] = all
        }
    }

    /// Writes down all that waits for leisure, with this commit.
    func writeAllThatWaits() throws {
        isLast = true
        for (peer, root) in store.completed.all.merging(roots.waiting, uniquingKeysWith: { $1 }) { try write(root, of: peer) }
        // Behind all that may fail: what is remembered of it is not taken back with the job.
        if store.disclosures.isBehind { try writeDisclosures() }
    }

    /// What was completed does not count any more: of one peer, or of all.
    func forgetCompleted(_ peer: NodeID) {
        (roots.waiting[peer], roots.written) = (nil, roots.written.subtracting([peer]))
        store.completed.forget(peer)
    }

    func forgetCompleted() {
        roots = ([], [:])
        store.completed.forgetAll()
    }

    private func write(_ root: CompletedRoots.Root, of peer: NodeID) throws {
        let id = try peerID(peer)
        try db.cachedStatement(sql: "UPDATE peer SET root = ? WHERE id = ?").execute(arguments: [Data(root.root.bytes), id])
        for (bucket, word) in root.buckets {
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO bucket (peer, bucket, hash) VALUES (?, ?, ?)")
                .execute(arguments: [id, bucket, Int64(bitPattern: word)])
        }
        roots.waiting[peer] = nil
        roots.written.insert(peer)
        noteRelease()
    }
}
