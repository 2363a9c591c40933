import EventLog
import Foundation
import GRDB

/// The migration to segments: each event that is here becomes one of its own, sealed as it was. What is damaged is carried over as it is, for a
/// check to find.
enum SegmentMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: tables)
        try copyEvents(db)
        try copyTips(db)
        try db.execute(sql: rest)
    }

    /// Events of one chain that one commit stored next to each other. The id is the arrival number of the last; `names` are 32 bytes each,
    /// `envelopes` and what `bodies` seals are lines with a line feed between them. Each names the one `before` it in its chart, the chart the
    /// first and the last. The last segment of a commit has its time, and a hash over
    /// the commit before it: what this node had, and when, can be proved.
    private static let tables = """
        CREATE TABLE segment (
            id INTEGER PRIMARY KEY, before INTEGER NOT NULL, count INTEGER NOT NULL,
            chart INTEGER NOT NULL, origin INTEGER NOT NULL, seq INTEGER NOT NULL,
            source INTEGER NOT NULL, batch INTEGER NOT NULL, form INTEGER NOT NULL, stored INTEGER, chain BLOB, verdict TEXT,
            signed INTEGER, signature BLOB, names BLOB NOT NULL, envelopes BLOB NOT NULL, bodies BLOB);
        ALTER TABLE chart ADD COLUMN tips BLOB NOT NULL DEFAULT x'';
        ALTER TABLE chart ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE chart ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE chart ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
        """

    private static let rest = """
        CREATE TABLE erasure_of_name (
            event INTEGER PRIMARY KEY, chart INTEGER NOT NULL, name BLOB NOT NULL, by BLOB, at INTEGER NOT NULL);
        CREATE UNIQUE INDEX erasure_name ON erasure_of_name (chart, name);
        INSERT OR IGNORE INTO erasure_of_name
            SELECT erasure.event, event.chart, event.hash, eraser.hash, erasure.at FROM erasure
            CROSS JOIN event ON event.id = erasure.event LEFT JOIN event AS eraser ON eraser.id = erasure.by;
        DROP TABLE erasure;
        ALTER TABLE erasure_of_name RENAME TO erasure;

        DROP TABLE head;
        DROP TABLE body;
        DROP TABLE event;
        DROP TABLE batch;
        DROP TABLE tip;

        CREATE TRIGGER segment_stays BEFORE DELETE ON segment BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
        CREATE TRIGGER segment_is_final BEFORE UPDATE OF id, before, count, chart, origin, seq, source, batch, form, verdict, signed,
            signature, names, envelopes ON segment BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
        CREATE TRIGGER commit_is_final BEFORE UPDATE OF stored, chain ON segment WHEN old.chain IS NOT NULL
            BEGIN SELECT RAISE(ABORT, 'arrivals are never changed'); END;
        CREATE TRIGGER bodies_stay BEFORE UPDATE OF bodies ON segment
            WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE event > old.id - old.count AND event <= old.id)
            BEGIN SELECT RAISE(ABORT, 'bodies are never changed but by an erasure'); END;
        """

    private static func copyEvents(_ db: Database) throws {
        let rows = try RawStatement(
            """
            SELECT id, envelope, chart FROM event ORDER BY id
            """, db)
        let copy = try RawStatement(
            cached: """
                INSERT INTO segment
                    SELECT event.id, ?4, 1, event.chart, ?2, ?3, event.source, event.batch, coalesce(batch.form, 1),
                        CASE WHEN batch.last = event.id THEN batch.at END, CASE WHEN batch.last = event.id THEN batch.chain END,
                        event.verdict, head.at, head.signature, event.hash, event.envelope, body.sealed
                    FROM event LEFT JOIN batch ON batch.id = event.batch LEFT JOIN body ON body.event = event.id
                    LEFT JOIN head ON head.event = event.id WHERE event.id = ?1
                """, db)
        var numbers: [Origin: Int64] = [:]
        var charts: [Int64: (events: Int, first: Int64, last: Int64)] = [:]
        while try rows.next() {
            let dot = rows.bytes(1).flatMap { EnvelopeText.place(of: $0)?.dot }
            if let origin = dot?.origin, numbers[origin] == nil {
                try db.execute(sql: "INSERT OR IGNORE INTO origin (text) VALUES (?)", arguments: [origin.description])
                numbers[origin] = try Origins.number(of: origin, db)
            }
            let (id, number) = (rows.number(0) ?? 0, rows.number(2) ?? 0)
            var chart = charts[number] ?? (0, id, 0)
            try copy.bind(id, at: 1)
            try copy.bind(dot.flatMap { numbers[$0.origin] } ?? 0, at: 2)
            try copy.bind(Int64(dot?.seq ?? 0), at: 3)
            try copy.bind(chart.last, at: 4)
            try copy.run()
            chart = (chart.events + 1, chart.first, id)
            charts[number] = chart
        }
        for (number, chart) in charts {
            try db.execute(
                sql: "UPDATE chart SET events = ?, first = ?, last = ? WHERE id = ?",
                arguments: [chart.events, chart.first, chart.last, number])
        }
    }

    private static func copyTips(_ db: Database) throws {
        for chart in try Int64.fetchAll(db, sql: "SELECT id FROM chart") {
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT origin.text, tip.seq, tip.hash FROM tip JOIN origin ON origin.id = tip.origin WHERE tip.chart = ?
                        """), arguments: [chart])
            let tips = rows.compactMap { row -> Tip? in
                guard let origin = row.text("text").flatMap({ Origin($0) }), let seq = row.number("seq"),
                    let hash = row.hash("hash")
                else { return nil }
                return Tip(origin: origin, seq: Int(seq), hash: hash)
            }
            let bytes = TipList.bytes(of: tips, try tips.map { try Origins.number(of: $0.origin, db) ?? 0 })
            try db.execute(sql: "UPDATE chart SET tips = ? WHERE id = ?", arguments: [Data(bytes), chart])
        }
    }
}
