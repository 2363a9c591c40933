/// What stands in a line of JSON, as places in it: nothing is copied out before somebody asks for it, and most of what is read is never asked
/// for twice.
final class LineText {
    /// Text of the line, without its quotes.
    enum Text {
        case plain(start: Int, end: Int)
        /// What an escape made another: a place in ``decoded``.
        case decoded(Int)
    }

    /// A value that stands in the line.
    enum Value {
        case null
        case bool(Bool)
        case int(Int)
        case string(Text)
        case array
        case object

        /// What it is, for those who look for a fault.
        var name: String {
            switch self {
            case .null: "null"
            case .bool: "a truth value"
            case .int: "a number"
            case .string: "text"
            case .array: "a list"
            case .object: "an object"
            }
        }

        var isNull: Bool { if case .null = self { true } else { false } }
    }

    struct Entry {
        /// The place of what holds it.
        let holder: Int
        /// How many that holds before it.
        let index: Int
        /// Its key, where it is a member of an object.
        let key: Text?
        var value: Value
        /// The place in ``entries`` behind it and all that it holds.
        var next: Int
    }

    private let line: [UInt8]
    /// In the order of the line: what holds others comes right before them, and what is all of the line first.
    private let entries: [Entry]
    private let decoded: [String]
    /// The place of the last member that was asked for. The next is asked for next, nearly always: of thousands each is found at once.
    private var last = 0

    /// Reads a line that passed the grammar; nil for what is no JSON.
    convenience init?(line: [UInt8]) { self.init(line) { $0.value(at: 0, of: 0, nil, depth: 0) } }

    /// Reads what a kind says, as an object: the line behind salt and time, which no kind asks for.
    convenience init?(members body: BodyLine) { self.init(body.line) { $0.members(behind: BodyLine.headBytes) } }

    private init?(_ line: [UInt8], _ read: (inout LineReader) -> Bool) {
        let read = line.withUnsafeBufferPointer { bytes in
            var reader = LineReader(bytes: bytes)
            return read(&reader) && reader.isAtEnd ? (reader.entries, reader.decoded) : nil
        }
        guard let (entries, decoded) = read else { return nil }
        (self.line, self.entries, self.decoded) = (line, entries, decoded)
    }

    subscript(place: Int) -> Value { entries[place].value }

    func string(_ text: Text) -> String {
        switch text {
        case .plain(let start, let end): String(decoding: line[start..<end], as: UTF8.self)
        case .decoded(let index): decoded[index]
        }
    }

    /// The letters of a text where they stand.
    func withLetters<Value>(of text: Text, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        switch text {
        case .plain(let start, let end):
            line.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
        case .decoded(let index): Array(decoded[index].utf8).withUnsafeBufferPointer(body)
        }
    }

    // MARK: Members and elements

    /// The place of an object's member; nil where it has none of that name.
    func member(_ name: String, of object: Int) -> Int? {
        var name = name
        return name.withUTF8 { name in
            let isInside = last > object && last < entries[object].next && entries[last].holder == object
            let start = isInside ? last : object + 1
            let found =
                member(name, in: start..<entries[object].next) ?? (isInside ? member(name, in: (object + 1)..<start) : nil)
            if let found { last = found }
            return found
        }
    }

    private func member(_ name: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> Int? {
        var place = range.lowerBound
        while place < range.upperBound {
            if isKey(of: place, name) { return place }
            place = entries[place].next
        }
        return nil
    }

    private func isKey(of place: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        switch entries[place].key {
        case .plain(let start, let end):
            guard end - start == name.count else { return false }
            for offset in 0..<name.count where line[start + offset] != name[offset] { return false }
            return true
        case .decoded(let index): return decoded[index].utf8.elementsEqual(name)
        case nil: return false
        }
    }

    /// The places of what an object or a list holds, in the order of the line.
    func contents(of holder: Int) -> [Int] {
        var places: [Int] = []
        var place = holder + 1
        while place < entries[holder].next {
            places.append(place)
            place = entries[place].next
        }
        return places
    }

    func key(of place: Int) -> String? { entries[place].key.map { string($0) } }

    /// Where in the line something stands. Told only where something is wrong, so nothing is noted on the way.
    func path(to place: Int) -> [any CodingKey] {
        var keys: [any CodingKey] = []
        var place = place
        while place > 0 {
            keys.append(key(of: place).map { LineKey($0) } ?? LineKey(entries[place].index))
            place = entries[place].holder
        }
        return keys.reversed()
    }
}

/// A step on the way to something in a line.
struct LineKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ name: String) { (stringValue, intValue) = (name, nil) }
    init(_ index: Int) { (stringValue, intValue) = ("Index \(index)", index) }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}

