import EventLog
import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement that is bound and stepped by SQLite's own calls: for what is done once for each event, where the values that a
/// wrapper makes cost as much as the rows. All else goes through GRDB, which prepares and keeps these statements too.
struct RawStatement {
    private let statement: Statement
    private var handle: SQLiteStatement { statement.sqliteStatement }

    /// A statement that the connection keeps prepared.
    init(cached sql: String, _ db: Database) throws {
        statement = try db.cachedStatement(sql: sql)
        // Whoever used it last may have stopped on the way.
        sqlite3_reset(statement.sqliteStatement)
    }

    /// A statement that is prepared for this time only.
    init(_ sql: String, _ db: Database) throws { statement = try db.makeStatement(sql: sql) }

    // MARK: Values in, from 1

    func bind(_ value: Int64, at index: Int32) throws { try check(sqlite3_bind_int64(handle, index, value)) }

    func bind(_ text: String?, at index: Int32) throws {
        guard let text else { return try check(sqlite3_bind_null(handle, index)) }
        try check(sqlite3_bind_text(handle, index, text, -1, Self.copied))
    }

    func bind(_ bytes: some ContiguousBytes, at index: Int32) throws {
        try check(bytes.withUnsafeBytes { sqlite3_bind_blob(handle, index, $0.baseAddress, Int32($0.count), Self.copied) })
    }

    func bind(optional value: Int64?, at index: Int32) throws {
        guard let value else { return try check(sqlite3_bind_null(handle, index)) }
        try bind(value, at: index)
    }

    func bind(optional bytes: [UInt8]?, at index: Int32) throws {
        guard let bytes else { return try check(sqlite3_bind_null(handle, index)) }
        try bind(bytes, at: index)
    }

    func bind(_ hash: EventHash, at index: Int32) throws {
        try check(hash.withBytes { sqlite3_bind_blob(handle, index, $0.baseAddress, Int32($0.count), Self.copied) })
    }

    /// What stays where it is until the statement has run is not copied.
    func bind(borrowed bytes: UnsafeRawBufferPointer, at index: Int32) throws {
        try check(sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(bytes.count), nil))
    }

    // MARK: Running

    /// Runs a statement that gives no rows.
    func run() throws {
        defer { sqlite3_reset(handle) }
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE else { throw error(code) }
    }

    /// Steps to the next row; false after the last one.
    func next() throws -> Bool {
        let code = sqlite3_step(handle)
        guard code != SQLITE_ROW else { return true }
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw error(code) }
        return false
    }

    /// What `read` makes of each row that is left.
    func all<Value>(_ read: (RawStatement) -> Value) throws -> [Value] {
        var values: [Value] = []
        while try next() { values.append(read(self)) }
        return values
    }

    /// Ends the reading before the last row.
    func reset() { sqlite3_reset(handle) }

    // MARK: Columns out, from 0. They may hold anything: a damaged file must be told of, not trapped on.

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func number(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_INTEGER ? sqlite3_column_int64(handle, column) : nil
    }

    func text(_ column: Int32) -> String? {
        guard sqlite3_column_type(handle, column) == SQLITE_TEXT, let letters = sqlite3_column_text(handle, column) else {
            return nil
        }
        return String(decoding: UnsafeBufferPointer(start: letters, count: length(column)), as: UTF8.self)
    }

    /// Text with the same bytes is not what was stored.
    func bytes(_ column: Int32) -> [UInt8]? { blob(column).map { [UInt8]($0) } }

    /// Appends the bytes, and says where they stand then.
    func append(_ column: Int32, to bytes: inout [UInt8]) -> Range<Int>? {
        guard let blob = blob(column) else { return nil }
        let start = bytes.count
        bytes.append(contentsOf: blob)
        return start..<bytes.count
    }

    func hash(_ column: Int32) -> EventHash? { blob(column).flatMap { EventHash(bytes: $0) } }

    /// Valid until the next step.
    func blob(_ column: Int32) -> UnsafeBufferPointer<UInt8>? {
        guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { return nil }
        let start = sqlite3_column_blob(handle, column)?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: length(column))
    }

    private func length(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

    // MARK: Errors

    /// SQLite makes a copy of what is bound.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func check(_ code: Int32) throws { guard code == SQLITE_OK else { throw error(code) } }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(sqlite3_db_handle(handle))),
            sql: sqlite3_sql(handle).map { String(cString: $0) })
    }
}
