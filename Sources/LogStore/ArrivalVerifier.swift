import CareModel
import EventLog
import Foundation
import GRDB

/// Checks the arrival log: every commit, its time, its events in their order and whom they came from, against the running hash.
struct ArrivalVerifier: Sendable {
    /// Segments that are read in one go: a reader that stays would keep the write-ahead log from being given up.
    private static let segmentsAtOnce = 4096

    let reader: any DatabaseReader
    let token: EpochToken

    struct Outcome: Sendable {
        var commits = 0
        var findings: [Finding] = []
        fileprivate var chain: [UInt8] = []
        fileprivate var form = ArrivalChain.Form.events
        fileprivate var lastEvent: Int64 = 0
        fileprivate var lastBatch: Int64 = 0
        fileprivate var isAtEnd = false
        /// How many events say that they are of each chart.
        fileprivate var counts: [Int64: Int] = [:]
        /// What was read of a commit whose end was not read yet.
        fileprivate var entries: [ArrivalChain.Entry] = []
        /// Its number and form, as its first segment has them.
        fileprivate var commit: (number: Int64?, form: ArrivalChain.Form?)?
    }

    func verify() async throws -> Outcome {
        var outcome = Outcome()
        let end = try await reader.read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM segment") ?? 0 }
        while !outcome.isAtEnd {
            let before = outcome
            outcome = try await reader.read { db in try read(db, after: before, upTo: end) }
        }
        let whole = outcome
        outcome = try await reader.read { db in try checkCounts(db, after: whole) }
        if !outcome.entries.isEmpty { outcome.add("an event stands in no commit", place: outcome.lastEvent) }
        // Read after the commits: only what came meanwhile can be ahead of them.
        if let ahead = token.commits(beyond: outcome.lastBatch), ahead > 0 {
            let now = try await reader.read { db in
                try Row.fetchOne(db, sql: "SELECT batch FROM segment ORDER BY id DESC LIMIT 1")?.number("batch") ?? 0
            }
            if let still = token.commits(beyond: now), still > 0 {
                outcome.add(
                    "the end is missing: the file beside the database counts \(still) commits more than are here", place: nil)
            }
        }
        return outcome
    }

    private func read(_ db: Database, after: Outcome, upTo end: Int64) throws -> Outcome {
        var outcome = after
        let sources = try Self.sources(db)
        let rows = try RawStatement(
            cached: """
                SELECT id, batch, form, source, signed, signature, names, stored, chain, chart, accounts FROM segment
                WHERE id > ? AND id <= ? ORDER BY id LIMIT ?
                """, db)
        try rows.bind(after.lastEvent, at: 1)
        try rows.bind(end, at: 2)
        try rows.bind(Int64(Self.segmentsAtOnce), at: 3)
        defer { rows.reset() }
        while try rows.next() { take(rows, sources, &outcome) }
        // In a damaged file rows may be found again and again.
        outcome.isAtEnd = outcome.lastEvent == after.lastEvent
        return outcome
    }

    /// Every event is one of a chart that is here and counts it: a chart whose row is gone, and an event that none of its chart leads to, are
    /// found by nothing else.
    private func checkCounts(_ db: Database, after: Outcome) throws -> Outcome {
        var (outcome, counts) = (after, after.counts)
        // What came meanwhile is counted too.
        let rows = try RawStatement("SELECT chart, names FROM segment WHERE id > ?", db)
        try rows.bind(after.lastEvent, at: 1)
        while try rows.next() {
            counts[rows.number(0) ?? 0, default: 0] += max(1, rows.names(1)?.count ?? 0)
        }
        let said = try ChartGroups.events(db)
        for chart in Set(counts.keys).union(said.keys).sorted() where counts[chart, default: 0] != said[chart] {
            outcome.add(
                said[chart].map {
                    "\(counts[chart, default: 0]) events say that they are of chart number \(chart), whose row counts \($0)"
                }
                    ?? "\(counts[chart, default: 0]) events say that they are of chart number \(chart), which is not here",
                place: nil)
        }
        return outcome
    }

