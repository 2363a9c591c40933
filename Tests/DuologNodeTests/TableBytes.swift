import Foundation
import GRDB

/// Which bytes of a database file lie in the rows of a table: its leaf cells and their overflow pages, by SQLite's file format.
struct TableBytes {
    private let file: [UInt8]
    private let pageSize: Int
    /// Offsets in the file.
    private(set) var offsets: [Int] = []

    init(_ tables: [String], in path: String) throws {
        let roots = try DatabaseQueue(path: path).read { db in
            try Int.fetchAll(
                db,
                sql:
                    "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name IN (\(tables.map { "'\($0)'" }.joined(separator: ",")))"
            )
        }
        file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        pageSize = Int(file[16]) << 8 | Int(file[17])
        for root in roots { walk(root) }
    }

    private func number(_ offset: Int, _ bytes: Int) -> Int { file[offset..<offset + bytes].reduce(0) { $0 << 8 | Int($1) } }

    private func varint(_ offset: inout Int) -> Int {
        var value = 0
        for index in 0..<9 {
            let byte = file[offset]
            offset += 1
            if index == 8 { return value << 8 | Int(byte) }
            value = value << 7 | Int(byte & 0x7F)
            if byte < 0x80 { break }
        }
        return value
    }

    private mutating func walk(_ page: Int) {
        let start = (page - 1) * pageSize
        let header = page == 1 ? start + 100 : start
        let isLeaf = file[header] == 0x0D
        let count = number(header + 3, 2)
        let pointers = header + (isLeaf ? 8 : 12)
        for cell in 0..<count {
            let offset = start + number(pointers + cell * 2, 2)
            if isLeaf { take(cellAt: offset) } else { walk(number(offset, 4)) }
        }
        if !isLeaf { walk(number(header + 8, 4)) }
    }

    private mutating func take(cellAt start: Int) {
        var offset = start
        let size = varint(&offset)
        _ = varint(&offset)
        let usable = pageSize - Int(file[20])
        var local = size
        if size > usable - 35 {
            let least = (usable - 12) * 32 / 255 - 23
            let some = least + (size - least) % (usable - 4)
            local = some <= usable - 35 ? some : least
        }
        offsets += start..<offset + local
        guard local < size else { return }
        var (left, next) = (size - local, number(offset + local, 4))
        while left > 0, next != 0 {
            let page = (next - 1) * pageSize
            let here = min(left, usable - 4)
            offsets += page + 4..<page + 4 + here
            left -= here
            next = number(page, 4)
        }
    }
}
