/// Swift source in which comments and the text of string literals are blanked, so that a search finds code only. Offsets and
/// lines stay. What is interpolated into a string is code, and stays too.
struct MaskedSource {
    private(set) var bytes: [UInt8]
    private let source: [UInt8]
    private var index = 0

    init(_ text: String) {
        source = Array(text.utf8)
        bytes = source
        maskCode(untilParenthesis: false)
    }

    /// The lines, numbered from 1.
    var lines: [(number: Int, text: String)] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, String(decoding: $0.element, as: UTF8.self)) }
    }

    /// The line of an offset.
    func line(of offset: Int) -> Int { bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1 }

    /// Where any of `words` stands by itself, ascending: where a word begins or ends like a name, no name goes on.
    func occurrences(of words: [String]) -> [(word: String, offset: Int)] {
        var byFirst: [[(text: String, bytes: [UInt8])]] = Array(repeating: [], count: 256)
        for word in words { word.utf8.first.map { byFirst[Int($0)].append((word, Array(word.utf8))) } }
        var found: [(word: String, offset: Int)] = []
        for start in bytes.indices {
            for word in byFirst[Int(bytes[start])] where bytes[start...].starts(with: word.bytes) {
                let end = start + word.bytes.count
                let goesOnBefore = start > 0 && Self.isName(word.bytes[0]) && Self.isName(bytes[start - 1])
                let goesOnAfter = end < bytes.count && Self.isName(bytes[end - 1]) && Self.isName(bytes[end])
                if !goesOnBefore && !goesOnAfter { found.append((word.text, start)) }
            }
        }
        return found
    }

    /// True for a byte of a name.
    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }

    // MARK: Masking

    private mutating func maskCode(untilParenthesis: Bool) {
        var depth = 0
        while index < source.count {
            switch source[index] {
            case UInt8(ascii: "/") where starts("//"):
                while index < source.count, source[index] != UInt8(ascii: "\n") { blank(count: 1) }
            case UInt8(ascii: "/") where starts("/*"): maskBlockComment()
            case UInt8(ascii: "\""), UInt8(ascii: "#"): maskLiteral()
            case UInt8(ascii: "("):
                depth += 1
                index += 1
            case UInt8(ascii: ")"):
                depth -= 1
                index += 1
                if untilParenthesis, depth == 0 { return }
            default: index += 1
            }
        }
    }

    private mutating func maskBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(count: 2)
            } else if starts("*/") {
                depth -= 1
                blank(count: 2)
            } else {
                blank(count: 1)
            }
        } while depth > 0 && index < source.count
    }

    /// A string literal with any number of `#`, in one line or in three quotes. A `#` that begins something else is passed over.
    private mutating func maskLiteral() {
        let hashes = source[index...].prefix { $0 == UInt8(ascii: "#") }.count
        let pounds = String(repeating: "#", count: hashes)
        guard starts(pounds + "\"") else {
            index += hashes
            return
        }
        let quotes = starts(pounds + "\"\"\"") ? "\"\"\"" : "\""
        index += hashes + quotes.utf8.count
        while index < source.count {
            if starts(quotes + pounds) {
                index += quotes.utf8.count + hashes
                return
            }
            if starts("\\" + pounds + "(") {
                blank(count: 1 + hashes)
                maskCode(untilParenthesis: true)
            } else if starts("\\" + pounds) {
                blank(count: 2 + hashes)
            } else {
                if quotes == "\"", source[index] == UInt8(ascii: "\n") { return }
                blank(count: 1)
            }
        }
    }

    private func starts(_ text: String) -> Bool { source[index...].starts(with: text.utf8) }

    private mutating func blank(count: Int) {
        for place in index..<min(index + count, source.count) where source[place] != UInt8(ascii: "\n") {
            bytes[place] = UInt8(ascii: " ")
        }
        index = min(index + count, source.count)
    }
}
