/// Reads a line byte by byte and says where it stopped.
///
/// Everything that decides what is admitted reads through this one type: no library's leniency decides what a replica accepts. It looks at
/// the line where it lies: a scanner is lent for as long as ``read(_:field:_:)`` lasts and cannot be kept beyond that, and each look is held
/// against the end of the line.
struct ByteScanner: ~Copyable {
    /// What an error is said to be in.
    enum Field {
        case fixed(StaticString)
        /// What a member of the body is called: its key with quotes.
        case member(Range<Int>)
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0
    var field: Field

    private init(_ bytes: UnsafeBufferPointer<UInt8>, _ field: StaticString) {
        self.bytes = bytes
        self.field = .fixed(field)
    }

    /// Lends a scanner that stands at the beginning of `line`.
    static func read<Value>(
        _ line: [UInt8], field: StaticString, _ body: (inout ByteScanner) throws(FormatError) -> Value
    ) throws(FormatError) -> Value {
        try line.withUnsafeBufferPointer { bytes throws(FormatError) in
            var scanner = ByteScanner(bytes, field)
            return try body(&scanner)
        }
    }

    /// What `body` reads, where that is all of `text`.
    static func only<Value>(_ text: String, _ body: (inout ByteScanner) throws(FormatError) -> Value) -> Value? {
        var text = text
        return text.withUTF8 { only($0, body) }
    }

    /// What `body` reads, where that is all of `letters`.
    static func only<Value>(
        _ letters: UnsafeBufferPointer<UInt8>, _ body: (inout ByteScanner) throws(FormatError) -> Value
    ) -> Value? {
        var scanner = ByteScanner(letters, "text")
        guard let value = try? body(&scanner), scanner.isAtEnd else { return nil }
        return value
    }

    var isAtEnd: Bool { position == bytes.count }

    func error(_ reason: FormatError.Reason, at byte: Int? = nil) -> FormatError {
        FormatError(field: name, byte: byte ?? position, reason: reason)
    }

    /// An error names a member only by what looks like a name: it ends up in a log, and others write the keys.
    private var name: String {
        switch field {
        case .fixed(let name): return name.description
        case .member(let key):
            let text = JSONText.string(bytes[key]) ?? ""
            let isName =
                (1...Limits.nameBytes).contains(text.utf8.count)
                && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
            return isName ? text : "body"
        }
    }

    // MARK: Bytes

    func peek() throws(FormatError) -> UInt8 {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[position]
    }

    mutating func next() throws(FormatError) -> UInt8 {
        let byte = try peek()
        position += 1
        return byte
    }

    /// True where `byte` stands next.
    @inline(__always)
    func isNext(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    /// Steps over `byte` where it stands next.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard isNext(byte) else { return false }
        position += 1
        return true
    }

    // These are inlined, so that a literal is compared as the few words that it is, and what follows from an error stands outside.
    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(FormatError) {
        guard take(byte) else { throw otherByte() }
    }

    @inline(__always)
    mutating func expect(_ literal: StaticString) throws(FormatError) {
        let count = literal.utf8CodeUnitCount
        // Whole, where all of it can be there; one by one to say which byte is another.
        if bytes.count - position >= count, isEqual(literal, at: position) {
            position += count
            return
        }
        for offset in 0..<count { try expect(literal.utf8Start[offset]) }
    }

    @inline(never)
    private func otherByte() -> FormatError { error(isAtEnd ? .unexpectedEnd : .unexpectedByte) }

    /// True where space stands next that JSON has between tokens.
    @inline(__always)
    var isAtSpace: Bool {
        guard position < bytes.count, bytes[position] <= 0x20 else { return false }
        return [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position])
    }

    /// Steps over what stands for itself in a string: printable ASCII other than a quote and a backslash.
    mutating func passPlainText() { position = PlainText.end(in: bytes, from: position) }

    /// Steps over the beginning of a line that was put together just now.
    mutating func pass(_ count: Int) { position = min(position + count, bytes.count) }

    /// The bytes of one part of the line, which were stepped over.
    func copy(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

    /// True where two parts of the line, which were stepped over, are the same.
    func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count && bytes[left].elementsEqual(bytes[right])
    }

    /// True where a part of the line, which was stepped over, is `literal`.
    func isEqual(_ range: Range<Int>, _ literal: StaticString) -> Bool {
        range.count == literal.utf8CodeUnitCount && isEqual(literal, at: range.lowerBound)
    }

    /// The line is long enough: the caller has seen to that.
    @inline(__always)
    private func isEqual(_ literal: StaticString, at start: Int) -> Bool {
        let (count, text) = (literal.utf8CodeUnitCount, UnsafeRawPointer(literal.utf8Start))
        guard let line = bytes.baseAddress.map({ UnsafeRawPointer($0 + start) }) else { return count == 0 }
        var offset = 0
        while offset + 8 <= count {
            let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard line.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == word else { return false }
            offset += 8
        }
        while offset < count {
            guard line.load(fromByteOffset: offset, as: UInt8.self) == text.load(fromByteOffset: offset, as: UInt8.self) else {
                return false
            }
            offset += 1
        }
        return true
    }

    /// Steps over exactly `count` bytes.
    private mutating func letters(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
        guard bytes.count - position >= count else { throw error(.unexpectedEnd, at: bytes.count) }
        defer { position += count }
        return UnsafeBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// Steps over the bytes up to the closing quote, and over that; no escapes.
    private mutating func plainString(atMost limit: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
        let start = position
        while try peek() != UInt8(ascii: "\"") {
            position += 1
            guard position - start <= limit else { throw error(.badIdentifier, at: start) }
        }
        defer { position += 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<position])
    }

