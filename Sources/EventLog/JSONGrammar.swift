/// JSON as a person or a program hands it in: the grammar of a body, with space between the tokens.
public enum JSONText {
    /// Refuses floats, duplicate keys, deep nesting and invalid UTF-8, each with its position.
    public static func check(_ json: [UInt8]) throws(FormatError) {
        guard json.count <= Limits.lineBytes else {
            throw FormatError(field: "body", byte: Limits.lineBytes, reason: .lineTooLong)
        }
        try JSONGrammar.checkObject(ByteScanner(json, field: "body"))
    }

    /// The text that a string says, given with its quotes; nil for what is no string.
    public static func string(_ quoted: some Sequence<UInt8>) -> String? {
        try? JSONGrammar.string(ByteScanner(Array(quoted), field: "body"))
    }
}

/// The strict grammar of a body: JSON without spaces, floats, duplicate keys or deep nesting, in valid UTF-8.
struct JSONGrammar {
    private var scanner: ByteScanner
    private let allowsSpace: Bool

    /// Checks the rest of the object that `scanner` stands in, up to the end of the line.
    static func checkMembers(_ scanner: ByteScanner, known keys: [StaticString]) throws(FormatError) {
        var grammar = JSONGrammar(scanner: scanner, allowsSpace: false)
        try grammar.members(depth: 1, seen: keys)
        try grammar.scanner.endOfLine()
    }

    /// Checks a whole object, with space where JSON permits it.
    static func checkObject(_ scanner: ByteScanner) throws(FormatError) {
        var grammar = JSONGrammar(scanner: scanner, allowsSpace: true)
        try grammar.passSpace()
        try grammar.scanner.expect("{")
        try grammar.members(depth: 1, seen: [])
        try grammar.passSpace()
        try grammar.scanner.endOfLine()
    }

    /// Reads a string, which is all there is.
    static func string(_ scanner: ByteScanner) throws(FormatError) -> String {
        var grammar = JSONGrammar(scanner: scanner, allowsSpace: false)
        try grammar.scanner.expect("\"")
        let text = try grammar.string()
        try grammar.scanner.endOfLine()
        return String(decoding: text, as: UTF8.self)
    }

    private init(scanner: ByteScanner, allowsSpace: Bool) {
        self.scanner = scanner
        self.allowsSpace = allowsSpace
    }

    /// The members that follow, up to and with the closing brace. `seen` holds the keys before them.
    private mutating func members(depth: Int, seen: [StaticString]) throws(FormatError) {
        var keys = JSONKeys(seen)
        var first = seen.isEmpty
        try passSpace()
        if first, scanner.take(UInt8(ascii: "}")) { return }
        while true {
            if !first {
                try passSpace()
                if scanner.take(UInt8(ascii: "}")) { return }
                try scanner.expect(",")
            }
            first = false
            try passSpace()
            let start = scanner.position
            try scanner.expect("\"")
            let key = try string()
            guard keys.insert(key) else { throw scanner.error(.duplicateKey, at: start) }
            try passSpace()
            try scanner.expect(":")
            let outer = scanner.field
            if depth == 1, Self.isName(key) { scanner.field = String(decoding: key, as: UTF8.self) }
            try value(depth: depth)
            scanner.field = outer
        }
    }

