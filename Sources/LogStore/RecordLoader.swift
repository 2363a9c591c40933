import CareModel
import EventLog
import Foundation
import GRDB

/// Reads a chart back from its rows.
struct RecordLoader {
    let sealer: Sealer

    func load(_ chart: Int64, _ db: Database) throws -> ChartRecord {
        var rows = try ChartRows(of: [chart], withHeads: false, db)
        return try record(chart, &rows, db)
    }

    /// Reads several charts in one pass, and makes their records one after another.
    func load<Value>(_ charts: [Int64], _ db: Database, _ body: (Int64, ChartRecord) throws -> Value) throws -> [Value] {
        var rows = try ChartRows(of: charts, withHeads: false, db)
        return try charts.map { try body($0, record($0, &rows, db)) }
    }

    private func record(_ chart: Int64, _ rows: inout ChartRows, _ db: Database) throws -> ChartRecord {
        let count = rows.counts[chart] ?? 0
        var record = try empty(chart, expecting: count, db)
        try rows.take(chart) { row in
            let event = try event(row)
            // What stands there and cannot be read never makes an event count.
            let verdict = row.verdict ?? .withoutEffect(.noScope, decidedBy: nil)
            do throws(AdmissionError) {
                try record.restore(event, verdict: verdict)
            } catch {
                throw LogStoreError(.damaged, "chart \(record.graph.chart.short), arrival \(row.place): \(error)")
            }
        }
        guard record.graph.nodes.count == count else {
            throw LogStoreError(
                .damaged, "chart \(record.graph.chart.short): its index names other events; run: duolog audit verify")
        }
        return record
    }

    private func empty(_ chart: Int64, expecting events: Int, _ db: Database) throws -> ChartRecord {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT hash, local FROM chart WHERE id = ?"), arguments: [chart]),
            let hash = ChartID(bytes: row[0] as Data)
        else { throw LogStoreError(.notFound, "no such chart") }
        return ChartRecord(chart: hash, isLocal: row[1], expecting: events)
    }

    private func event(_ row: ChartRow) throws -> Event {
        guard let hash = row.hash, let envelope = row.envelope, !row.hasBody || row.sealed != nil else {
            throw unreadable(row.place)
        }
        return try event(row.place, hash, envelope, try row.sealed.map { try sealer.open($0, as: hash) })
    }

    /// The event of a row with `id`, `hash`, `envelope` and `sealed`.
    func event(_ row: Row) throws -> Event {
        let place = row.number("id") ?? 0
        guard let hash = row.hash("hash"), let envelope = row.bytes("envelope") else { throw unreadable(place) }
        let body = try row.bytes("sealed").map { try sealer.open($0, as: hash) }
        return try event(place, hash, envelope, body)
    }

    private func event(_ place: Int64, _ hash: EventHash, _ envelope: [UInt8], _ body: [UInt8]?) throws -> Event {
        let event: Event
        do throws(FormatError) {
            event = try Event(admitted: envelope, body: body)
        } catch {
            throw LogStoreError(.damaged, "arrival \(place): \(error); run: duolog audit verify")
        }
        guard event.hash == hash else {
            throw LogStoreError(
                .damaged, "arrival \(place): the envelope is not the one that was stored; run: duolog audit verify")
        }
        return event
    }

    private func unreadable(_ place: Int64) -> LogStoreError {
        LogStoreError(.damaged, "arrival \(place): the row cannot be read; run: duolog audit verify")
    }
}
