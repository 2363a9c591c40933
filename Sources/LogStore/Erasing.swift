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
                    SELECT name, by, at FROM erasure WHERE chart = (SELECT id FROM chart WHERE hash = ?) ORDER BY event
                    """, arguments: [Data(chart.bytes)]
            ).compactMap { row in
                guard let event = row.hash("name"), let at = row.number("at") else { return nil }
                return ErasedEvent(event: event, by: row.hash("by"), at: Timestamp(milliseconds: Int(at)))
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
        let sealer = configuration.sealer
        let recorded = try pool.write { db in
            func recorded() throws -> [EventHash] {
                try Row.fetchAll(db, sql: "SELECT name FROM erasure").compactMap { $0.hash("name") }
            }
            // Names that this database does not have on record: a database that was put back.
            let unknown = Set(names).subtracting(try recorded())
            var again = 0
            for place in unknown.isEmpty ? [] : try EventPlace.all(named: unknown, db) {
                if try SegmentErasing.erase(place.at, in: place.chart, place.name, by: nil, at: at, sealer, db) { again += 1 }
            }
            reerased.withLock { $0 += again }
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

    /// True where a chart may say, with this event, that other bodies are erased than without it.
    static func touchesErasure(_ event: Event) -> Bool {
        event.envelope.kind == EventErased.kind || event.envelope.kind == RecordAmended.kind || event.bodyLine == nil
    }

    /// Deletes the bodies that the events of a chart say are erased.
    func applyErasures(to chart: Int64) throws {
        let record = try record(chart)
        for (event, erasure) in record.erasedEvents {
            let db = try db(withEventsOf: chart)
            let known = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT by FROM erasure WHERE chart = ? AND name = ?"),
                arguments: [chart, Data(event.bytes)])
            guard known?.bytes("by") == nil, let dot = record.graph[event]?.envelope.dot,
                let place = try EventPlace.find(event, dot, in: chart, db)
            else { continue }
            try SegmentErasing.erase(
                place, in: chart, event, by: erasure, at: store.configuration.clock().milliseconds, store.configuration.sealer, db
            )
            note { $0.erased.append(event) }
        }
    }
}

/// Takes a body out of its segment: what is left is sealed anew, so nothing of it stays, neither its text nor its seal.
private enum SegmentErasing {
    /// - Parameter eraser: the erasure; nil while only the list beside the database tells of it.
    /// - Returns: true where the body was here.
    @discardableResult
    static func erase(
        _ place: EventPlace, in chart: Int64, _ name: EventHash, by eraser: EventHash?, at: Int, _ sealer: Sealer, _ db: Database
    ) throws -> Bool {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO erasure (event, chart, name, by, at) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [
                place.arrival, chart, Data(name.bytes), eraser.map { Data($0.bytes) }, at,
            ])
        let row = try RawStatement(cached: "SELECT \(SegmentRow.columns) FROM segment WHERE id = ?", db)
        try row.bind(place.segment, at: 1)
        guard try row.next() else { return false }
        let segment = SegmentRow(row)
        row.reset()
        guard segment.hasBodies else { return false }
        var (bodies, last, wasHere): ([[UInt8]?], EventHash, Bool) = ([], name, false)
        let isReadable = segment.forEach(sealer) { lines in
            last = lines.name
            switch lines.body {
            case .present(let line) where lines.name != name: return bodies.append(line)
            case .absent: break
            // Where the seal does not open nothing can be kept: what is named as erased must go.
            case .present, .unreadable: wasHere = true
            }
            bodies.append(nil)
        }
        guard wasHere || !isReadable else { return false }
        let rest = isReadable && bodies.contains { $0 != nil } ? try sealer.seal(JoinedLines.join(bodies), as: last) : nil
        try db.cachedStatement(sql: "UPDATE segment SET bodies = ? WHERE id = ?").execute(arguments: [rest, place.segment])
        return true
    }
}

extension EventPlace {
    /// Where events with these names stand, in whatever chart.
    fileprivate static func all(
        named names: Set<EventHash>, _ db: Database
    ) throws -> [(at: EventPlace, chart: Int64, name: EventHash)] {
        let rows = try RawStatement("SELECT \(SegmentRow.columns) FROM segment", db)
        var found: [(EventPlace, Int64, EventHash)] = []
        while try rows.next() {
            let segment = SegmentRow(rows)
            guard let chart = segment.chart, let here = segment.eventNames() else { continue }
            for (index, name) in here.enumerated() where names.contains(name) {
                found.append((EventPlace(segment: segment.id, index: index, count: here.count), chart, name))
            }
        }
        return found
    }
}
