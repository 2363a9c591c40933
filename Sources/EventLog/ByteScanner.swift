/// Reads a line byte by byte and says where it stopped.
///
/// Everything that decides what is admitted reads through this one type: no library's leniency decides what a replica accepts.
struct ByteScanner {
    let bytes: [UInt8]
    private(set) var position: Int
    /// What an error is said to be in.
    var field: String

    init(_ bytes: [UInt8], from position: Int = 0, field: String) {
        self.bytes = bytes
        self.position = position
        self.field = field
    }

    var isAtEnd: Bool { position == bytes.count }

    func error(_ reason: FormatError.Reason, at byte: Int? = nil) -> FormatError {
        FormatError(field: field, byte: byte ?? position, reason: reason)
    }

    func peek() throws(FormatError) -> UInt8 {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[position]
    }

    mutating func next() throws(FormatError) -> UInt8 {
        let byte = try peek()
        position += 1
        return byte
    }

    /// Steps over `byte` where it stands next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ literal: StaticString) throws(FormatError) {
        for offset in 0..<literal.utf8CodeUnitCount {
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[position] == literal.utf8Start[offset] else { throw error(.unexpectedByte) }
            position += 1
        }
    }

    /// Exactly `count` bytes.
    mutating func slice(_ count: Int) throws(FormatError) -> ArraySlice<UInt8> {
        guard bytes.count - position >= count else { throw error(.unexpectedEnd, at: bytes.count) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// The bytes up to the closing quote, which is stepped over; no escapes.
    mutating func plainString(atMost limit: Int) throws(FormatError) -> ArraySlice<UInt8> {
        let start = position
        while try peek() != UInt8(ascii: "\"") {
            position += 1
            guard position - start <= limit else { throw error(.badIdentifier, at: start) }
        }
        defer { position += 1 }
        return bytes[start..<position]
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

    /// A hash in base64url.
    mutating func hash() throws(FormatError) -> EventHash {
        let start = position
        guard let hash = EventHash(text: try slice(EventHash.textCount)) else { throw error(.badIdentifier, at: start) }
        return hash
    }

    /// `["<hash>",…]`, strictly ascending.
    mutating func hashes() throws(FormatError) -> [EventHash] {
        try expect("[")
        var result: [EventHash] = []
        if take(UInt8(ascii: "]")) { return result }
        repeat {
            guard result.count < Limits.links else { throw error(.tooMany) }
            try expect("\"")
            let start = position
            let hash = try hash()
            if let last = result.last, last >= hash { throw error(.notAscending, at: start) }
            result.append(hash)
            try expect("\"")
        } while take(UInt8(ascii: ","))
        try expect("]")
        return result
    }

    /// `{"<origin>":<seq>,…}`, by strictly ascending origin.
    mutating func clock() throws(FormatError) -> VectorClock {
        try expect("{")
        var entries: [VectorClock.Entry] = []
        if take(UInt8(ascii: "}")) { return VectorClock() }
        repeat {
            guard entries.count < Limits.clockEntries else { throw error(.tooMany) }
            try expect("\"")
            let start = position
            guard let origin = Origin(text: try slice(Origin.textCount)) else { throw error(.badIdentifier, at: start) }
            if let last = entries.last, last.origin >= origin { throw error(.notAscending, at: start) }
            try expect("\":")
            entries.append(.init(origin: origin, seq: try positiveInteger(atMost: Limits.sequence)))
        } while take(UInt8(ascii: ","))
        try expect("}")
        return VectorClock(ascending: entries)
    }

    // MARK: Times

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) throws(FormatError) -> Int {
        var value = 0
        for _ in 0..<count {
            guard (48...57).contains(try peek()) else { throw error(.unexpectedByte) }
            value = value * 10 + Int(try next() - 48)
        }
        return value
    }

    /// `YYYY-MM-DD`.
    mutating func day() throws(FormatError) -> CalendarDay {
        let start = position
        let year = try digits(4)
        try expect("-")
        let month = try digits(2)
        try expect("-")
        guard let day = CalendarDay(year: year, month: month, day: try digits(2)) else {
            throw error(.badDate, at: start)
        }
        return day
    }

    private mutating func dayAndSecond() throws(FormatError) -> Int {
        let day = try day()
        try expect("T")
        let start = position
        let hour = try digits(2)
        try expect(":")
        let minute = try digits(2)
        try expect(":")
        let second = try digits(2)
        guard hour < 24, minute < 60, second < 60 else { throw error(.badDate, at: start) }
        return day.number * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    mutating func timestamp() throws(FormatError) -> Timestamp {
        let seconds = try dayAndSecond()
        try expect(".")
        let milliseconds = try digits(3)
        try expect("Z")
        return Timestamp(milliseconds: seconds * 1000 + milliseconds)
    }

    /// `YYYY-MM-DDTHH:MM:SS±HH:MM`; offsets reach from -14:00 to +14:00, and zero is `+00:00`.
    mutating func clinicalTime() throws(FormatError) -> ClinicalTime {
        let local = try dayAndSecond()
        let start = position
        let sign = try next()
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw error(.unexpectedByte, at: start) }
        let hours = try digits(2)
        try expect(":")
        let minutes = try digits(2)
        let size = hours * 60 + minutes
        guard minutes < 60, size <= 14 * 60, !(sign == UInt8(ascii: "-") && size == 0) else {
            throw error(.badDate, at: start)
        }
        let offset = sign == UInt8(ascii: "-") ? -size : size
        return ClinicalTime(instant: Timestamp(milliseconds: (local - offset * 60) * 1000), offsetMinutes: offset)
    }
}
