import EventLog
import Foundation
import GRDB

/// The last events of each origin of a chart: what peers compare.
enum TipTable {
    static func tips(of chart: Int64, _ db: Database) throws -> [Tip] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT origin.text, tip.seq, tip.hash FROM tip JOIN origin ON origin.id = tip.origin WHERE tip.chart = ?
                    """), arguments: [chart])
        return try rows.map { row in
            guard let origin = Origin(row[0] as String), let hash = EventHash(bytes: row[2] as Data) else {
                throw LogStoreError(.damaged, "a tip that is none")
            }
            return Tip(origin: origin, seq: row[1], hash: hash)
        }
    }

    static func heads(of chart: Int64, _ db: Database) throws -> ChartHeads {
        guard
            let bytes = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT hash FROM chart WHERE id = ?"), arguments: [chart]),
            let id = ChartID(bytes: bytes)
        else { throw LogStoreError(.notFound, "no such chart") }
        return ChartHeads(chart: id, tips: try tips(of: chart, db))
    }
}
