/// What stands for itself in a JSON string: printable ASCII other than a quote and a backslash. Nearly all that is written is that.
package enum PlainText {
    private static let each: UInt64 = 0x0101_0101_0101_0101
    private static let high = each &* 0x80

    /// The place of the first byte, from `start` on, that does not stand for itself; the end where all do.
    package static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = UnsafeRawBufferPointer(bytes)
        var place = start
        // Eight bytes at a time. Of the bits that are found the lowest is right; a borrow can only set others above it.
        while place + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let quotes = word ^ (each &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (each &* UInt64(UInt8(ascii: "\\")))
            let low = (word &- each &* 0x20) & ~word
            let others = (low | (quotes &- each) & ~quotes | (backslashes &- each) & ~backslashes | word) & high
            if others != 0 { return place + others.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < raw.count {
            switch raw[place] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x80...: return place
            default: place += 1
            }
        }
        return place
    }
}