/// Reads JSON without floats. Nil or false from any of its steps: it is something else.
private struct LineReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var entries: [LineText.Entry] = []
    private(set) var decoded: [String] = []
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        entries.reserveCapacity(12)
    }

    /// True where nothing but space is left.
    var isAtEnd: Bool {
        mutating get {
            passSpace()
            return position == bytes.count
        }
    }

    /// Steps over `byte` where it stands next, and over space before it: whether there may be any, the grammar has said.
    private mutating func take(_ byte: UInt8) -> Bool {
        passSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func passSpace() {
        while position < bytes.count, bytes[position] <= 0x20, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            position += 1
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count, word.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { return false }
        position += count
        return true
    }

    /// Reads a value, and what it holds.
    mutating func value(at index: Int, of holder: Int, _ key: LineText.Text?, depth: Int) -> Bool {
        passSpace()
        guard position < bytes.count, depth <= Limits.bodyDepth else { return false }
        let place = entries.count
        entries.append(LineText.Entry(holder: holder, index: index, key: key, value: .null, next: place + 1))
        switch bytes[position] {
        case UInt8(ascii: "{"):
            entries[place].value = .object
            guard object(place, depth: depth) else { return false }
            entries[place].next = entries.count
        case UInt8(ascii: "["):
            entries[place].value = .array
            guard array(place, depth: depth) else { return false }
            entries[place].next = entries.count
        case UInt8(ascii: "\""):
            guard let text = string() else { return false }
            entries[place].value = .string(text)
        case UInt8(ascii: "t"):
            guard take("true") else { return false }
            entries[place].value = .bool(true)
        case UInt8(ascii: "f"):
            guard take("false") else { return false }
            entries[place].value = .bool(false)
        case UInt8(ascii: "n"): return take("null")
        default:
            guard let int = integer() else { return false }
            entries[place].value = .int(int)
        }
        return true
    }

    /// Reads the rest of an object, whose first members were stepped over, as one that has none but these.
    mutating func members(behind start: Int) -> Bool {
        position = start
        entries.append(LineText.Entry(holder: 0, index: 0, key: nil, value: .object, next: 1))
        guard take(UInt8(ascii: ",")) ? members(0, depth: 0) : take(UInt8(ascii: "}")) else { return false }
        entries[0].next = entries.count
        return true
    }

    private mutating func object(_ place: Int, depth: Int) -> Bool {
        position += 1
        return take(UInt8(ascii: "}")) || members(place, depth: depth)
    }

    /// The members of an object, and its end.
    private mutating func members(_ place: Int, depth: Int) -> Bool {
        var index = 0
        repeat {
            guard let key = string(), take(UInt8(ascii: ":")), value(at: index, of: place, key, depth: depth + 1) else {
                return false
            }
            index += 1
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func array(_ place: Int, depth: Int) -> Bool {
        position += 1
        if take(UInt8(ascii: "]")) { return true }
        var index = 0
        repeat {
            guard value(at: index, of: place, nil, depth: depth + 1) else { return false }
            index += 1
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func integer() -> Int? {
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var (value, digits) = (0, 0)
        while position < bytes.count, (48...57).contains(bytes[position]) {
            value = value * 10 + Int(bytes[position] - 48)
            digits += 1
            guard digits <= 18 else { return nil }
            position += 1
        }
        return digits == 0 ? nil : isNegative ? -value : value
    }

    private mutating func string() -> LineText.Text? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position - 1
        var isPlain = true
        while position < bytes.count {
            position = PlainText.end(in: bytes, from: position)
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return isPlain ? .plain(start: start + 1, end: position - 1) : decode(start..<position)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            default: position += 1
            }
        }
        return nil
    }

    private mutating func decode(_ quoted: Range<Int>) -> LineText.Text? {
        guard let text = JSONText.string(bytes[quoted]) else { return nil }
        decoded.append(text)
        return .decoded(decoded.count - 1)
    }
}
