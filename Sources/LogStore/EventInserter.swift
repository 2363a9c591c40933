import CareModel
import Crypto
import Dispatch
import EventLog
import Foundation
import GRDB
import Synchronization

/// An event as it is stored. One for all who need it: a copy of an event counts references to each of its parts.
final class EventRow: Sendable {
    let id: Int64
    let chart: Int64
    let event: Event
    /// Nil for one that is permitted.
    let verdict: String?
    /// The row of the peer that it came from, 0 for this node.
    let source: Int64
    let batch: Int64
    /// That came with it.
    let head: SignedHead?

    init(
        id: Int64, chart: Int64, event: Event, verdict: String?, source: Int64, batch: Int64, head: SignedHead?
    ) {
        (self.id, self.chart, self.event, self.verdict) = (id, chart, event, verdict)
        (self.source, self.batch, self.head) = (source, batch, head)
    }
}

/// Seals and inserts the events of a transaction behind its back: while one core decides on the next events, another stores the last.
///
/// The connection is used by one thread at a time all the same: whoever wants it asks ``Transaction/db``, which waits until nothing is
/// under way. A few events are stored where they are decided on, since handing them over would take longer.
final class EventInserter {
    /// Events that are handed over together.
    private static let atOnce = 64

    /// Stores a signed head.
    static let headRow = "INSERT INTO head (event, at, signature) VALUES (?, ?, ?)"

    private let statements: Statements
    private let queue: DispatchQueue
    private var waiting: [EventRow] = []
    private var isUnderWay = false
    private let failure = Mutex<(any Error)?>(nil)

    init(_ db: Database, sealer: Sealer, queue: DispatchQueue) throws {
        statements = Statements(
            event: try RawStatement(
                cached:
                    "INSERT INTO event (id, chart, hash, envelope, verdict, source, batch) VALUES (?, ?, ?, ?, ?, ?, ?)",
                db),
            body: try RawStatement(cached: "INSERT INTO body (event, sealed) VALUES (?, ?)", db),
            head: try RawStatement(cached: Self.headRow, db),
            sealer: sealer)
        self.queue = queue
    }

    /// Takes a row, which is stored at the latest when ``finish()`` returns.
    func add(_ row: EventRow) {
        waiting.append(row)
        guard waiting.count == Self.atOnce else { return }
        let rows = waiting
        waiting = []
        waiting.reserveCapacity(Self.atOnce)
        isUnderWay = true
        queue.async { [self] in insert(rows) }
    }

    private func wait() {
        if isUnderWay { queue.sync {} }
        isUnderWay = false
        guard !waiting.isEmpty else { return }
        insert(waiting)
        waiting = []
    }

    /// Returns once all rows are stored; throws where one could not be.
    func finish() throws {
        wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// True where a row could not be stored.
    var hasFailed: Bool { failure.withLock { $0 } != nil }

    /// Forgets what is not stored yet, and what went wrong: it is being undone.
    func abandon() {
        waiting = []
        wait()
        failure.withLock { $0 = nil }
    }

    private func insert(_ rows: [EventRow]) {
        guard failure.withLock({ $0 }) == nil else { return }
        do {
            let nonces = try statements.sealer.nonces(rows.count)
            for (row, nonce) in zip(rows, nonces) { try statements.insert(row, nonce) }
        } catch {
            failure.withLock { $0 = error }
        }
    }
}

extension EventInserter {
    /// Prepared by the writer, used by one thread at a time.
    private struct Statements {
        let event: RawStatement
        let body: RawStatement
        let head: RawStatement
        let sealer: Sealer

        func insert(_ row: EventRow, _ nonce: AES.GCM.Nonce) throws {
            try event.bind(row.id, at: 1)
            try event.bind(row.chart, at: 2)
            try event.bind(row.verdict, at: 5)
            try event.bind(row.source, at: 6)
            try event.bind(row.batch, at: 7)
            try row.event.hash.withBytes { hash in
                try row.event.line.withUnsafeBytes { line in
                    try event.bind(borrowed: hash, at: 3)
                    try event.bind(borrowed: line, at: 4)
                    try event.run()
                }
            }
            if let head = row.head { try self.head.run(head, of: row.id) }
            guard let line = row.event.bodyLine else { return }
            try body.bind(row.id, at: 1)
            try sealer.seal(line.line, of: row.event.hash, under: nonce).withUnsafeBytes { sealed in
                try body.bind(borrowed: sealed, at: 2)
                try body.run()
            }
        }
    }
}

extension RawStatement {
    /// Runs ``EventInserter/headRow``.
    func run(_ head: SignedHead, of event: Int64) throws {
        try bind(event, at: 1)
        try bind(Int64(head.at.milliseconds), at: 2)
        try bind(head.signature, at: 3)
        try run()
    }
}

// What is changed is changed by the writer only, while nothing is under way; what the other thread reads is handed to it.
extension EventInserter: @unchecked Sendable {}
