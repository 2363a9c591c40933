import EventLog

/// What stands in a body, in the order in which it stands there.
enum BodyValue: Equatable {
    /// A member of an object.
    struct Member: Equatable {
        let key: String
        let value: BodyValue
    }

    case null
    case bool(Bool)
    case int(Int)
    case string(String)
    case array([BodyValue])
    case object([Member])

    /// Reads a line that passed the grammar of a body; nil for what is no JSON.
    init?(line: [UInt8]) {
        let value = line.withUnsafeBufferPointer { bytes in
            var reader = BodyReader(bytes: bytes)
            return reader.value(depth: 0).flatMap { reader.isAtEnd ? $0 : nil }
        }
        guard let value else { return nil }
        self = value
    }

    /// What it is, for those who look for a fault in a kind.
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
}

/// Reads JSON without spaces and floats. Nil from any of its steps: it is something else.
private struct BodyReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count, word.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) })
        else { return false }
        position += count
        return true
    }

    mutating func value(depth: Int) -> BodyValue? {
        guard position < bytes.count, depth <= Limits.bodyDepth else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return integer().map { .int($0) }
        }
    }

    private mutating func object(depth: Int) -> BodyValue? {
        position += 1
        var members: [BodyValue.Member] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        members.reserveCapacity(8)
        repeat {
            guard let key = string(), take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return nil }
            members.append(BodyValue.Member(key: key, value: value))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> BodyValue? {
        position += 1
        var values: [BodyValue] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? .array(values) : nil
    }

    private mutating func integer() -> Int? {
        let isNegative = take(UInt8(ascii: "-"))
        var (value, digits) = (0, 0)
        while position < bytes.count, (48...57).contains(bytes[position]) {
            value = value * 10 + Int(bytes[position] - 48)
            digits += 1
            guard digits <= 18 else { return nil }
            position += 1
        }
        return digits == 0 ? nil : isNegative ? -value : value
    }

    private mutating func string() -> String? {
        let start = position
        guard take(UInt8(ascii: "\"")) else { return nil }
        var isPlain = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                guard isPlain else { return JSONText.string(bytes[start..<position]) }
                return String(decoding: bytes[start + 1..<position - 1], as: UTF8.self)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            default: position += 1
            }
        }
        return nil
    }
}
