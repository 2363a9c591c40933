import CareModel
public import EventLog
import Foundation
import GRDB
import Synchronization

/// Erasure at rest: the sealed body goes with its salt, and what the write-ahead log still holds of it. The envelope, the chain and the
/// arrival log stay as they are.
extension LogStore {
    /// An event whose body was erased here.
    public struct ErasedEvent: Hashable, Sendable {
        /// The event.
        public var event: EventHash
        /// The erasure; nil while only the list beside the database tells of it.
        public var by: EventHash?
        /// When it was carried out here.
        public var at: Timestamp
    }

    /// The events of a chart whose bodies were erased here.
    public func erasures(of chart: ChartID) async throws -> [ErasedEvent] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT event.hash, eraser.hash AS eraser, erasure.at FROM erasure JOIN event ON event.id = erasure.event
                    JOIN chart ON chart.id = event.chart LEFT JOIN event AS eraser ON eraser.id = erasure.by
                    WHERE chart.hash = ? ORDER BY erasure.event
                    """, arguments: [Data(chart.bytes)]
            ).compactMap { row in
                EventHash(bytes: row["hash"] as Data).map { event in
                    ErasedEvent(
                        event: event, by: (row["eraser"] as Data?).flatMap { EventHash(bytes: $0) },
                        at: Timestamp(milliseconds: row["at"]))
                }
            }
        }
    }

    /// Bodies that the log held when it was opened, and that had been erased before.
    public var erasedAgain: Int { reerased.withLock { $0 } }

    /// Charts of which nothing is sent before they have synced with a member.
    public func heldCharts() async throws -> Int {
        try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM chart WHERE held = 1") ?? 0 }
    }

    /// Bodies that the list beside the database names are erased again in a database that was put back.
    func reapplyErasures() throws {
        let names = erased.all
        let at = configuration.clock().milliseconds
        let recorded = try pool.write { db in
            func recorded() throws -> [EventHash] {
                // From the few to the many: the other way round all events are read at each start.
                try Data.fetchAll(db, sql: "SELECT hash FROM erasure CROSS JOIN event ON event.id = erasure.event")
                    .compactMap { EventHash(bytes: $0) }
            }
            // Names that this database does not have on record: a database that was put back. Each is looked for in every chart.
            for name in Set(names).subtracting(try recorded()).sorted() {
                let found = try Int64.fetchAll(
                    db.cachedStatement(
                        sql: "SELECT event.id FROM chart CROSS JOIN event ON event.chart = chart.id AND \(EventName.isThat("?1"))"
                    ),
                    arguments: [Data(name.bytes)])
                for id in found {
                    try db.execute(sql: "INSERT OR IGNORE INTO erasure (event, by, at) VALUES (?, NULL, ?)", arguments: [id, at])
                }
            }
            try db.execute(sql: "DELETE FROM body WHERE event IN (SELECT event FROM erasure)")
            reerased.withLock { $0 += db.changesCount }
            return try recorded()
        }
        try erased.add(recorded)
        if !recorded.isEmpty { try pool.writeWithoutTransaction { try Self.truncateLog($0) } }
    }

    /// After the commit: the names go beside the database, and the pages of the write-ahead log that held the bodies are given up.
    func finishErasure(_ events: [EventHash]) throws {
        try erased.add(events)
        try SchemaCopy.remove(beside: configuration.path)
        try pool.writeWithoutTransaction { try Self.truncateLog($0) }
    }

    /// Moves all of the write-ahead log into the database and cuts it to nothing. Readers that look at it are waited for.
    private static func truncateLog(_ db: Database) throws {
        for attempt in 0... {
            let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            if row?[0] == 0 { return }
            guard attempt < 500 else {
                throw LogStoreError(.io, "the write-ahead log is held by a reader: what was erased still stands in it")
            }
            usleep(10_000)
        }
    }
}

extension Transaction {
    /// Bodies that are named beside the database are not taken in again.
    func withoutErased(_ events: [Result<Event, FormatError>]) -> [Result<Event, FormatError>] {
        guard !store.erased.isEmpty else { return events }
        return events.map { event in
            guard case .success(let whole) = event, store.erased.contains(whole.hash) else { return event }
            return .success(Event(envelope: whole.envelope, line: whole.line, hash: whole.hash, checked: nil))
        }
    }

    /// Deletes the bodies that the events of a chart, as it is with `new`, say are erased.
    func applyErasures(_ new: some Sequence<Event>, to chart: Int64) throws {
        let touchesErasure = new.contains {
            $0.envelope.kind == EventErased.kind || $0.envelope.kind == RecordAmended.kind || $0.bodyLine == nil
        }
        guard touchesErasure else { return }
        let record = try record(chart)
        for (event, erasure) in record.erasedEvents {
            let row = try EventName.row(of: event, in: chart, db)
            let eraser = try EventName.row(of: erasure, in: chart, db)
            let isKnown = try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT by IS NOT NULL FROM erasure WHERE event = ?"), arguments: [row])
            guard isKnown != true else { continue }
            try db.cachedStatement(sql: "DELETE FROM body WHERE event = ?").execute(arguments: [row])
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO erasure (event, by, at) VALUES (?, ?, ?)")
                .execute(arguments: [row, eraser, store.configuration.clock().milliseconds])
            note { $0.erased.append(event) }
        }
    }
}
