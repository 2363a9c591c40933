import CareModel
import EventLog
import Foundation
import GRDB

/// Reads a chart back from its rows.
struct RecordLoader {
    let sealer: Sealer

    func load(_ chart: Int64, _ db: Database) throws -> ChartRecord {
        var rows = try ChartRows(of: [chart], db)
        return try record(chart, &rows, db)
    }

    /// Reads several charts in one pass, and makes their records one after another.
    func load<Value>(_ charts: [Int64], _ db: Database, _ body: (Int64, ChartRecord) throws -> Value) throws -> [Value] {
        var rows = try ChartRows(of: charts, db)
        return try charts.map { try body($0, record($0, &rows, db)) }
    }

    private func record(_ chart: Int64, _ rows: inout ChartRows, _ db: Database) throws -> ChartRecord {
        var record = try empty(chart, expecting: rows.expected(chart), db)
        try rows.take(chart) { row in
            // What stands there and cannot be read never makes an event count.
            let verdict = row.verdict ?? .withoutEffect(.noScope, decidedBy: nil)
            try events(of: row) { event in
                do throws(AdmissionError) {
                    try record.restore(event, verdict: verdict)
                } catch {
                    throw LogStoreError(.damaged, "chart \(record.graph.chart.short), arrival \(row.id): \(error)")
                }
            }
        }
        guard record.graph.nodes.count == rows.counts[chart] ?? 0 else {
            throw LogStoreError(
                .damaged, "chart \(record.graph.chart.short): its row counts other events; run: duolog audit verify")
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

    /// The events of a segment, in their order.
    func events(of row: SegmentRow, _ body: (Event) throws -> Void) throws {
        let isReadable = try row.forEach(sealer) { lines in
            switch lines.body {
            case .present(let line): try body(event(lines.place, lines.name, lines.envelope, line))
            case .absent: try body(event(lines.place, lines.name, lines.envelope, nil))
            case .unreadable:
                throw LogStoreError(
                    .wrongKey,
                    "arrival \(lines.place): the seal of its body does not open: the store key is another, or the row was altered"
                )
            }
        }
        guard isReadable else {
            throw LogStoreError(
                .damaged, "arrivals \(row.first) to \(row.id): their row cannot be read; run: duolog audit verify")
        }
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
}
