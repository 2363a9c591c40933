import CareModel
import EventLog
import Foundation
import GRDB

/// Checks the arrival log: every commit, its time, its events in their order and whom they came from, against the running hash.
struct ArrivalVerifier: Sendable {
    /// Commits that are read in one go: a reader that stays would keep the write-ahead log from being given up.
    private static let commitsAtOnce = 2000

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
    }

    func verify() async throws -> Outcome {
        var outcome = Outcome()
        let end = try await reader.read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM batch") ?? 0 }
        while !outcome.isAtEnd {
            let before = outcome
            outcome = try await reader.read { db in try read(db, after: before, upTo: end) }
        }
        let extra = try await reader.read { db in
            try Int64.fetchOne(
                db,
                sql: "SELECT min(id) FROM event WHERE id > coalesce((SELECT last FROM batch ORDER BY id DESC LIMIT 1), 0)")
        }
        if let extra { outcome.add("an event stands in no commit", place: extra) }
        // Read after the commits: only what came meanwhile can be ahead of them.
        if let ahead = token.commits(beyond: outcome.lastBatch), ahead > 0 {
            let now = try await reader.read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM batch") ?? 0 }
            if let still = token.commits(beyond: now), still > 0 {
                outcome.add(
                    "the end is missing: the file beside the database counts \(still) commits more than are here", place: nil)
            }
        }
        return outcome
    }

    private func read(_ db: Database, after: Outcome, upTo end: Int64) throws -> Outcome {
        var outcome = after
        let commits = try Row.fetchAll(
            db, sql: "SELECT id, at, last, chain, form FROM batch WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            arguments: [after.lastBatch, end, Self.commitsAtOnce])
        guard !commits.isEmpty else {
            outcome.isAtEnd = true
            return outcome
        }
        // Where a commit does not say how far it goes, the others are checked all the same.
        let last = commits.compactMap { $0.number("last") }.max() ?? after.lastEvent
        let sources = try sources(db)
        let events = try RawStatement(
            cached: """
                SELECT id, hash, batch, source, head.at, head.signature FROM event LEFT JOIN head ON head.event = id
                WHERE id > ? AND id <= ? ORDER BY id
                """, db)
        try events.bind(after.lastEvent, at: 1)
        try events.bind(last, at: 2)
        defer { events.reset() }
        var isAtEvent = try events.next()
        for commit in commits {
            // The number is the row's own, which is a number whatever the row holds.
            let number = commit.number("id") ?? outcome.lastBatch + 1
            if number != outcome.lastBatch + 1 {
                outcome.add("commits \(outcome.lastBatch + 1) to \(number - 1) are missing", place: outcome.lastEvent + 1)
            }
            outcome.lastBatch = number
            guard let upTo = commit.number("last") else {
                outcome.add("commit \(number) does not say which events it holds", place: outcome.lastEvent)
                outcome.chain = commit.bytes("chain") ?? []
                continue
            }
            var entries: [ArrivalChain.Entry] = []
            while isAtEvent, let id = events.number(0), id <= upTo {
                if id != outcome.lastEvent + 1 {
                    outcome.add("arrivals \(outcome.lastEvent + 1) to \(id - 1) are missing", place: outcome.lastEvent + 1)
                }
                if events.number(2) != number { outcome.add("an event stands in another commit", place: id) }
                outcome.lastEvent = id
                if let hash = events.hash(1), let source = events.number(3).flatMap({ sources[$0] }) {
                    entries.append(ArrivalChain.Entry(event: hash, source: source, head: head(events)))
                } else {
                    outcome.add("an event without its source", place: id)
                }
                isAtEvent = try events.next()
            }
            check(commit, number, entries, &outcome)
        }
        return outcome
    }

    /// The first commit whose link is of this form or a later one; nil where there is none.
    static func firstCommit(of form: ArrivalChain.Form, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT min(id) FROM batch WHERE form >= ?", arguments: [form.rawValue])
    }

    /// The head beside an event; one that cannot be read is none, and so not the one that was stored.
    private func head(_ row: RawStatement) -> ArrivalChain.Entry.Head? {
        guard let at = row.number(4), let signature = row.bytes(5) else { return nil }
        return ArrivalChain.Entry.Head(at: Timestamp(milliseconds: Int(at)), signature: signature)
    }

    /// Whom events came from, by the number that stands for it; nil is this node itself.
    private func sources(_ db: Database) throws -> [Int64: NodeID?] {
        var sources: [Int64: NodeID?] = [0: NodeID?.none]
        let rows = try Row.fetchCursor(db, sql: "SELECT id, node FROM peer")
        while let row = try rows.next() {
            if let id = row.number("id"), let node = row.text("node").flatMap({ NodeID($0) }) { sources[id] = node }
        }
        return sources
    }

    private func check(_ commit: Row, _ number: Int64, _ entries: [ArrivalChain.Entry], _ outcome: inout Outcome) {
        let chain = commit.bytes("chain")
        let form = commit.number("form").flatMap { ArrivalChain.Form(rawValue: Int($0)) }
        let link = commit.number("at").flatMap { at in
            form.map {
                ArrivalChain.link(
                    after: outcome.chain, number: number, at: Timestamp(milliseconds: Int(at)), entries, form: $0)
            }
        }
        if chain == nil || link != chain || form.map({ $0 < outcome.form }) ?? true {
            outcome.add(
                "commit \(number) is not as it was: its time, its events, their order, sources or heads", place: outcome.lastEvent
            )
        }
        // What follows is checked against what is stored, so that one damage is named once.
        outcome.chain = chain ?? link ?? []
        outcome.form = max(outcome.form, form ?? .events)
        outcome.commits += 1
    }
}

extension ArrivalVerifier.Outcome {
    fileprivate mutating func add(_ text: String, place: Int64?) {
        // The first of a long row of consequences says enough.
        guard findings.count < 20 else { return }
        findings.append(Finding(.arrival, text, place: place.map { Int($0) }))
    }
}
