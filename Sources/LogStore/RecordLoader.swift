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

    /// The event of a row with `hash`, `envelope` and `sealed`.
    func event(_ row: Row) throws -> Event {
        guard let hash = EventHash(bytes: row["hash"] as Data) else {
            throw LogStoreError(.damaged, "arrival \(row["id"] as Int64): not a hash")
        }
        let sealed: Data? = row["sealed"]
        let body = try sealed.map { try sealer.open($0, as: hash.bytes) }
        let event: Event
        do throws(FormatError) {
            event = try Event(line: [UInt8](row["envelope"] as Data), body: body)
        } catch {
            throw LogStoreError(.damaged, "arrival \(row["id"] as Int64): \(error)")
        }
        guard event.hash == hash else {
            throw LogStoreError(.damaged, "arrival \(row["id"] as Int64): the envelope is not the one that was stored")
        }
        return event
    }

    private func verdict(_ row: Row) throws(AdmissionError) -> Verdict {
        guard let text: String = row["verdict"] else { return .permitted }
        return (try? JSONDecoder().decode(Verdict.self, from: Data(text.utf8))) ?? .withoutEffect(.noScope, decidedBy: nil)
    }
}
