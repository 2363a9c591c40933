import CareModel
import EventLog
import Foundation
import GRDB

/// Reads a chart back from its rows.
struct RecordLoader {
    let sealer: Sealer

    func load(_ chart: Int64, _ db: Database) throws -> ChartRecord {
        guard let row = try Row.fetchOne(db, sql: "SELECT hash, local FROM chart WHERE id = ?", arguments: [chart]),
            let hash = ChartID(bytes: row["hash"] as Data)
        else { throw LogStoreError(.notFound, "no such chart") }
        var record = ChartRecord(chart: hash, isLocal: row["local"])
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT event.id, hash, envelope, verdict, sealed FROM event LEFT JOIN body ON body.event = event.id
                WHERE chart = ? ORDER BY event.id
                """, arguments: [chart])
        while let row = try rows.next() {
            let event = try event(row)
            do throws(AdmissionError) {
                try record.restore(event, verdict: try verdict(row))
            } catch {
                throw LogStoreError(.damaged, "chart \(hash.short), arrival \(row["id"] as Int64): \(error)")
            }
        }
        return record
    }

    /// The event of a row with `id`, `hash`, `envelope` and `sealed`.
    func event(_ row: Row) throws -> Event {
        let place = "arrival \(row.number("id") ?? 0)"
        guard let hash = row.hash("hash"), let envelope = row.bytes("envelope") else {
            throw LogStoreError(.damaged, "\(place): the row cannot be read; run: duolog audit verify")
        }
        let body = try row.bytes("sealed").map { try sealer.open(Data($0), as: hash.bytes) }
        let event: Event
        do throws(FormatError) {
            event = try Event(line: envelope, body: body)
        } catch {
            throw LogStoreError(.damaged, "\(place): \(error); run: duolog audit verify")
        }
        guard event.hash == hash else {
            throw LogStoreError(
                .damaged, "\(place): the envelope is not the one that was stored; run: duolog audit verify")
        }
        return event
    }

    private func verdict(_ row: Row) throws(AdmissionError) -> Verdict {
        guard let text = row.text("verdict") else { return .permitted }
        return (try? JSONDecoder().decode(Verdict.self, from: Data(text.utf8))) ?? .withoutEffect(.noScope, decidedBy: nil)
    }
}
