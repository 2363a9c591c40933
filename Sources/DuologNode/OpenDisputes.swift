import CareModel
import EventLog
import LogStore
import Synchronization

/// The disputes that are open across all charts. Kept: only charts that have changed are looked at again.
final class OpenDisputes: Sendable {
    private struct State {
        /// When each dispute came about, by chart.
        var since: [ChartID: [Timestamp]] = [:]
        /// Charts that have changed since they were looked at; nil before the first look.
        var changed: Set<ChartID>?
    }

    private let state = Mutex(State())

    /// Told of a commit before anybody learns that it is done.
    func note(_ change: LogStore.Change) {
        state.withLock { $0.changed?.formUnion(change.charts) }
    }

    /// How many there are, and when the oldest came about.
    func all(_ log: LogStore) async throws -> (count: Int, oldest: Timestamp?) {
        let changed = state.withLock { state in
            defer { state.changed = [] }
            return state.changed
        }
        do {
            let charts: [ChartID] = if let changed { Array(changed) } else { try await log.charts().map(\.chart) }
            for chart in charts {
                let since = try await log.stored(ConflictsView.self, of: chart)?.disputes.map(\.since) ?? []
                state.withLock { $0.since[chart] = since.isEmpty ? nil : since }
            }
        } catch {
            state.withLock { state in
                if let changed { state.changed?.formUnion(changed) } else { state.changed = nil }
            }
            throw error
        }
        return state.withLock { state in
            (state.since.values.reduce(0) { $0 + $1.count }, state.since.values.lazy.joined().min())
        }
    }
}
