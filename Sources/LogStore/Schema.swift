import EventLog
import Foundation
import GRDB

/// The tables. Small integers stand for charts, origins and peers inside of the database: half the bytes, and twice the speed, of text keys.
enum Schema {
    /// Each is one transaction, so a migration that was interrupted goes on with the next one. A newer file is refused by name.
    static let migrations: [(name: String, step: Step)] = [
        ("1-log", .sql(log)), ("2-peers", .sql(peers)), ("3-people", .sql(people)), ("4-epochs", .sql(epochs)),
        ("5-audit", .sql(audit)),
        ("6-revocations", .sql(revocations)), ("7-sign-in", .sql(signIn)), ("8-keys", .sql(keys)), ("9-arrival", .sql(arrival)),
        ("10-names", .sql(names)), ("11-segments", .code(SegmentMigration.run)),
        ("12-shares", .sql(shares)), ("13-receptions", .sql(receptions)), ("14-accounts", .sql(accounts)),
    ]

    enum Step {
        case sql(String)
        case code(@Sendable (Database) throws -> Void)

        func callAsFunction(_ db: Database) throws {
            switch self {
            case .sql(let sql): try db.execute(sql: sql)
            case .code(let run): try run(db)
            }
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, step) in migrations { migrator.registerMigration(name) { try step($0) } }
        return migrator
    }

    /// True for a database of this version, or of a later one.
    static func isPresent(_ reader: any DatabaseReader) async throws -> Bool {
        try await reader.read { db in
            let applied = try migrator.appliedIdentifiers(db)
            return migrations.allSatisfy { applied.contains($0.name) }
        }
    }

    /// Brings a database up to this version.
    static func migrate(_ copy: any DatabaseWriter) throws { try migrator.migrate(copy) }

    /// Brings the database at `path` up to this version. One that holds something is copied first.
    static func migrate(_ writer: any DatabaseWriter, at path: String, progress: @escaping LogStore.Progress) throws {
        let applied = try writer.read { try migrator.appliedIdentifiers($0) }
        if let newer = applied.first(where: { name in !migrations.contains { $0.name == name } }) {
            throw LogStoreError(.newerSchema, "the log was written by a newer Duolog (migration \(newer)); install that version")
        }
        let pending = migrations.map(\.name).filter { !applied.contains($0) }
        guard migrations.map(\.name).suffix(pending.count).elementsEqual(pending) else {
            throw LogStoreError(
                .damaged,
                "the log says that it was never migrated to \(pending[0]), but to what follows; restore it from a backup")
        }
        if let first = pending.first, !applied.isEmpty {
            try SchemaCopy.keep(of: writer, at: path, before: first, progress: progress)
        }
        for (number, name) in pending.enumerated() {
            progress("migrating the log, \(name)", number, pending.count)
            try migrator.migrate(writer, upTo: name)
        }
    }