    /// An error names a member only by what looks like a name: it ends up in a log, and others write the keys.
    private static func isName(_ key: ArraySlice<UInt8>) -> Bool {
        (1...Limits.nameBytes).contains(key.count)
            && key.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private mutating func value(depth: Int) throws(FormatError) {
        try passSpace()
        switch try scanner.peek() {
        case UInt8(ascii: "{"):
            guard depth < Limits.bodyDepth else { throw scanner.error(.tooDeep) }
            try scanner.expect("{")
            try members(depth: depth + 1, seen: [])
        case UInt8(ascii: "["):
            guard depth < Limits.bodyDepth else { throw scanner.error(.tooDeep) }
            try scanner.expect("[")
            try elements(depth: depth + 1)
        case UInt8(ascii: "\""):
            try scanner.expect("\"")
            _ = try string()
        case UInt8(ascii: "t"): try scanner.expect("true")
        case UInt8(ascii: "f"): try scanner.expect("false")
        case UInt8(ascii: "n"): try scanner.expect("null")
        default: try integer()
        }
    }

    private mutating func elements(depth: Int) throws(FormatError) {
        try passSpace()
        if scanner.take(UInt8(ascii: "]")) { return }
        repeat {
            try value(depth: depth)
            try passSpace()
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect("]")
    }

    private mutating func passSpace() throws(FormatError) {
        while !scanner.isAtEnd {
            switch try scanner.peek() {
            case 0x20, 0x09, 0x0A, 0x0D: break
            default: return
            }
            guard allowsSpace else { throw scanner.error(.space) }
            _ = try scanner.next()
        }
    }

    /// An integer of at most 18 digits, without leading zeros and never `-0`.
    private mutating func integer() throws(FormatError) {
        let start = scanner.position
        let negative = scanner.take(UInt8(ascii: "-"))
        let firstDigit = try scanner.peek()
        var count = 0
        while !scanner.isAtEnd, (48...57).contains(try scanner.peek()) {
            _ = try scanner.next()
            count += 1
        }
        guard count > 0 else { throw scanner.error(.unexpectedByte) }
        if !scanner.isAtEnd {
            switch try scanner.peek() {
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw scanner.error(.float, at: start)
            default: break
            }
        }
        let zero = firstDigit == UInt8(ascii: "0")
        guard count <= 18, !(zero && (count > 1 || negative)) else { throw scanner.error(.numberOutOfRange, at: start) }
    }

    /// A string whose opening quote has been read; returns its value in UTF-8. Without an escape it is the line's own bytes: no copy.
    private mutating func string() throws(FormatError) -> ArraySlice<UInt8> {
        let begin = scanner.position
        while true {
            let start = scanner.position
            switch try character() {
            case UInt8(ascii: "\""): return scanner.bytes[begin..<start]
            case UInt8(ascii: "\\"):
                var value = Array(scanner.bytes[begin..<start])
                try escape(into: &value, start: start)
                return try string(after: value)
            default: continue
            }
        }
    }

    /// The rest of a string in which an escape was met.
    private mutating func string(after beginning: [UInt8]) throws(FormatError) -> ArraySlice<UInt8> {
        var value = beginning
        while true {
            let start = scanner.position
            switch try character() {
            case UInt8(ascii: "\""): return value[...]
            case UInt8(ascii: "\\"): try escape(into: &value, start: start)
            default: value.append(contentsOf: scanner.bytes[start..<scanner.position])
            }
        }
    }

    /// Steps over a character, of one byte or of several; returns the first.
    private mutating func character() throws(FormatError) -> UInt8 {
        let start = scanner.position
        let byte = try scanner.next()
        switch byte {
        case 0..<0x20: throw scanner.error(.unexpectedByte, at: start)
        case 0x20..<0x80: return byte
        default:
            try multibyte(first: byte, start: start)
            return byte
        }
    }

    private mutating func escape(into value: inout [UInt8], start: Int) throws(FormatError) {
        switch try scanner.next() {
        case UInt8(ascii: "\""): value.append(0x22)
        case UInt8(ascii: "\\"): value.append(0x5C)
        case UInt8(ascii: "/"): value.append(0x2F)
        case UInt8(ascii: "b"): value.append(0x08)
        case UInt8(ascii: "f"): value.append(0x0C)
        case UInt8(ascii: "n"): value.append(0x0A)
        case UInt8(ascii: "r"): value.append(0x0D)
        case UInt8(ascii: "t"): value.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex()
            if (0xD800..<0xDC00).contains(code) {
                guard scanner.take(UInt8(ascii: "\\")), scanner.take(UInt8(ascii: "u")) else {
                    throw scanner.error(.invalidUTF8, at: start)
                }
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw scanner.error(.invalidUTF8, at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw scanner.error(.invalidUTF8, at: start) }
            value.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw scanner.error(.unexpectedByte, at: start + 1)
        }
    }

    private mutating func hex() throws(FormatError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let at = scanner.position
            guard let digit = Character(Unicode.Scalar(try scanner.next())).hexDigitValue else {
                throw scanner.error(.unexpectedByte, at: at)
            }
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    /// A character of two to four bytes: no overlong forms, no surrogates, nothing above U+10FFFF.
    private mutating func multibyte(first: UInt8, start: Int) throws(FormatError) {
        let (count, low, high): (Int, UInt8, UInt8)
        switch first {
        case 0xC2...0xDF: (count, low, high) = (1, 0x80, 0xBF)
        case 0xE0: (count, low, high) = (2, 0xA0, 0xBF)
        case 0xED: (count, low, high) = (2, 0x80, 0x9F)
        case 0xE1...0xEF: (count, low, high) = (2, 0x80, 0xBF)
        case 0xF0: (count, low, high) = (3, 0x90, 0xBF)
        case 0xF1...0xF3: (count, low, high) = (3, 0x80, 0xBF)
        case 0xF4: (count, low, high) = (3, 0x80, 0x8F)
        default: throw scanner.error(.invalidUTF8, at: start)
        }
        for index in 0..<count {
            let byte = try scanner.next()
            let range = index == 0 ? low...high : 0x80...0xBF
            guard range.contains(byte) else { throw scanner.error(.invalidUTF8, at: start) }
        }
    }
}

/// The keys of one object. Few are compared one by one; somebody who sends thousands must not make that quadratic.
private struct JSONKeys {
    private static let few = 16

    private let known: [StaticString]
    private var list: [ArraySlice<UInt8>] = []
    private var table: Set<ArraySlice<UInt8>> = []

    init(_ known: [StaticString]) { self.known = known }

    /// False where the key is here already.
    mutating func insert(_ key: ArraySlice<UInt8>) -> Bool {
        guard !known.contains(where: { $0.withUTF8Buffer { key.elementsEqual($0) } }) else { return false }
        guard table.isEmpty else { return table.insert(key).inserted }
        guard !list.contains(key) else { return false }
        list.append(key)
        if list.count > Self.few { table = Set(list) }
        return true
    }
}
