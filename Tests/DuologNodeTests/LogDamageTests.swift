import CareModel
import EventLog
import Foundation
import GRDB
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// A log that somebody, or the disk, altered: `audit verify` finds it and says where.
@Suite struct LogDamageTests {
    /// The folder of a node that has written, received and erased, and that nobody has open.
    private struct Sample {
        let folder: String
        let chart: ChartID

        init() async throws {
            let left = try TestNode()
            let right = try TestNode()
            try await left.pair(right)
            chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
            let session = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
            var exchange = try await PlainExchange(left, right)
            try await exchange.run()
            try await right.write(chart, PractitionerEnrolled.kind, #"{"credential":"lcsw","name":"Nobody"}"#)
            try await right.write(chart, SessionHeld.kind, Bodies.session)
            try await left.write(chart, EventErased.kind, #"{"authority":"the fictional patient asked"}"#, refs: [session])
            try await left.write(chart, MedicationPrescribed.kind, Bodies.prescribed())
            exchange = try await PlainExchange(left, right)
            try await exchange.run()
            folder = FileManager.default.temporaryDirectory.appending(path: "duolog-damage-\(UUID().uuidString)").path
            try FileManager.default.copyItem(atPath: left.folder.path, toPath: folder)
            // Everything in one file, as after a stop.
            _ = try await DatabaseQueue(path: folder + "/log.sqlite").writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }

        /// A copy that may be damaged.
        func copy() throws -> StateFolder {
            let path = FileManager.default.temporaryDirectory.appending(path: "duolog-damage-\(UUID().uuidString)").path
            try FileManager.default.copyItem(atPath: folder, toPath: path)
            return StateFolder(path: path)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// - Parameter oneByOne: reads the rows of each chart by the index, as beside a daemon that is at work; otherwise all of the log in one pass.
    private func verify(
        _ folder: StateFolder, isQuick: Bool = false, oneByOne: Bool = false
    ) async throws -> VerificationReport {
        let configuration = LogStore.Configuration(
            path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(folder.path + "/store.key"),
            clock: { Timestamp(milliseconds: 0) }, random: { 1 })
        return try await LogVerifier.closed(configuration) { verifier in
            var verifier = verifier
            if oneByOne { verifier.pause = { _ in } }
            return await verifier.verify(isQuick: isQuick)
        }
    }

    /// Alters the database behind the triggers' back, as somebody with the file at hand can.
    private func alter(_ folder: StateFolder, _ sql: String) throws {
        try DatabaseQueue(path: folder.log).writeWithoutTransaction { db in
            let triggers = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger)") }
            try db.execute(sql: sql)
            _ = try db.checkpoint(.truncate)
        }
    }

    private static let tables = ["segment", "receipt"]

    /// Every row as it reads, with the storage class of each value. The number by which a receipt is passed on claims nothing; that it is the
    /// one of the index is seen by SQLite's own check, which a quick one leaves out.
    private func rows(of folder: String, isQuick: Bool) throws -> [String] {
        try DatabaseQueue(path: folder + "/log.sqlite").read { db in
            try Self.tables.flatMap { table in
                let columns =
                    isQuick && table == "receipt"
                    ? "receiver, instance, chart, origin, seq, hash, at, signature" : "rowid AS row, *"
                return try Row.fetchAll(db, sql: "SELECT \(columns) FROM \(table) ORDER BY rowid").map { row in
                    "\(table) "
                        + row.databaseValues.map {
                            "\($0.storage.value is Data) \(Data.fromDatabaseValue($0).map { $0.base64EncodedString() } ?? "\($0)")"
                        }.joined(separator: "|")
                }
            }
        }
    }

    /// The rows that read otherwise now; the beginning of each.
    private static func changed(_ before: [String], _ after: [String]) -> [String] {
        Set(before).symmetricDifference(after).map { String($0.prefix(160)) }.sorted()
    }

    @Test func aWholeLogVerifies() async throws {
        let sample = try await Sample()
        defer { sample.remove() }
        let report = try await verify(try sample.copy())
        #expect(report.count == 0, "\(report)")
        #expect(report.charts.first?.erased == 1 && report.charts.first?.receipts == 2)
        #expect(try await verify(try sample.copy(), oneByOne: true).charts == report.charts)
        #expect(try await verify(try sample.copy(), isQuick: true).count == 0)
    }

    /// `FLIPS=n SEED=s` for others.
    @Test(arguments: [false, true]) func flippedBytesOfRowsAreFound(_ isQuick: Bool) async throws {
        let sample = try await Sample()
        defer { sample.remove() }
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SEED"].flatMap { UInt64($0) } ?? 20_310_414
        let count = environment["FLIPS"].flatMap { Int($0) } ?? 1200
        var random = SplitMix64(seed: seed)
        let whole = try Data(contentsOf: URL(fileURLWithPath: sample.folder + "/log.sqlite"))
        let bytes = try TableBytes(Self.tables, in: sample.folder + "/log.sqlite").offsets
        #expect(bytes.count > 5000)
        let values = try rows(of: sample.folder, isQuick: isQuick)
        var same = 0
        var missed: [String] = []
        for flip in 0..<count {
            // A folder each: a process that another test begins meanwhile may hold the lock of the last one for a moment.
            let folder = try sample.copy()
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            let offset = bytes[Int.random(in: 0..<bytes.count, using: &random)]
            let bit = UInt8.random(in: 0..<8, using: &random)
            var damaged = whole
            damaged[offset] ^= 1 << bit
            try damaged.write(to: URL(fileURLWithPath: folder.log))
            for file in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.log + file) }
            let report = try await verify(folder, isQuick: isQuick, oneByOne: flip.isMultiple(of: 2))
            guard report.count == 0 else { continue }
            // Where every row reads as before, nothing that is claimed was altered: SQLite has several spellings for some values.
            let now = try rows(of: folder.path, isQuick: isQuick)
            if now == values { same += 1 } else { missed.append("byte \(offset) bit \(bit): \(Self.changed(values, now))") }
        }
        print("\(count) flips, seed \(seed): \(count - same - missed.count) found, \(same) that change no value")
        #expect(missed.isEmpty, "seed \(seed): \(missed.count) of \(count) not found: \(missed.prefix(5))")
    }

