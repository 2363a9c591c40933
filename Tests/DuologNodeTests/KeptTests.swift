import CareModel
import EventLog
import LogStore
import Synchronization
import Testing

@testable import DuologNode

/// What is kept of charts is what a fresh reading would say, and only what has changed is read.
@Suite final class KeptTests: Sendable {
    private let node: TestNode
    private let kept = Kept<Int>()
    private let read = Mutex<[ChartID]>([])

    init() throws { node = try TestNode() }

    /// How many events each chart has, through what is kept.
    private func counts(holds: (Int) -> Bool = { _ in true }) async throws -> [ChartID: Int] {
        try await kept.all(node.log, holds: holds) { chart in
            read.withLock { $0.append(chart) }
            return try await node.log.entry(of: chart)?.events ?? 0
        }
    }

    private func noteChanges() { for change in node.changes.take() { kept.note(change) } }

    private func charts() -> Set<ChartID> {
        read.withLock { read in
            defer { read = [] }
            return Set(read)
        }
    }

    private func open() async throws -> ChartID {
        let chart = try await node.openChart(sharedWith: [])
        noteChanges()
        return chart
    }

    private func goal(_ chart: ChartID) async throws {
        try await node.write(chart, PatientIdentified.kind, #"{"birth_date":"1990-01-01","name":"Sample Fictional"}"#)
    }

    @Test func onlyWhatChangedIsReadAgain() async throws {
        let (one, other) = (try await open(), try await open())
        let first = try await counts()
        #expect(Set(first.keys) == [one, other] && charts() == [one, other])
        #expect(try await counts() == first && charts() == [])
        try await goal(other)
        noteChanges()
        let second = try await counts()
        #expect(charts() == [other] && second[other] == (first[other] ?? 0) + 1 && second[one] == first[one])
        let third = try await open()
        #expect(Set(try await counts().keys) == [one, other, third] && charts() == [third])
        // What time has overtaken is read again.
        #expect(try await counts { $0 != first[one] }[one] == first[one])
        #expect(charts().contains(one))
    }

    @Test func whatChangesWhileItIsReadIsReadOnceMore() async throws {
        let chart = try await open()
        let before = try await kept.all(node.log) { chart in
            let events = try await node.log.entry(of: chart)?.events ?? 0
            try await goal(chart)
            noteChanges()
            return events
        }
        #expect(try await counts()[chart] == (before[chart] ?? 0) + 1 && charts() == [chart])
    }

    @Test func aReadingThatFailedIsTriedAgain() async throws {
        struct Broken: Error {}
        let chart = try await open()
        await #expect(throws: Broken.self) { try await kept.all(node.log) { _ in throw Broken() } }
        #expect(try await counts()[chart] != nil && charts() == [chart])
    }
}
