import EventLog

/// Reads bodies as their kinds declare them. The line passed the strict grammar when its event was admitted, and is small: read once into
/// values, it takes a fifth of the time that Foundation's decoder does, and says the same of what does not fit.
struct BodyDecoder: Decoder {
    // No more than two words: what is no larger needs no room of its own where its type is not known.
    let body: BodyText
    let place: Int

    var codingPath: [any CodingKey] { body.path(to: place) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Reads a body line as `type`.
    static func decode<Value: Decodable>(_ type: Value.Type, from line: [UInt8]) throws -> Value {
        guard let body = BodyText(line: line) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "is not JSON"))
        }
        return try Value(from: BodyDecoder(body: body, place: 0))
    }

    /// Reads what the kind says in a body line, without salt and time.
    static func decode<Value: Decodable>(_ type: Value.Type, from body: BodyLine) throws -> Value {
        guard let body = BodyText(members: body) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "is not JSON"))
        }
        return try Value(from: BodyDecoder(body: body, place: 0))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object = body[place] else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(BodyMembers<Key>(body: body, place: place))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array = body[place] else { throw mismatch([Any].self) }
        return BodyElements(body: body, place: place)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    private func mismatch(_ type: any Any.Type) -> DecodingError {
        let value = body[place]
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "found \(value.name)")
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}

extension BodyDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { body[place].isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let bool) = body[place] else { throw mismatch(type) }
        return bool
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = body[place] else { throw mismatch(type) }
        return body.string(text)
    }

    // No body has a number but an integer.
    func decode(_ type: Double.Type) throws -> Double { throw mismatch(type) }
    func decode(_ type: Float.Type) throws -> Float { throw mismatch(type) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func integer<Number: FixedWidthInteger>() throws -> Number {
        guard case .int(let int) = body[place] else { throw mismatch(Number.self) }
        guard let number = Number(exactly: int) else {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(int) is out of range"))
        }
        return number
    }
}

/// The members of an object.
private struct BodyMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let body: BodyText
    let place: Int

    var codingPath: [any CodingKey] { body.path(to: place) }
    var allKeys: [Key] { body.contents(of: place).compactMap { body.key(of: $0).flatMap { Key(stringValue: $0) } } }

    func contains(_ key: Key) -> Bool { body.member(key.stringValue, of: place) != nil }
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
    func superDecoder() throws -> any Decoder { BodyDecoder(body: body, place: place) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> BodyDecoder {
        guard let member = body.member(key.stringValue, of: place) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return BodyDecoder(body: body, place: member)
    }

    /// Nil where there is nothing, and where that is said.
    private func present(_ key: Key) -> BodyDecoder? {
        guard let member = body.member(key.stringValue, of: place), !body[member].isNull else { return nil }
        return BodyDecoder(body: body, place: member)
    }
}

/// The elements of a list.
private struct BodyElements: UnkeyedDecodingContainer {
    private let body: BodyText
    private let place: Int
    private let contents: [Int]
    private(set) var currentIndex = 0

    init(body: BodyText, place: Int) {
        (self.body, self.place) = (body, place)
        contents = body.contents(of: place)
    }

    var codingPath: [any CodingKey] { body.path(to: place) }
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

    private func decoder() throws -> BodyDecoder {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any.self,
                .init(codingPath: codingPath + [BodyKey(currentIndex)], debugDescription: "the list ends before"))
        }
        return BodyDecoder(body: body, place: contents[currentIndex])
    }
}