    /// What a table row says, altered or gone; and what must be told of it. Arrivals 2 to 6 are one segment, 8 and 9 another, from the peer;
    /// what stands at 7 was erased.
    @Test(arguments: [
        ("DELETE FROM segment WHERE id = (SELECT max(id) FROM segment)", [Finding.Kind.missing, .arrival]),
        ("DELETE FROM segment WHERE id = 6", [.missing, .arrival]),
        ("DELETE FROM segment WHERE id = 1", [.missing, .arrival]),
        ("DELETE FROM segment WHERE batch = (SELECT max(batch) FROM segment)", [.missing, .arrival]),
        (
            "UPDATE segment SET id = -1 WHERE id = 10; UPDATE segment SET id = 10 WHERE id = 11; UPDATE segment SET id = 11 WHERE id = -1",
            [.arrival]
        ),
        (
            "INSERT INTO segment SELECT 999, before, count, chart, origin, seq, source, batch, form, stored, chain, verdict, signed, signature, randomblob(32), envelopes, bodies, accounts FROM segment WHERE id = 7",
            [.envelope, .arrival]
        ),
        (
            "UPDATE segment SET names = substr(names, 33, 32) || substr(names, 1, 32) || substr(names, 65) WHERE id = 6",
            [.envelope, .arrival]
        ),
        ("UPDATE segment SET accounts = x'00' WHERE chain IS NOT NULL", [.arrival]),
        ("UPDATE segment SET accounts = '' WHERE chain IS NOT NULL", [.arrival]),
        ("UPDATE segment SET chart = chart + 1 WHERE id = 6", [.missing, .derived, .database]),
        ("UPDATE segment SET count = 4 WHERE id = 6", [.envelope]),
        ("UPDATE segment SET before = 1 WHERE id = 7", [.database]),
        ("UPDATE segment SET before = 9 WHERE id = 6", [.database]),
        ("UPDATE chart SET last = 9", [.database]),
        ("UPDATE chart SET first = 6", [.database]),
        ("DELETE FROM chart; DELETE FROM receipt", [.arrival]),
        ("UPDATE chart SET last = 9000000000000000000", [.database]),
        ("UPDATE chart SET events = 9000000000000000000", [.database]),
        ("UPDATE segment SET count = 9000000000000000000 WHERE id = 6", [.envelope]),
        ("UPDATE segment SET seq = seq + 1 WHERE id = 6", [.database]),
        ("UPDATE segment SET origin = origin + 1 WHERE id = 7", [.database]),
        ("UPDATE segment SET source = 1 WHERE source = 0 AND id = 6", [.arrival]),
        ("UPDATE segment SET batch = batch + 1 WHERE id = 6", [.arrival]),
        ("UPDATE segment SET verdict = '{\"withoutEffect\":{\"_0\":\"removed\"}}' WHERE id = 6", [.verdict]),
        ("UPDATE segment SET envelopes = NULL WHERE id = 6", [.database, .envelope]),
        (
            "UPDATE segment SET envelopes = CAST(replace(CAST(envelopes AS TEXT), char(10), ' ') AS BLOB) WHERE id = 6",
            [.envelope]
        ),
        ("UPDATE segment SET bodies = NULL WHERE id = 11", [.bodyMissing]),
        ("UPDATE segment SET bodies = (SELECT bodies FROM segment WHERE id = 11) WHERE id = 6", [.body]),
        (
            "UPDATE segment SET bodies = (SELECT bodies FROM segment WHERE id = 6) WHERE id = (SELECT event FROM erasure)",
            [.bodyNotErased, .body]
        ),
        (
            "UPDATE segment SET signed = NULL, signature = NULL WHERE id = (SELECT max(id) FROM segment WHERE signed IS NOT NULL)",
            [.unsigned]
        ),
        ("UPDATE segment SET signed = signed + 1 WHERE id = (SELECT max(id) FROM segment WHERE signed IS NOT NULL)", [.head]),
        // In the middle of a chain: the end vouches for its events, and the arrival log for the head.
        (
            "UPDATE segment SET signature = randomblob(64) WHERE id = (SELECT min(id) FROM segment WHERE signed IS NOT NULL)",
            [.arrival]
        ),
        (
            "UPDATE segment SET signed = NULL, signature = NULL WHERE id = (SELECT min(id) FROM segment WHERE signed IS NOT NULL)",
            [.arrival]
        ),
        ("UPDATE segment SET form = 2", [.arrival]),
        ("UPDATE receipt SET seq = seq + 1", [.receipt]),
        ("UPDATE receipt SET at = at + 1", [.receipt]),
        ("UPDATE segment SET stored = stored + 1 WHERE batch = 2", [.arrival]),
        ("UPDATE segment SET stored = NULL, chain = NULL WHERE batch = 2", [.arrival]),
        ("UPDATE segment SET stored = NULL, chain = NULL WHERE batch = (SELECT max(batch) FROM segment)", [.arrival]),
        // A commit whose end cannot be read hides neither itself nor the others.
        ("UPDATE segment SET stored = 'x' WHERE id = (SELECT max(id) FROM segment)", [.arrival]),
        ("UPDATE segment SET stored = 'x', chain = 'x'", [.arrival]),
        ("UPDATE chart SET tips = substr(tips, 1, 16) || randomblob(32) || substr(tips, 49)", [.derived]),
        ("UPDATE chart SET tips = x'00'", [.derived]),
        ("UPDATE share SET until = 1", [.derived]),
        ("DELETE FROM share", [.derived]),
        ("UPDATE projection SET digest = randomblob(32)", [.derived]),
        ("UPDATE chart SET digest = randomblob(32)", [.derived]),
    ]) func alteredRowsAreNamed(_ sql: String, _ kinds: [Finding.Kind]) async throws {
        let sample = try await Sample()
        defer { sample.remove() }
        // What is derived is not looked at by a quick check; all else is.
        for isQuick in kinds == [.derived] ? [false] : [false, true] {
            // A folder each: a process that another test begins meanwhile may hold the lock of the last one for a moment.
            let folder = try sample.copy()
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            do {
                try alter(folder, sql)
            } catch {
                // What the database itself refuses cannot happen in this way.
                #expect("\(error)".contains("constraint") && kinds.contains(.database))
                return
            }
            let report = try await verify(folder, isQuick: isQuick, oneByOne: isQuick)
            let found = Set((report.log + report.charts.flatMap(\.findings)).map(\.kind))
            #expect(!found.isDisjoint(with: kinds), "\(sql), quick \(isQuick): \(found)")
        }
    }

    /// The newest events are gone with all that the node itself knows of them; a peer has signed for one of them.
    @Test func aTruncatedTailIsNamedByReceipts() async throws {
        let sample = try await Sample()
        defer { sample.remove() }
        let folder = try sample.copy()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        try alter(
            folder,
            """
            DELETE FROM segment WHERE id = (SELECT max(id) FROM segment)
            """)
        let report = try await verify(folder)
        let missing = report.charts.flatMap(\.findings).filter { $0.kind == .missing }
        #expect(missing.contains { $0.seq != nil && $0.text.contains("signed at") }, "\(report)")
    }
}
