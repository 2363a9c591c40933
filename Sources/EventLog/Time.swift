/// A moment of a wall clock, in milliseconds since 1970-01-01T00:00:00Z. Written as `2031-01-06T14:00:00.000Z`.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Letters in the text form.
    public static let textCount = 24
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int

    /// A moment by its milliseconds since 1970.
    public init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// Reads the one permitted form; nil for any other.
    public init?(_ text: String) {
        guard let time = ByteScanner.only(text, { scanner throws(FormatError) in try scanner.timestamp() }) else { return nil }
        self = time
    }

    init?(letters: UnsafeBufferPointer<UInt8>) {
        guard let time = ByteScanner.only(letters, { scanner throws(FormatError) in try scanner.timestamp() }) else { return nil }
        self = time
    }

    /// The moment so many milliseconds later.
    public func advanced(byMilliseconds delta: Int) -> Timestamp { Timestamp(milliseconds: milliseconds + delta) }

    /// Earlier moments first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

/// When something happened for the people it happened to: local time with its offset from UTC.
///
/// Written as `2031-01-06T09:00:00-05:00`. Days are calendar days in that offset.
public struct ClinicalTime: Hashable, Sendable {
    /// The moment.
    public let instant: Timestamp
    /// Minutes east of UTC.
    public let offsetMinutes: Int

    /// A moment as read in an offset; milliseconds are cut off.
    public init(instant: Timestamp, offsetMinutes: Int) {
        self.instant = Timestamp(milliseconds: floorDivide(instant.milliseconds, 1000) * 1000)
        self.offsetMinutes = offsetMinutes
    }

    /// Reads the one permitted form; nil for any other.
    public init?(_ text: String) {
        guard let time = ByteScanner.only(text, { scanner throws(FormatError) in try scanner.clinicalTime() }) else { return nil }
        self = time
    }

    /// The calendar day in the time's own offset.
    public var day: CalendarDay { CalendarDay(number: floorDivide(localSeconds, 86_400)) }

    /// True where it can be written: the year has four digits, and the offset is one that is read.
    var hasForm: Bool { (-62_167_219_200...253_402_300_799).contains(localSeconds) && (-840...840).contains(offsetMinutes) }

    var localSeconds: Int { instant.milliseconds / 1000 + offsetMinutes * 60 }
}

extension Timestamp: CustomStringConvertible, Codable {
    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    public var description: String {
        text(write)
    }

    /// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    package func write(to output: inout ByteWriter) {
        let seconds = floorDivide(milliseconds, 1000)
        writeClock(seconds, to: &output)
        output.put(".")
        // Not what is left of a product: of a time out of a damaged row the product may be no number.
        output.put((milliseconds % 1000 + 1000) % 1000, digits: 3)
        output.put("Z")
    }

    /// Reads the one permitted form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a time (YYYY-MM-DDTHH:MM:SS.mmmZ)")
        }
        self = time
    }

    /// Writes the one permitted form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ClinicalTime: CustomStringConvertible, Codable {
    /// `YYYY-MM-DDTHH:MM:SS±HH:MM`.
    public var description: String {
        text(write)
    }

    /// Writes `YYYY-MM-DDTHH:MM:SS±HH:MM`.
    func write(to output: inout ByteWriter) {
        let size = abs(offsetMinutes)
        writeClock(localSeconds, to: &output)
        output.put(UInt8(ascii: offsetMinutes < 0 ? "-" : "+"))
        output.put(size / 60, digits: 2)
        output.put(":")
        output.put(size % 60, digits: 2)
    }

    /// Reads the one permitted form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = ClinicalTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a time with its offset (YYYY-MM-DDTHH:MM:SS+HH:MM)")
        }
        self = time
    }

    /// Writes the one permitted form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func writeClock(_ seconds: Int, to output: inout ByteWriter) {
    let day = floorDivide(seconds, 86_400)
    let second = seconds - day * 86_400
    CalendarDay(number: day).write(to: &output)
    output.put("T")
    output.put(second / 3600, digits: 2)
    output.put(":")
    output.put(second / 60 % 60, digits: 2)
    output.put(":")
    output.put(second % 60, digits: 2)
}

/// Division that rounds towards minus infinity, so that moments before 1970 fall on the right day.
func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
}
