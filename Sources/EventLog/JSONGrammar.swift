/// JSON as a person or a program hands it in: the grammar of a body, with space between the tokens.
public enum JSONText {
    /// Refuses floats, duplicate keys, deep nesting, invalid UTF-8 and more than so many bytes, each with its position.
    public static func check(_ json: [UInt8], atMost limit: Int = Limits.lineBytes) throws(FormatError) {
        guard json.count <= limit else { throw FormatError(field: "body", byte: limit, reason: .lineTooLong) }
        try ByteScanner.read(json, field: "body") { scanner throws(FormatError) in
            try JSONGrammar(allowsSpace: true).checkObject(&scanner)
        }
    }

    /// The text that a string says, given with its quotes; nil for what is no string.
    public static func string(_ quoted: some Sequence<UInt8>) -> String? {
        try? ByteScanner.read(Array(quoted), field: "body") { scanner throws(FormatError) in
            String(decoding: try JSONGrammar(allowsSpace: false).onlyString(&scanner), as: UTF8.self)
        }
    }
}

/// The strict grammar of a body: JSON without spaces, floats, duplicate keys or deep nesting, in valid UTF-8.
struct JSONGrammar {
    /// Whether space may stand where JSON permits it.
    let allowsSpace: Bool

    /// Checks the rest of the object that `scanner` stands in, up to the end of the line. `known` are the keys before it.
    func checkMembers(_ scanner: inout ByteScanner, known keys: [StaticString]) throws(FormatError) {
        try members(&scanner, depth: 1, known: keys)
        try scanner.endOfLine()
    }

    /// Checks a whole object.
    func checkObject(_ scanner: inout ByteScanner) throws(FormatError) {
        try passSpace(&scanner)
        try scanner.expect(UInt8(ascii: "{"))
        try members(&scanner, depth: 1, known: [])
        try passSpace(&scanner)
        try scanner.endOfLine()
    }

    /// Reads a string, which is all there is: its value in UTF-8.
    func onlyString(_ scanner: inout ByteScanner) throws(FormatError) -> [UInt8] {
        try scanner.expect(UInt8(ascii: "\""))
        let text = try string(&scanner)
        try scanner.endOfLine()
        return text.decoded ?? scanner.copy(text.range)
    }

    /// The members that follow, up to and with the closing brace.
    private func members(_ scanner: inout ByteScanner, depth: Int, known: [StaticString]) throws(FormatError) {
        var keys = JSONKeys(known)
        var first = known.isEmpty
        try passSpace(&scanner)
        if first, scanner.take(UInt8(ascii: "}")) { return }
        while true {
            if !first {
                try passSpace(&scanner)
                if scanner.take(UInt8(ascii: "}")) { return }
                try scanner.expect(UInt8(ascii: ","))
            }
            first = false
            try passSpace(&scanner)
            let start = scanner.position
            try scanner.expect(UInt8(ascii: "\""))
            let key = try string(&scanner)
            guard keys.insert(key, in: scanner) else { throw scanner.error(.duplicateKey, at: start) }
            let end = scanner.position
            try passSpace(&scanner)
            try scanner.expect(UInt8(ascii: ":"))
            guard depth == 1 else {
                try value(&scanner, depth: depth)
                continue
            }
            let outer = scanner.field
            scanner.field = .member(start..<end)
            try value(&scanner, depth: depth)
            scanner.field = outer
        }
    }

    private func value(_ scanner: inout ByteScanner, depth: Int) throws(FormatError) {
        try passSpace(&scanner)
        switch try scanner.peek() {
        case UInt8(ascii: "{"):
            guard depth < Limits.bodyDepth else { throw scanner.error(.tooDeep) }
            try scanner.expect(UInt8(ascii: "{"))
            try members(&scanner, depth: depth + 1, known: [])
        case UInt8(ascii: "["):
            guard depth < Limits.bodyDepth else { throw scanner.error(.tooDeep) }
            try scanner.expect(UInt8(ascii: "["))
            try elements(&scanner, depth: depth + 1)
        case UInt8(ascii: "\""):
            try scanner.expect(UInt8(ascii: "\""))
            _ = try string(&scanner)
        case UInt8(ascii: "t"): try scanner.expect("true")
        case UInt8(ascii: "f"): try scanner.expect("false")
        case UInt8(ascii: "n"): try scanner.expect("null")
        default: try integer(&scanner)
        }
    }

