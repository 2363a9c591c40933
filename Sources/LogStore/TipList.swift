import EventLog
import Foundation
import GRDB

/// The last events of each origin of a chart, what peers compare, as they stand in the chart's row: for each the number of its origin and its
/// place in that sequence, eight bytes each with the highest first, and its name. A table of their own was a page more for each commit.
enum TipList {
    private static let size = 16 + EventHash.byteCount

    /// - Parameter origins: the number of the origin of each tip.
    static func bytes(of tips: [Tip], _ origins: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tips.count * size)
        for (tip, origin) in zip(tips, origins) {
            withUnsafeBytes(of: (origin.bigEndian, Int64(tip.seq).bigEndian)) { bytes.append(contentsOf: $0) }
            tip.hash.withBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// - Returns: nil where the bytes are no such list.
    static func tips(in bytes: some Collection<UInt8>, _ origin: (Int64) throws -> Origin?) rethrows -> [Tip]? {
        guard bytes.count.isMultiple(of: size) else { return nil }
        var (tips, rest): ([Tip], _) = ([], Array(bytes)[...])
        while !rest.isEmpty {
            func number(_ bytes: ArraySlice<UInt8>) -> Int64 { bytes.reduce(0) { $0 << 8 | Int64($1) } }
            let (first, seq) = (number(rest.prefix(8)), number(rest.dropFirst(8).prefix(8)))
            guard let origin = try origin(first), (1...Int64(Limits.sequence)).contains(seq),
                let hash = EventHash(bytes: rest.prefix(size).dropFirst(16))
            else { return nil }
            tips.append(Tip(origin: origin, seq: Int(seq), hash: hash))
            rest = rest.dropFirst(size)
        }
        return tips
    }

    static func tips(of chart: Int64, _ db: Database) throws -> [Tip] {
        guard let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT tips FROM chart WHERE id = ?"), arguments: [chart])
        else { throw LogStoreError(.notFound, "no such chart") }
        return try tips(row, db)
    }

    static func heads(of chart: Int64, _ db: Database) throws -> ChartHeads {
        let row = try RawStatement(cached: "SELECT hash, tips FROM chart WHERE id = ?", db)
        try row.bind(chart, at: 1)
        defer { row.reset() }
        guard try row.next(), let id = row.hash(0) else { throw LogStoreError(.notFound, "no such chart") }
        guard let tips = try row.bytes(1).flatMap({ try tips(in: $0) { try Origins.origin($0, db) } }) else { throw unreadable }
        return ChartHeads(chart: id, tips: tips)
    }

    private static func tips(_ row: Row, _ db: Database) throws -> [Tip] { try tips(row) { try Origins.origin($0, db) } }

    /// The tips of a row with `tips`, where all origins have been read.
    static func tips(_ row: Row, _ origins: [Int64: Origin]) throws -> [Tip] { try tips(row) { origins[$0] } }

    private static func tips(_ row: Row, _ origin: (Int64) throws -> Origin?) throws -> [Tip] {
        guard let bytes = row.bytes("tips"), let tips = try tips(in: bytes, origin) else { throw unreadable }
        return tips
    }

    private static var unreadable: LogStoreError {
        LogStoreError(.damaged, "the tips of a chart cannot be read; run: duolog audit verify")
    }
}

/// The numbers that stand for origins in rows.
enum Origins {
    static func origin(_ number: Int64, _ db: Database) throws -> Origin? {
        let row = try RawStatement(cached: "SELECT text FROM origin WHERE id = ?", db)
        try row.bind(number, at: 1)
        defer { row.reset() }
        return try row.next() ? row.text(0).flatMap { Origin($0) } : nil
    }

    static func number(of origin: Origin, _ db: Database) throws -> Int64? {
        let row = try RawStatement(cached: "SELECT id FROM origin WHERE text = ?", db)
        try row.bind(origin.description, at: 1)
        defer { row.reset() }
        return try row.next() ? row.number(0) : nil
    }

    /// All of them.
    static func all(_ db: Database) throws -> [Int64: Origin] {
        let rows = try Row.fetchCursor(db, sql: "SELECT id, text FROM origin")
        var origins: [Int64: Origin] = [:]
        while let row = try rows.next() {
            if let number = row.number("id"), let origin = row.text("text").flatMap({ Origin($0) }) { origins[number] = origin }
        }
        return origins
    }
}