    mutating func endOfLine() throws(FormatError) {
        guard isAtEnd else { throw error(.trailingBytes) }
    }

    /// A number without sign or leading zero, from 1 to `limit`.
    mutating func positiveInteger(atMost limit: Int) throws(FormatError) -> Int {
        let start = position
        var value = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            value = value * 10 + Int(bytes[position] - 48)
            guard value > 0, value <= limit else { throw error(.numberOutOfRange, at: start) }
            position += 1
        }
        guard position > start else {
            throw isAtEnd ? error(.unexpectedEnd) : error(.unexpectedByte)
        }
        return value
    }

    // MARK: Names

    /// A hash in base64url.
    mutating func hash() throws(FormatError) -> EventHash {
        let start = position
        guard let hash = EventHash(letters: try letters(EventHash.textCount)) else { throw error(.badIdentifier, at: start) }
        return hash
    }

    /// So many letters of base64url that are the canonical form of some bytes.
    mutating func base64URL(letters count: Int) throws(FormatError) {
        let start = position
        guard Base64URL.isCanonical(try letters(count)) else { throw error(.badIdentifier, at: start) }
    }

    mutating func origin() throws(FormatError) -> Origin {
        let start = position
        guard let origin = Origin(letters: try letters(Origin.textCount)) else { throw error(.badIdentifier, at: start) }
        return origin
    }

    /// An author, and the closing quote.
    mutating func author() throws(FormatError) -> AuthorID {
        let start = position
        guard let author = AuthorID(letters: try plainString(atMost: Limits.nameBytes)) else {
            throw error(.badIdentifier, at: start)
        }
        return author
    }

    /// A kind, and the closing quote.
    mutating func kind() throws(FormatError) -> Kind {
        let start = position
        guard let kind = Kind(letters: try plainString(atMost: Limits.nameBytes)) else { throw error(.badIdentifier, at: start) }
        return kind
    }

    /// `["<hash>",…]`, strictly ascending.
    mutating func hashes() throws(FormatError) -> [EventHash] {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return [] }
        var result: [EventHash] = []
        repeat {
            guard result.count < Limits.links else { throw error(.tooMany) }
            try expect(UInt8(ascii: "\""))
            let start = position
            let hash = try hash()
            if let last = result.last, last >= hash { throw error(.notAscending, at: start) }
            result.append(hash)
            try expect(UInt8(ascii: "\""))
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return result
    }

    /// `{"<origin>":<seq>,…}`, by strictly ascending origin.
    mutating func clock() throws(FormatError) -> VectorClock {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return VectorClock() }
        var entries: [VectorClock.Entry] = []
        repeat {
            guard entries.count < Limits.clockEntries else { throw error(.tooMany) }
            try expect(UInt8(ascii: "\""))
            let start = position
            let origin = try origin()
            if let last = entries.last, last.origin >= origin { throw error(.notAscending, at: start) }
            try expect("\":")
            entries.append(.init(origin: origin, seq: try positiveInteger(atMost: Limits.sequence)))
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        return VectorClock(ascending: entries)
    }

    // MARK: Times

    /// Exactly `count` digits.
    @inline(__always)
    mutating func digits(_ count: Int) throws(FormatError) -> Int {
        var value = 0
        for _ in 0..<count {
            let digit = try peek() &- 48
            guard digit < 10 else { throw error(.unexpectedByte) }
            value = value * 10 + Int(digit)
            position += 1
        }
        return value
    }

    /// `YYYY-MM-DD`.
    mutating func day() throws(FormatError) -> CalendarDay {
        let start = position
        let year = try digits(4)
        try expect(UInt8(ascii: "-"))
        let month = try digits(2)
        try expect(UInt8(ascii: "-"))
        guard let day = CalendarDay(year: year, month: month, day: try digits(2)) else {
            throw error(.badDate, at: start)
        }
        return day
    }

    private mutating func dayAndSecond() throws(FormatError) -> Int {
        let day = try day()
        try expect(UInt8(ascii: "T"))
        let start = position
        let hour = try digits(2)
        try expect(UInt8(ascii: ":"))
        let minute = try digits(2)
        try expect(UInt8(ascii: ":"))
        let second = try digits(2)
        guard hour < 24, minute < 60, second < 60 else { throw error(.badDate, at: start) }
        return day.number * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    mutating func timestamp() throws(FormatError) -> Timestamp {
        let seconds = try dayAndSecond()
        try expect(UInt8(ascii: "."))
        let milliseconds = try digits(3)
        try expect(UInt8(ascii: "Z"))
        return Timestamp(milliseconds: seconds * 1000 + milliseconds)
    }

    /// `YYYY-MM-DDTHH:MM:SS±HH:MM`; offsets reach from -14:00 to +14:00, and zero is `+00:00`.
    mutating func clinicalTime() throws(FormatError) -> ClinicalTime {
        let local = try dayAndSecond()
        let start = position
        let sign = try next()
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw error(.unexpectedByte, at: start) }
        let hours = try digits(2)
        try expect(UInt8(ascii: ":"))
        let minutes = try digits(2)
        let size = hours * 60 + minutes
        guard minutes < 60, size <= 14 * 60, !(sign == UInt8(ascii: "-") && size == 0) else {
            throw error(.badDate, at: start)
        }
        let offset = sign == UInt8(ascii: "-") ? -size : size
        return ClinicalTime(instant: Timestamp(milliseconds: (local - offset * 60) * 1000), offsetMinutes: offset)
    }
}
