import CareModel
import EventLog
import LogStore
import Synchronization

/// The node's own local chart: disclosures, views, replays, exports, pairings, epochs, erasures, refused attempts. Chained like any other, never offered to a peer.
actor Journal {
    private let log: LogStore
    private let clock: NodeClock
    /// The chart that it is, once it is open.
    private nonisolated let opened = Mutex<ChartID?>(nil)
    private nonisolated var chart: ChartID? { opened.withLock { $0 } }
    /// What the journal says of the charts, as long as nothing new does.
    private var known: LocalCharts?
    private var changes = 0

    init(log: LogStore, clock: NodeClock) {
        self.log = log
        self.clock = clock
    }

    /// Opens the journal, which a new node begins.
    func open() async throws {
        let chart: ChartID
        if let known = try await log.localChart() {
            chart = known
        } else {
            chart = try await log.openChart(
                name: "journal", nonce: SystemRandom.bytes(16), isLocal: true, when: now, salt: SystemRandom.bytes(16))
        }
        opened.withLock { $0 = chart }
    }

    /// Writes an entry, durably.
    func note(_ entry: some EventBody, request: String? = nil) async throws { try await note([entry], request: request) }

    /// Writes entries, durably, in one commit.
    func note(_ entries: [any EventBody], request: String? = nil) async throws {
        guard let chart, !entries.isEmpty else { return }
        let now = now
        _ = try await log.author(entries.map { Self.draft($0, in: chart, now) }, request: request)
        guard entries.contains(where: { $0 is ChartAccepted || $0 is NodeChanged }) else { return }
        changes += 1
        known = nil
    }

    /// Makes the entry for what came from a peer, or was sent to one at once, until then: the log writes it at leisure.
    nonisolated func entry() -> (@Sendable (any EventBody, Timestamp) -> Draft)? {
        guard let journal = chart else { return nil }
        return { Self.draft($0, in: journal, ClinicalTime(instant: $1, offsetMinutes: 0)) }
    }

    private static func draft(_ entry: any EventBody, in chart: ChartID, _ when: ClinicalTime) -> Draft {
        Draft(chart: chart, saying: entry, when: when, salt: SystemRandom.bytes(BodyLine.saltBytes))
    }

    /// Patient numbers and links.
    func localCharts() async throws -> LocalCharts {
        if let known { return known }
        let before = changes
        let read = try await record().map { LocalCharts(journal: $0) } ?? LocalCharts()
        // Something may have been written while it was being read.
        if changes == before { known = read }
        return read
    }

    /// The journal as it is now.
    func record() async throws -> ChartRecord? {
        guard let chart else { return nil }
        try await log.writeDisclosures()
        return try await log.record(of: chart)
    }

    private nonisolated var now: ClinicalTime { ClinicalTime(instant: clock.now, offsetMinutes: 0) }
}
