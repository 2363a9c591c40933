import CareModel
import EventLog
import LogStore

/// The node's own local chart: disclosures, views, replays, exports, pairings, epochs, erasures, refused attempts. Chained like any other, never offered to a peer.
actor Journal {
    private let log: LogStore
    private let clock: NodeClock
    private var chart: ChartID?

    init(log: LogStore, clock: NodeClock) {
        self.log = log
        self.clock = clock
    }

    /// Opens the journal, which a new node begins.
    func open() async throws {
        if let known = try await log.localChart() {
            chart = known
        } else {
            chart = try await log.openChart(
                name: "journal", nonce: SystemRandom.bytes(16), isLocal: true, when: now, salt: SystemRandom.bytes(16))
        }
    }

    /// Writes an entry, durably.
    func note(_ entry: some EventBody) async throws { try await note([entry]) }

    /// Writes entries, durably, in one commit.
    func note(_ entries: [any EventBody]) async throws {
        guard let chart, !entries.isEmpty else { return }
        let drafts = entries.map { entry in
            Draft(
                chart: chart, author: .node, kind: type(of: entry).kind, members: entry.members, when: now,
                seeing: .everything, salt: SystemRandom.bytes(BodyLine.saltBytes))
        }
        _ = try await log.author(drafts, request: nil)
    }

    /// The journal as it is now.
    func record() async throws -> ChartRecord? {
        guard let chart else { return nil }
        return try await log.record(of: chart)
    }

    private var now: ClinicalTime { ClinicalTime(instant: clock.now, offsetMinutes: 0) }
}