    private func take(_ row: RawStatement, _ sources: [Int64: NodeID?], _ outcome: inout Outcome) {
        // The number is the row's own, which is a number whatever the row holds.
        let id = row.number(0) ?? outcome.lastEvent &+ 1
        let names = row.names(6)
        let count = Int64(max(1, names?.count ?? 0))
        if id - count != outcome.lastEvent {
            outcome.add(
                id - count > outcome.lastEvent
                    ? "arrivals \(outcome.lastEvent &+ 1) to \(id - count) are missing"
                    : "arrivals \(id - count + 1) to \(id) overlap with others", place: outcome.lastEvent &+ 1)
        }
        outcome.lastEvent = max(outcome.lastEvent, id)
        outcome.counts[row.number(9) ?? 0, default: 0] += Int(count)
        if let names, let source = row.number(3).flatMap({ sources[$0] }) {
            for case let event? in names { outcome.entries.append(ArrivalChain.Entry(event: event, source: source)) }
            if !outcome.entries.isEmpty { outcome.entries[outcome.entries.count - 1].head = head(row) }
        } else {
            outcome.add("an event without its source", place: id)
        }
        let (batch, form) = (row.number(1), row.number(2).flatMap { ArrivalChain.Form(rawValue: Int($0)) })
        if let commit = outcome.commit, commit.number != batch || commit.form != form {
            outcome.add("an event stands in another commit", place: id)
        }
        outcome.commit = (batch, form)
        guard !row.isNull(8) else {
            if !row.isNull(10) { outcome.add("accounts of a commit beside an event that does not end it", place: id) }
            return
        }
        close(row, batch, form, &outcome)
    }

    /// The head of the last event of a segment; one that cannot be read is none, and so not the one that was stored.
    private func head(_ row: RawStatement) -> ArrivalChain.Entry.Head? {
        guard let at = row.number(4), let signature = row.bytes(5) else { return nil }
        return ArrivalChain.Entry.Head(at: Timestamp(milliseconds: Int(at)), signature: signature)
    }

    /// Whom events came from, by the number that stands for it; nil is this node itself.
    static func sources(_ db: Database) throws -> [Int64: NodeID?] {
        var sources: [Int64: NodeID?] = [0: NodeID?.none]
        let rows = try Row.fetchCursor(db, sql: "SELECT id, node FROM peer")
        while let row = try rows.next() {
            if let id = row.number("id"), let node = row.text("node").flatMap({ NodeID($0) }) { sources[id] = node }
        }
        return sources
    }

    /// The end of a commit, which stands beside its last segment.
    private func close(_ row: RawStatement, _ batch: Int64?, _ form: ArrivalChain.Form?, _ outcome: inout Outcome) {
        let number = batch ?? outcome.lastBatch &+ 1
        if batch == nil { outcome.add("a commit does not say which it is", place: outcome.lastEvent) }
        if number != outcome.lastBatch &+ 1 {
            outcome.add(
                number > outcome.lastBatch
                    ? "commits \(outcome.lastBatch &+ 1) to \(number &- 1) are missing" : "commit \(number) is here twice",
                place: outcome.lastEvent)
        }
        let chain = row.bytes(8)
        let accounts = row.bytes(10)
        if !row.isNull(10), form.map({ $0 < .accounts }) ?? true || accounts.flatMap({ ArrivalChain.Account.read($0) }) == nil {
            outcome.add("to whom commit \(number) was sent cannot be read", place: outcome.lastEvent)
        }
        let link = row.number(7).flatMap { at in
            form.map {
                ArrivalChain.link(
                    after: outcome.chain, number: number, at: Timestamp(milliseconds: Int(at)), outcome.entries, accounts,
                    form: $0)
            }
        }
        if chain == nil || link != chain || form.map({ $0 < outcome.form }) ?? true {
            outcome.add(
                "commit \(number) is not as it was: its time, its events, their order, sources or heads, or to whom it was sent",
                place: outcome.lastEvent
            )
        }
        // What follows is checked against what is stored, so that one damage is named once.
        outcome.chain = chain ?? link ?? []
        outcome.form = max(outcome.form, form ?? .events)
        outcome.lastBatch = number
        outcome.commits += 1
        outcome.entries = []
        outcome.commit = nil
    }
}

extension ArrivalVerifier.Outcome {
    fileprivate mutating func add(_ text: String, place: Int64?) {
        // The first of a long row of consequences says enough.
        guard findings.count < 20 else { return }
        findings.append(Finding(.arrival, text, place: place.map { Int($0) }))
    }
}
