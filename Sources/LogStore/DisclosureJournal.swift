public import CareModel
import Dispatch
public import EventLog
import Foundation
import GRDB
import Synchronization

/// What came from peers and what they were sent at once, written down in the journal when nobody waits for it.
///
/// Who sent what, and to whom a commit is sent, stands beside the events in their own commit, under its hash. That the journal says so too is one more
/// event to write, to seal and to sign: where somebody has just recorded something, that was a tenth of the time until it can be read at the other side.
/// So it is written a second later, from the rows that have come since; and before the journal is read, at the end, and when the node begins
/// again, however it ended.
final class DisclosureJournal: Sendable {
    /// Makes an entry of the journal, of what happened until then.
    typealias Entry = @Sendable (any EventBody, Timestamp) -> Draft

    /// When it is to be written down.
    enum Due {
        /// In a second.
        case atLeisure
        /// Before more comes.
        case now
    }

    /// So many events are gone through at once, but for those of a commit.
    private static let most: Int64 = 4096

    private struct State {
        var entry: Entry?
        /// All up to this arrival number is written down.
        var mark: Int64 = 0
        /// The last that the journal has to say something of,
        var last: Int64 = 0
        /// and the last of all.
        var present: Int64 = 0
        /// What somebody sees to already.
        var due: Due?
    }

    private let state = Mutex(State())

    func begin(_ entry: @escaping Entry) { state.withLock { $0.entry = entry } }

    /// Nil where there is no journal.
    var entry: Entry? { state.withLock(\.entry) }

    /// True where there is something to write down.
    var isBehind: Bool { state.withLock { $0.entry != nil && $0.last > $0.mark } }

    /// Takes over what a commit has come to.
    ///
    /// - Parameters:
    ///   - event: the arrival number of its last event.
    ///   - concernsPeers: true where some of it came from a peer, or is sent to one at once.
    ///   - mark: up to where it has written down what happened.
    func note(upTo event: Int64, concernsPeers: Bool, mark: Int64?) {
        state.withLock { state in
            state.present = event
            if concernsPeers { state.last = event }
            if let mark { (state.mark, state.due) = (mark, nil) }
        }
    }

    /// What somebody is to see to who sees to nothing yet.
    func takeDue() -> Due? {
        state.withLock { state in
            guard state.entry != nil, state.due != .now else { return nil }
            let due: Due? = state.present - state.mark >= Self.most ? .now : state.last > state.mark ? .atLeisure : nil
            guard due != state.due else { return nil }
            if let due { state.due = due }
            return due
        }
    }
}

extension LogStore {
    /// Writes down what comes from peers and what they are sent at once from now on, and what was not written down before the node ended.
    ///
    /// - Parameter entry: makes the entry of the journal, of what happened until then: a ``DisclosureReceived`` or a ``DisclosureRecorded``.
    public func recordDisclosures(_ entry: @escaping @Sendable (any EventBody, Timestamp) -> Draft) async throws {
        disclosures.begin(entry)
        try await write { try $0.writeDisclosures() }
    }

    /// Returns once it is written down what has come and was sent at once until now.
    public func writeDisclosures() async throws {
        guard disclosures.isBehind else { return }
        try await write { try $0.writeDisclosures() }
    }

    /// Sees to it that they are written down in time.
    func write(_ due: DisclosureJournal.Due) {
        switch due {
        // With a weight that gives way to what somebody records.
        case .now: _ = enqueue(weight: CommitQueue.bytesPerCommit / 8) { try $0.writeDisclosures() }
        case .atLeisure:
            let leisure = DispatchTimeInterval.nanoseconds(Int(configuration.leisure / .nanoseconds(1)))
            DispatchQueue.global().asyncAfter(deadline: .now() + leisure) { [weak self] in
                guard let self, disclosures.isBehind else { return }
                _ = enqueue(weight: 4096) { try $0.writeDisclosures() }
            }
        }
    }
}

extension Transaction {
    /// Writes down what came, and what was sent at once, with the commits before this one. The mark has its name from when it was of what came only.
    func writeDisclosures() throws {
        guard let entry = store.disclosures.entry else { return }
        let mark = try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM meta WHERE name = 'received'")) ?? 0
        let upTo = countersBefore.lastEvent
        for (disclosure, at) in try disclosures(after: mark, upTo: upTo) { _ = try author(entry(disclosure, at)) }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('received', ?)")
            .execute(arguments: [upTo])
        journaledUpTo = upTo
    }

    /// What came from each peer of each chart, and what each was sent, with the time of the last of it.
    private func disclosures(after mark: Int64, upTo: Int64) throws -> [(any EventBody, Timestamp)] {
        let row = try RawStatement(
            cached: """
                SELECT segment.stored, peer.node, chart.hash, origin.text, segment.seq, segment.count, segment.accounts FROM segment
                LEFT JOIN peer ON peer.id = segment.source JOIN chart ON chart.id = segment.chart
                JOIN origin ON origin.id = segment.origin WHERE segment.id > ?1 AND segment.id <= ?2 ORDER BY segment.id
                """, db)
        try row.bind(mark, at: 1)
        try row.bind(upTo, at: 2)
        defer { row.reset() }
        var found = Disclosures()
        while try row.next() {
            if let chart = row.hash(2), let origin = row.text(3).flatMap({ Origin($0) }), let first = row.number(4),
                let count = row.number(5)
            {
                let range = DisclosureRecorded.Range(origin: origin, from: Int(first), to: Int(first + count - 1))
                found.add(range, of: chart, from: row.text(1).flatMap { NodeID($0) })
            }
            // The last row of a commit has its time.
            if let stored = row.number(0) {
                let accounts = row.bytes(6).flatMap { ArrivalChain.Account.read($0) } ?? []
                found.close(accounts, at: Timestamp(milliseconds: Int(stored)))
            }
        }
        return found.entries
    }
}
