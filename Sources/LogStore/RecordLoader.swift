import CareModel
import EventLog
import Foundation
import GRDB

/// Reads a chart back from its rows.
struct RecordLoader {
    let sealer: Sealer

    func load(_ chart: Int64, _ db: Database) throws -> ChartRecord {
        try load([chart], db)[0]
    }

    /// Reads several charts in one pass, in their order.
    func load(_ charts: [Int64], _ db: Database) throws -> [ChartRecord] {
        let index = Dictionary(uniqueKeysWithValues: charts.enumerated().map { ($0.element, $0.offset) })
        var records = try charts.map { try empty($0, db) }
        var rows = try ChartRows(of: charts, withHeads: false, db)
        while try rows.next() {
            guard let index = index[rows.chart] else { continue }
            let event = try event(rows)
            // What stands there and cannot be read never makes an event count.
            let verdict = rows.verdict ?? .withoutEffect(.noScope, decidedBy: nil)
            do throws(AdmissionError) {
                try records[index].restore(event, verdict: verdict)
            } catch {
                throw LogStoreError(
                    .damaged, "chart \(records[index].graph.chart.short), arrival \(rows.place): \(error)")
            }
        }
        return records
    }

    private func empty(_ chart: Int64, _ db: Database) throws -> ChartRecord {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT hash, local FROM chart WHERE id = ?"), arguments: [chart]),
            let hash = ChartID(bytes: row[0] as Data)
        else { throw LogStoreError(.notFound, "no such chart") }
        return ChartRecord(chart: hash, isLocal: row[1])
    }

    private func event(_ rows: ChartRows) throws -> Event {
        guard let hash = rows.hash, let envelope = rows.envelope, !rows.hasBody || rows.sealed != nil else {
            throw unreadable(rows.place)
        }
        return try event(rows.place, hash, envelope, try rows.sealed.map { try sealer.open($0, as: hash) })
    }

    /// The event of a row with `id`, `hash`, `envelope` and `sealed`.
    func event(_ row: Row) throws -> Event {
        let place = row.number("id") ?? 0
        guard let hash = row.hash("hash"), let envelope = row.bytes("envelope") else { throw unreadable(place) }
        let body = try row.bytes("sealed").map { sealed in try sealed.withUnsafeBufferPointer { try sealer.open($0, as: hash) } }
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
