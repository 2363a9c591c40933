import EventLog
import LogStore
import Synchronization

/// Something that was read of each chart. Kept: only charts that have changed are read again.
final class Kept<Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        /// The number of the change that it was read after.
        let change: Int
    }

    private struct State {
        var entries: [ChartID: Entry] = [:]
        /// How often each chart has changed since the start.
        var changes: [ChartID: Int] = [:]
        /// All charts; nil before the first look.
        var charts: Set<ChartID>?
        /// How many readings were kept.
        var generation = 0

        /// Charts that were not read yet, have changed since, or whose reading no longer holds.
        func stale(_ holds: (Value) -> Bool) -> [(chart: ChartID, change: Int)] {
            (charts ?? []).compactMap { chart in
                let change = changes[chart, default: 0]
                let isGood = entries[chart].map { $0.change == change && holds($0.value) } ?? false
                return isGood ? nil : (chart, change)
            }
        }
    }

    private let state = Mutex(State())

    /// Told of a commit before anybody learns that it is done.
    func note(_ change: LogStore.Change) {
        state.withLock { state in
            for chart in change.charts { state.changes[chart, default: 0] += 1 }
            state.charts?.formUnion(change.charts)
        }
    }

    /// What is read of all charts as they are now.
    func all(
        _ log: LogStore, holds: (Value) -> Bool = { _ in true }, read: @Sendable (ChartID) async throws -> Value
    ) async throws -> [ChartID: Value] {
        try await reading(log, holds: holds, read: read).values
    }

    /// The same, with a number that is another one whenever something was read anew.
    ///
    /// - Parameters:
    ///   - holds: false for a reading that time has overtaken.
    ///   - read: reads one chart.
    func reading(
        _ log: LogStore, holds: (Value) -> Bool = { _ in true }, read: @Sendable (ChartID) async throws -> Value
    ) async throws -> (values: [ChartID: Value], generation: Int) {
        if state.withLock({ $0.charts == nil }) {
            // What comes while they are listed is in the list, or was noted.
            let listed = try await log.charts().map(\.chart)
            state.withLock { $0.charts = Set(listed).union($0.changes.keys) }
        }
        var fresh: [ChartID: Value] = [:]
        for (chart, change) in state.withLock({ $0.stale(holds) }) {
            let value = try await read(chart)
            fresh[chart] = value
            state.withLock { state in
                // Somebody else may have read a later state meanwhile.
                guard state.changes[chart, default: 0] == change else { return }
                state.entries[chart] = Entry(value: value, change: change)
                state.generation += 1
            }
        }
        return state.withLock { state in
            (state.entries.mapValues(\.value).merging(fresh) { _, fresh in fresh }, state.generation)
        }
    }
}