    /// The name of the latest migration that was applied.
    static func latest(_ db: Database) throws -> String {
        try String.fetchOne(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid DESC LIMIT 1") ?? "none"
    }

    private static let log = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

        CREATE TABLE chart (
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, local INTEGER NOT NULL,
            digest BLOB, folded INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE origin (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

        -- The order of ids is the order of arrival.
        CREATE TABLE event (
            id INTEGER PRIMARY KEY, chart INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, envelope BLOB NOT NULL,
            verdict TEXT, source INTEGER NOT NULL, batch INTEGER NOT NULL);
        CREATE INDEX event_chart ON event (chart);
        CREATE TABLE body (event INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
        CREATE TABLE head (event INTEGER PRIMARY KEY, at INTEGER NOT NULL, signature BLOB NOT NULL);
        CREATE TABLE tip (
            chart INTEGER NOT NULL, origin INTEGER NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL,
            PRIMARY KEY (chart, origin, hash)) WITHOUT ROWID;

        -- One row a commit, each with a hash over the one before: what this node had, and when, can be proved.
        CREATE TABLE batch (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, last INTEGER NOT NULL, chain BLOB NOT NULL);

        CREATE TABLE projection (
            chart INTEGER NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL, sealed BLOB NOT NULL,
            PRIMARY KEY (chart, name)) WITHOUT ROWID;
        CREATE TABLE share (
            node TEXT NOT NULL, chart INTEGER NOT NULL, until INTEGER, PRIMARY KEY (node, chart)) WITHOUT ROWID;
        CREATE TABLE fork (chart INTEGER NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (chart, origin)) WITHOUT ROWID;

        CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
        CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
        CREATE TRIGGER head_is_final BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'heads are never changed'); END;
        CREATE TRIGGER head_stays BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'heads are never deleted'); END;
        CREATE TRIGGER batch_is_final BEFORE UPDATE ON batch BEGIN SELECT RAISE(ABORT, 'arrivals are never changed'); END;
        CREATE TRIGGER batch_stays BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'arrivals are never deleted'); END;
        CREATE TRIGGER body_is_final BEFORE UPDATE ON body BEGIN SELECT RAISE(ABORT, 'bodies are never changed'); END;
        """

    private static let epochs = """
        CREATE TABLE epoch (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, epoch INTEGER NOT NULL, reason TEXT NOT NULL, peer TEXT,
            read_back INTEGER NOT NULL);
        """

    /// A held chart is not sent until it has synced with a member: the node was put back from elsewhere, and may hold what was erased.
    private static let audit = """
        ALTER TABLE batch ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE chart ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE share ADD COLUMN consent BLOB;
        CREATE TABLE erasure (event INTEGER PRIMARY KEY, by INTEGER, at INTEGER NOT NULL);
        CREATE INDEX event_batch ON event (batch);
        CREATE INDEX chart_held ON chart (held) WHERE held = 1;
        """

    private static let peers = """
        CREATE TABLE peer (
            id INTEGER PRIMARY KEY, node TEXT NOT NULL UNIQUE, key BLOB NOT NULL, name TEXT NOT NULL, address TEXT,
            root BLOB, noted INTEGER NOT NULL DEFAULT 0, paired INTEGER NOT NULL);
        CREATE TABLE bucket (
            peer INTEGER NOT NULL, bucket INTEGER NOT NULL, hash INTEGER NOT NULL, PRIMARY KEY (peer, bucket)) WITHOUT ROWID;

        -- Latest per receiver, life of the receiver, chart and origin. Numbers rise, so a peer can be sent what it has not noted.
        CREATE TABLE receipt (
            number INTEGER PRIMARY KEY, receiver TEXT NOT NULL, instance TEXT NOT NULL, chart INTEGER NOT NULL,
            origin TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL, signature BLOB NOT NULL,
            UNIQUE (receiver, instance, chart, origin));
        CREATE TABLE notice (
            number INTEGER PRIMARY KEY, chart BLOB NOT NULL, removed TEXT NOT NULL, removal BLOB NOT NULL,
            at INTEGER NOT NULL, signature BLOB NOT NULL, incoming INTEGER NOT NULL, UNIQUE (chart, removed, removal));
        """

    private static let people = """
        CREATE TABLE practitioner (
            author TEXT PRIMARY KEY, uid INTEGER NOT NULL, name TEXT NOT NULL, credential TEXT NOT NULL,
            active INTEGER NOT NULL) WITHOUT ROWID;
        CREATE UNIQUE INDEX practitioner_uid ON practitioner (uid) WHERE active;
        CREATE TABLE request (id TEXT PRIMARY KEY, author TEXT NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
        """

    /// How a peer came to have its key, and another key that claims to follow the same one.
    private static let keys = """
        ALTER TABLE peer ADD COLUMN keys TEXT;
        ALTER TABLE peer ADD COLUMN contested BLOB;
        """

    /// The events of a commit follow each other in the order of arrival: an index of them was one more page to write for every commit.
    private static let arrival = "DROP INDEX event_batch"

    /// An event is looked up within its chart, by the beginning of its name: the index of whole names was written all over by each
    /// commit, and that of charts beside it. A tip keeps its row while the sequence goes on.
    private static let names = """
        CREATE TABLE event_by_chart (
            id INTEGER PRIMARY KEY, chart INTEGER NOT NULL, hash BLOB NOT NULL, envelope BLOB NOT NULL,
            verdict TEXT, source INTEGER NOT NULL, batch INTEGER NOT NULL);
        INSERT INTO event_by_chart SELECT id, chart, hash, envelope, verdict, source, batch FROM event ORDER BY id;
        DROP TABLE event;
        ALTER TABLE event_by_chart RENAME TO event;
        CREATE INDEX event_name ON event (chart, substr(hash, 1, 8));
        CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
        CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

        CREATE TABLE tip_by_branch (
            chart INTEGER NOT NULL, origin INTEGER NOT NULL, branch INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (chart, origin, branch)) WITHOUT ROWID;
        INSERT INTO tip_by_branch
            SELECT chart, origin, row_number() OVER (PARTITION BY chart, origin ORDER BY hash) - 1, seq, hash FROM tip;
        DROP TABLE tip;
        ALTER TABLE tip_by_branch RENAME TO tip;
        """

    /// The shares of a chart are made anew whenever it is folded: without an index all shares of all charts were looked through for it. Up to where a chart
    /// was folded was written by each commit, and read by nobody.
    private static let shares = """
        CREATE INDEX share_chart ON share (chart);
        ALTER TABLE chart DROP COLUMN folded;
        """

    /// What came from peers was written down in the journal with the events, until then.
    private static let receptions = "INSERT INTO meta (name, value) SELECT 'received', coalesce(max(id), 0) FROM segment"

    /// To whom a commit is sent at once stands beside its time, and in the journal a moment later.
    private static let accounts = """
        ALTER TABLE segment ADD COLUMN accounts BLOB;
        DROP TRIGGER commit_is_final;
        CREATE TRIGGER commit_is_final BEFORE UPDATE OF stored, chain, accounts ON segment WHEN old.chain IS NOT NULL
            BEGIN SELECT RAISE(ABORT, 'arrivals are never changed'); END;
        """

    /// Keys that were lost: what has one of them is never connected with again.
    private static let revocations = """
        ALTER TABLE peer ADD COLUMN revoked INTEGER;
        """

    /// What people sign in with on the page: a hash of the passphrase that was hard to compute, and a hash of an invitation.
    private static let signIn = """
        CREATE TABLE sign_in (
            author TEXT PRIMARY KEY, administrator INTEGER NOT NULL, passphrase TEXT, invitation BLOB UNIQUE,
            invited_until INTEGER) WITHOUT ROWID;
        """
}
