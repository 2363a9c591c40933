import CareModel
import EventLog
import Histogram
import LogStore

/// Charts with a member and a therapist in them, and sessions to write there: nothing in it is anybody's.
struct Workload: Sendable {
    let charts: [ChartID]

    /// The same in every log, so that a node that is started on one can write on.
    static let author = AuthorID(random: (1, 1))
    static let prescriber = AuthorID(random: (2, 2))
    static let begin = ClinicalTime(instant: Timestamp(milliseconds: 1_925_000_000_000), offsetMinutes: 0)

    /// Opens the charts, and shares them with the nodes that have these keys.
    init(_ log: LogStore, charts count: Int, sharedWith others: [NodePublicKey] = []) async throws {
        let when = Self.begin
        var founding = [Self.admission(of: log.key.publicKey)] + others.map(Self.admission)
        founding += [
            (PractitionerEnrolled.kind, #"{"credential":"lcsw","name":"Nobody"}"#, Self.author),
            (PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Noone"}"#, Self.prescriber),
        ]
        if !others.isEmpty {
            let recipients = ([log.node] + others.map { NodeID(of: $0) }).map { "\"\($0)\"" }.joined(separator: ",")
            let document = EventHash(of: [1])
            founding.append(
                (
                    ConsentGranted.kind,
                    #"{"purpose":"TREAT","recipients":[\#(recipients)],"signed_document_hash":"\#(document)"}"#, Self.author
                ))
        }
        var charts: [ChartID] = []
        // Some at a time share their commits.
        for first in stride(from: 0, to: count, by: Step.writers) {
            charts += try await withThrowingTaskGroup(of: ChartID.self) { group in
                for _ in first..<min(first + Step.writers, count) {
                    group.addTask { [founding] in
                        let chart = try await log.openChart(name: "bench", nonce: Self.bytes(), when: when, salt: Self.bytes())
                        let drafts = founding.map { kind, members, author in
                            Draft(
                                chart: chart, author: author, kind: kind, members: Array(members.utf8), when: when,
                                seeing: .everything, salt: Self.bytes())
                        }
                        _ = try await log.author(drafts, request: nil)
                        return chart
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        self.charts = charts
    }

    private static func admission(of key: NodePublicKey) -> (Kind, String, AuthorID) {
        (MemberAdmitted.kind, #"{"name":"bench","node_key":"\#(key)","scopes":["steward","therapy","prescribing"]}"#, .node)
    }

    static func bytes() -> [UInt8] {
        withUnsafeBytes(of: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))) { Array($0) }
    }

    /// One session a day in each chart: two of one day would be taken for probable duplicates of each other.
    private func session(_ number: Int) -> Draft { Self.session(number / charts.count, in: charts[number % charts.count]) }

    /// The session of a day, counted from the first.
    static func session(_ day: Int, in chart: ChartID) -> Draft {
        let start = ClinicalTime(
            instant: Timestamp(milliseconds: begin.instant.milliseconds + day * 86_400_000), offsetMinutes: 0)
        return Draft(
            chart: chart, author: author, kind: SessionHeld.kind,
            members: Array(#"{"minutes":50,"modality":"individual CBT","start":"\#(start)"}"#.utf8), when: start,
            seeing: .everything, salt: bytes())
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