    private func elements(_ scanner: inout ByteScanner, depth: Int) throws(FormatError) {
        try passSpace(&scanner)
        if scanner.take(UInt8(ascii: "]")) { return }
        repeat {
            try value(&scanner, depth: depth)
            try passSpace(&scanner)
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect(UInt8(ascii: "]"))
    }

    @inline(__always)
    private func passSpace(_ scanner: inout ByteScanner) throws(FormatError) {
        while scanner.isAtSpace {
            guard allowsSpace else { throw scanner.error(.space) }
            _ = try scanner.next()
        }
    }

    /// An integer of at most 18 digits, without leading zeros and never `-0`.
    private func integer(_ scanner: inout ByteScanner) throws(FormatError) {
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

    // MARK: Strings

    /// A string whose opening quote has been stepped over. Without an escape its value is the line's own bytes: no copy.
    private func string(_ scanner: inout ByteScanner) throws(FormatError) -> JSONString {
        let begin = scanner.position
        while true {
            scanner.passPlainText()
            let start = scanner.position
            switch try character(&scanner) {
            case UInt8(ascii: "\""): return JSONString(range: begin..<start, decoded: nil)
            case UInt8(ascii: "\\"):
                var value = scanner.copy(begin..<start)
                try escape(&scanner, into: &value, start: start)
                try rest(&scanner, after: &value)
                return JSONString(range: begin..<scanner.position - 1, decoded: value)
            default: continue
            }
        }
    }

    /// The rest of a string in which an escape was met.
    private func rest(_ scanner: inout ByteScanner, after value: inout [UInt8]) throws(FormatError) {
        while true {
            let start = scanner.position
            switch try character(&scanner) {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape(&scanner, into: &value, start: start)
            default: value.append(contentsOf: scanner.copy(start..<scanner.position))
            }
        }
    }

    /// Steps over a character, of one byte or of several; returns the first.
    private func character(_ scanner: inout ByteScanner) throws(FormatError) -> UInt8 {
        let start = scanner.position
        let byte = try scanner.next()
        switch byte {
        case 0..<0x20: throw scanner.error(.unexpectedByte, at: start)
        case 0x20..<0x80: return byte
        default:
            try multibyte(&scanner, first: byte, start: start)
            return byte
        }
    }

    private func escape(_ scanner: inout ByteScanner, into value: inout [UInt8], start: Int) throws(FormatError) {
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
            var code = try hex(&scanner)
            if (0xD800..<0xDC00).contains(code) {
                guard scanner.take(UInt8(ascii: "\\")), scanner.take(UInt8(ascii: "u")) else {
                    throw scanner.error(.invalidUTF8, at: start)
                }
                let low = try hex(&scanner)
                guard (0xDC00..<0xE000).contains(low) else { throw scanner.error(.invalidUTF8, at: start) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw scanner.error(.invalidUTF8, at: start) }
            value.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw scanner.error(.unexpectedByte, at: start + 1)
        }
    }

    private func hex(_ scanner: inout ByteScanner) throws(FormatError) -> UInt32 {
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
    private func multibyte(_ scanner: inout ByteScanner, first: UInt8, start: Int) throws(FormatError) {
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

/// Where a string stands in its line, without quotes, and its value where an escape makes that another.
private struct JSONString {
    let range: Range<Int>
    let decoded: [UInt8]?
}

/// The keys of one object. Few are compared one by one; somebody who sends thousands must not make that quadratic.
private struct JSONKeys {
    private static let few = 16

    private let known: [StaticString]
    /// Where they stand, as long as they are few and none has an escape.
    private var places = InlineArray<16, Range<Int>>(repeating: 0..<0)
    private var count = 0
    private var table: Set<[UInt8]> = []

    init(_ known: [StaticString]) { self.known = known }

    /// False where the key is here already.
    mutating func insert(_ key: JSONString, in scanner: borrowing ByteScanner) -> Bool {
        if let decoded = key.decoded {
            guard !known.contains(where: { $0.withUTF8Buffer { decoded.elementsEqual($0) } }) else { return false }
            return remember(decoded, in: scanner)
        }
        for name in known where scanner.isEqual(key.range, name) { return false }
        guard table.isEmpty, count < Self.few else { return remember(scanner.copy(key.range), in: scanner) }
        for index in 0..<count where scanner.isEqual(key.range, places[index]) { return false }
        places[count] = key.range
        count += 1
        return true
    }

    private mutating func remember(_ key: [UInt8], in scanner: borrowing ByteScanner) -> Bool {
        for index in 0..<count { table.insert(scanner.copy(places[index])) }
        count = 0
        return table.insert(key).inserted
    }
}
