import CareModel
import EventLog
import Histogram
import LogStore

/// Charts with a member and a therapist in them, and sessions to write there: nothing in it is anybody's.
struct Workload: Sendable {
    private let charts: [ChartID]
    private let author: AuthorID
    private let when: ClinicalTime

    init(_ log: LogStore, charts count: Int) async throws {
        let when = ClinicalTime(instant: Timestamp(milliseconds: 1_925_000_000_000), offsetMinutes: 0)
        let author = AuthorID(random: (1, 1))
        var charts: [ChartID] = []
        for _ in 0..<count {
            let chart = try await log.openChart(name: "bench", nonce: Self.bytes(), when: when, salt: Self.bytes())
            let admission = #"{"name":"bench","node_key":"\#(log.key.publicKey)","scopes":["steward","therapy"]}"#
            let enrolment = #"{"credential":"lcsw","name":"Nobody"}"#
            let founding = [(MemberAdmitted.kind, admission, .node), (PractitionerEnrolled.kind, enrolment, author)].map {
                Draft(
                    chart: chart, author: $0.2, kind: $0.0, members: Array($0.1.utf8), when: when, seeing: .everything,
                    salt: Self.bytes())
            }
            _ = try await log.author(founding, request: nil)
            charts.append(chart)
        }
        self.charts = charts
        self.author = author
        self.when = when
    }

    private static func bytes() -> [UInt8] { (0..<16).map { _ in UInt8.random(in: .min ... .max) } }

    /// One session a day in each chart: two of one day would be taken for probable duplicates of each other.
    private func session(_ number: Int) -> Draft {
        let day = when.instant.milliseconds + number / charts.count * 86_400_000
        let start = ClinicalTime(instant: Timestamp(milliseconds: day), offsetMinutes: 0)
        return Draft(
            chart: charts[number % charts.count], author: author, kind: SessionHeld.kind,
            members: Array(#"{"minutes":50,"modality":"individual CBT","start":"\#(start)"}"#.utf8), when: start,
            seeing: .everything, salt: Self.bytes())
    }

    func one(_ log: LogStore, _ events: Int) async throws -> Measured {
        try await Measured.taking { watch in
            for number in 0..<events {
                let draft = session(number)
                try await watch.commit { try await log.author([draft], request: nil) }
            }
            return events
        }
    }

    /// As many writers as ``Step/writers``; each waits for its answer before it writes again.
    func group(_ log: LogStore, _ events: Int) async throws -> Measured {
        let each = max(1, events / Step.writers)
        return try await Measured.taking { watch in
            let drafts = (0..<Step.writers).map { writer in (0..<each).map { session($0 * Step.writers + writer) } }
            let latencies = try await watch.time { try await took(log, drafts) }
            for latency in latencies { watch.latencies.record(latency) }
            return each * Step.writers
        }
    }

    private func took(_ log: LogStore, _ drafts: [[Draft]]) async throws -> [UInt64] {
        try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for drafts in drafts {
                group.addTask {
                    var took: [UInt64] = []
                    for draft in drafts {
                        let start = ContinuousClock.now
                        _ = try await log.author([draft], request: nil)
                        took.append(microseconds(since: start))
                    }
                    return took
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    func thousand(_ log: LogStore, _ events: Int) async throws -> Measured {
        try await Measured.taking { watch in
            for first in stride(from: 0, to: events, by: 1000) {
                let drafts = (first..<min(first + 1000, events)).map(session)
                try await watch.commit { try await log.author(drafts, request: nil) }
            }
            return events
        }
    }
}
