public import CareModel
import Dispatch
public import EventLog
import Foundation
import GRDB
import Synchronization

/// What came from peers, written down in the journal when nobody waits for it.
///
/// That events came, from whom and when, stands in their own rows. That the journal says so too is one more event to write, to seal and to sign: in the commit
/// that brings what somebody has just recorded, that was a fifteenth of the time until it can be read. So it is written a second later, from the
/// rows that have come since; and before the journal is read, at the end, and when the node begins again, however it ended.
final class Receptions: Sendable {
    /// Makes an entry of the journal, of what came until then.
    struct Journal: Sendable {
        let draft: @Sendable (DisclosureReceived, Timestamp) -> Draft
    }

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
        var journal: Journal?
        /// All up to this arrival number is written down.
        var mark: Int64 = 0
        /// The last that came from a peer,
        var last: Int64 = 0
        /// and the last of all.
        var present: Int64 = 0
        /// What somebody sees to already.
        var due: Due?
    }

    private let state = Mutex(State())

    func begin(_ journal: Journal) { state.withLock { $0.journal = journal } }

    var journal: Journal? { state.withLock(\.journal) }

    /// True where there is something to write down.
    var areWaiting: Bool { state.withLock { $0.journal != nil && $0.last > $0.mark } }

    /// Takes over what a commit has come to.
    ///
    /// - Parameters:
    ///   - event: the arrival number of its last event.
    ///   - isOfPeer: true where some of it came from a peer.
    ///   - mark: up to where it has written down what came.
    func note(upTo event: Int64, isOfPeer: Bool, mark: Int64?) {
        state.withLock { state in
            state.present = event
            if isOfPeer { state.last = event }
            if let mark { (state.mark, state.due) = (mark, nil) }
        }
    }

    /// What somebody is to see to who sees to nothing yet.
    func takeDue() -> Due? {
        state.withLock { state in
            guard state.journal != nil, state.due != .now else { return nil }
            let due: Due? = state.present - state.mark >= Self.most ? .now : state.last > state.mark ? .atLeisure : nil
            guard due != state.due else { return nil }
            if let due { state.due = due }
            return due
        }
    }
}

extension LogStore {
    /// Writes down what comes from peers from now on, and what has come and was not written down before the node ended.
    ///
    /// - Parameter draft: makes the entry of the journal, of what came until then.
    public func recordReceptions(_ draft: @escaping @Sendable (DisclosureReceived, Timestamp) -> Draft) async throws {
        receptions.begin(Receptions.Journal(draft: draft))
        try await write { try $0.writeReceptions() }
    }

    /// Returns once it is written down what has come from peers until now.
    public func writeReceptions() async throws {
        guard receptions.areWaiting else { return }
        try await write { try $0.writeReceptions() }
    }

    /// Sees to it that what came is written down in time.
    func write(_ due: Receptions.Due) {
        switch due {
        // With a weight that gives way to what somebody records.
        case .now: _ = enqueue(weight: CommitQueue.bytesPerCommit / 8) { try $0.writeReceptions() }
        case .atLeisure:
            let leisure = DispatchTimeInterval.nanoseconds(Int(configuration.leisure / .nanoseconds(1)))
            DispatchQueue.global().asyncAfter(deadline: .now() + leisure) { [weak self] in
                guard let self, receptions.areWaiting else { return }
                _ = enqueue(weight: 4096) { try $0.writeReceptions() }
            }
        }
    }
}

extension Transaction {
    /// Writes down what came with the commits before this one.
    func writeReceptions() throws {
        guard let journal = store.receptions.journal else { return }
        let mark = try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM meta WHERE name = 'received'")) ?? 0
        let upTo = countersBefore.lastEvent
        for (received, at) in try received(after: mark, upTo: upTo) { _ = try author(journal.draft(received, at)) }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('received', ?)")
            .execute(arguments: [upTo])
        receivedUpTo = upTo
    }

    /// What came from each peer of each chart, and when the last of it came.
    private func received(after mark: Int64, upTo: Int64) throws -> [(DisclosureReceived, Timestamp)] {
        struct Place: Hashable {
            let peer: NodeID
            let chart: ChartID
        }
        let row = try RawStatement(
            cached: """
                SELECT segment.stored, peer.node, chart.hash, origin.text, segment.seq, segment.count FROM segment
                LEFT JOIN peer ON peer.id = segment.source JOIN chart ON chart.id = segment.chart
                JOIN origin ON origin.id = segment.origin WHERE segment.id > ?1 AND segment.id <= ?2 ORDER BY segment.id
                """, db)
        try row.bind(mark, at: 1)
        try row.bind(upTo, at: 2)
        defer { row.reset() }
        var found: [Place: (ranges: [DisclosureRecorded.Range], events: Int, at: Timestamp?)] = [:]
        var places: [Place] = []
        // Of the commit that is being read.
        var open: Set<Place> = []
        while try row.next() {
            if let node = row.text(1).flatMap({ NodeID($0) }), let chart = row.hash(2),
                let origin = row.text(3).flatMap({ Origin($0) }), let first = row.number(4), let count = row.number(5)
            {
                let place = Place(peer: node, chart: chart)
                if found[place] == nil { places.append(place) }
                found[place, default: ([], 0, nil)].ranges.extend(
                    with: DisclosureRecorded.Range(origin: origin, from: Int(first), to: Int(first + count - 1)))
                found[place]?.events += Int(count)
                open.insert(place)
            }
            // The last row of a commit has its time.
            if let stored = row.number(0) {
                for place in open { found[place]?.at = Timestamp(milliseconds: Int(stored)) }
                open = []
            }
        }
        return places.compactMap { place in
            found[place].map { entry in
                let received = DisclosureReceived(
                    peer: place.peer, chart: place.chart, ranges: entry.ranges, events: entry.events)
                return (received, entry.at ?? store.configuration.clock())
            }
        }
    }
}
