public import FoundationEssentials

/// A JSON value as FHIR uses it. Numbers keep their decimal value: nothing passes through a binary float.
public enum FHIRValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A decimal number.
    case number(Decimal)
    /// A string.
    case string(String)
    /// A list.
    case array([FHIRValue])
    /// An object.
    case object([String: FHIRValue])

    /// Reads one JSON document.
    ///
    /// - Throws: `DecodingError` where the bytes are no JSON.
    public init(json: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(FHIRValue.self, from: Data(json))
    }

    /// The document: members sorted, so that equal values are equal bytes.
    public func json(pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }

    /// A member of an object; nil where it is missing, or where this is no object.
    public subscript(name: String) -> FHIRValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text of a string that says something.
    public var text: String? {
        guard case .string(let text) = self, text.contains(where: { !$0.isWhitespace }) else { return nil }
        return text
    }

    /// The number.
    public var decimal: Decimal? { if case .number(let number) = self { number } else { nil } }

    /// The number, where it is whole and of a reasonable size.
    public var whole: Int? {
        guard let decimal, abs(decimal) < 1_000_000_000 else { return nil }
        return Int("\(decimal)")
    }

    /// True or false.
    public var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// The elements of a list; empty where this is none.
    public var elements: [FHIRValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The members of an object; empty where this is none.
    public var members: [String: FHIRValue] { if case .object(let members) = self { members } else { [:] } }

    /// An object of the members that have a value.
    static func some(_ members: [String: FHIRValue?]) -> FHIRValue { .object(members.compactMapValues { $0 }) }
}

extension FHIRValue: Codable {
    /// Reads any JSON value.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: MemberName.self) {
            var members: [String: FHIRValue] = [:]
            for key in container.allKeys { members[key.stringValue] = try container.decode(FHIRValue.self, forKey: key) }
            self = .object(members)
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var elements: [FHIRValue] = []
            while !container.isAtEnd { elements.append(try container.decode(FHIRValue.self)) }
            self = .array(elements)
            return
        }
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Decimal.self) {
            self = .number(number)
        } else {
            self = .null
        }
    }

    /// Writes the value.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var container = encoder.container(keyedBy: MemberName.self)
            for (name, value) in members { try container.encode(value, forKey: MemberName(name)) }
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .null, .bool, .number, .string:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let flag): try container.encode(flag)
            case .number(let number): try container.encode(number)
            case .string(let text): try container.encode(text)
            default: try container.encodeNil()
            }
        }
    }

    private struct MemberName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension FHIRValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(Decimal(value)) }
    /// A list.
    public init(arrayLiteral elements: FHIRValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, FHIRValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
