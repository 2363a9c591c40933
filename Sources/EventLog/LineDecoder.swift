/// Reads lines of JSON as types declare them: bodies, and what peers say. The line passed the strict grammar before, and is small: read once
/// into values, it takes a fifth of the time that Foundation's decoder does, and says the same of what does not fit.
package struct LineDecoder: Decoder {
    // No more than two words: what is no larger needs no room of its own where its type is not known.
    let line: LineText
    let place: Int

    package var codingPath: [any CodingKey] { line.path(to: place) }
    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Reads a line, which passed ``JSONText/check(_:atMost:)``, as `type`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from line: [UInt8]) throws -> Value {
        guard let line = LineText(line: line) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "is not JSON"))
        }
        return try Value(from: LineDecoder(line: line, place: 0))
    }

    /// Reads what the kind says in a body line, without salt and time.
    package static func decode<Value: Decodable>(_ type: Value.Type, from body: BodyLine) throws -> Value {
        guard let line = LineText(members: body) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "is not JSON"))
        }
        return try Value(from: LineDecoder(line: line, place: 0))
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object = line[place] else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(LineMembers<Key>(line: line, place: place))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array = line[place] else { throw mismatch([Any].self) }
        return LineElements(line: line, place: place)
    }

    package func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    private func mismatch(_ type: any Any.Type) -> DecodingError {
        let value = line[place]
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "found \(value.name)")
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}

extension LineDecoder: SingleValueDecodingContainer {
    package func decodeNil() -> Bool { line[place].isNull }

    package func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let bool) = line[place] else { throw mismatch(type) }
        return bool
    }

    package func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = line[place] else { throw mismatch(type) }
        return line.string(text)
    }

    // No line has a number but an integer.
    package func decode(_ type: Double.Type) throws -> Double { throw mismatch(type) }
    package func decode(_ type: Float.Type) throws -> Float { throw mismatch(type) }
    package func decode(_ type: Int.Type) throws -> Int { try integer() }
    package func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    package func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    package func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    package func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    package func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    package func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    package func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    package func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    package func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func integer<Number: FixedWidthInteger>() throws -> Number {
        guard case .int(let int) = line[place] else { throw mismatch(Number.self) }
        guard let number = Number(exactly: int) else {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(int) is out of range"))
        }
        return number
    }
}

/// The members of an object.
private struct LineMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let line: LineText
    let place: Int

    var codingPath: [any CodingKey] { line.path(to: place) }
    var allKeys: [Key] { line.contents(of: place).compactMap { line.key(of: $0).flatMap { Key(stringValue: $0) } } }

    func contains(_ key: Key) -> Bool { line.member(key.stringValue, of: place) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try Value(from: decoder(key)) }

    // Looked for once, not three times.
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key)?.decode(type) }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key).map { try Value(from: $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try decoder(key).unkeyedContainer() }
    func superDecoder() throws -> any Decoder { LineDecoder(line: line, place: place) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> LineDecoder {
        guard let member = line.member(key.stringValue, of: place) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return LineDecoder(line: line, place: member)
    }

    /// Nil where there is nothing, and where that is said.
    private func present(_ key: Key) -> LineDecoder? {
        guard let member = line.member(key.stringValue, of: place), !line[member].isNull else { return nil }
        return LineDecoder(line: line, place: member)
    }
}

/// The elements of a list.
private struct LineElements: UnkeyedDecodingContainer {
    private let line: LineText
    private let place: Int
    private let contents: [Int]
    private(set) var currentIndex = 0

    init(line: LineText, place: Int) {
        (self.line, self.place) = (line, place)
        contents = line.contents(of: place)
    }

    var codingPath: [any CodingKey] { line.path(to: place) }
    var count: Int? { contents.count }
    var isAtEnd: Bool { currentIndex == contents.count }

    mutating func decodeNil() throws -> Bool {
        guard try decoder().decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try Value(from: decoder())
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        let container = try decoder().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try decoder()
        currentIndex += 1
        return decoder
    }

    private func decoder() throws -> LineDecoder {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any.self,
                .init(codingPath: codingPath + [LineKey(currentIndex)], debugDescription: "the list ends before"))
        }
        return LineDecoder(line: line, place: contents[currentIndex])
    }
}
