import EventLog
import FoundationEssentials

/// A member of a kind's body, as its type asks for it.
public struct KindField: Encodable, Hashable, Sendable {
    /// Its name in the body.
    public let name: String
    /// What stands there, in words.
    public let form: String
    /// Whether it must be there.
    public let required: Bool
    /// What stands there, for programs that ask for it.
    public let shape: FieldShape

    private enum CodingKeys: String, CodingKey { case name, form, required }
}

/// What a member of a body holds.
public indirect enum FieldShape: Hashable, Sendable {
    /// Text.
    case text
    /// A whole number.
    case number
    /// True or false.
    case flag
    /// A calendar day.
    case day
    /// A clinical time.
    case time
    /// The hash of an event, or of something else.
    case hash
    /// A quantity.
    case quantity
    /// A code.
    case code
    /// How often.
    case frequency
    /// One of these words.
    case choice([String])
    /// A node.
    case node
    /// Any number of these.
    case list(FieldShape)
    /// Something else, which no form asks for by itself.
    case other
}

/// Finds out which members a body has by letting its type read one: the type itself is the only list of them.
final class FieldRecorder: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private(set) var fields: [KindField] = []

    /// The members of a kind, in the order of its type.
    static func fields(of kind: any EventBody.Type) -> [KindField] {
        let recorder = FieldRecorder()
        _ = try? kind.init(from: recorder)
        return recorder.fields
    }

    fileprivate func note(_ name: String, _ type: Any.Type, required: Bool) {
        fields.append(
            KindField(
                name: name, form: FieldForm.words(for: type), required: required, shape: FieldForm.shape(of: type)))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Container<Key>(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw NotRead() }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw NotRead() }

    struct NotRead: Error {}

    private struct Container<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let recorder: FieldRecorder
        let codingPath: [any CodingKey] = []
        let allKeys: [Key] = []

        func contains(_ key: Key) -> Bool { true }

        func decodeNil(forKey key: Key) throws -> Bool { false }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            recorder.note(key.stringValue, type, required: true)
            guard let sample = FieldForm.sample(type) else { throw NotRead() }
            return sample
        }

        func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
            recorder.note(key.stringValue, type, required: false)
            return nil
        }

        // The types that the standard library asks for by name.
        func decode(_ type: String.Type, forKey key: Key) throws -> String {
            recorder.note(key.stringValue, type, required: true)
            return ""
        }

        func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
            recorder.note(key.stringValue, type, required: true)
            return 1
        }

        func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
            recorder.note(key.stringValue, type, required: false)
            return nil
        }

        func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
            recorder.note(key.stringValue, type, required: false)
            return nil
        }

        func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
            recorder.note(key.stringValue, type, required: false)
            return nil
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { throw NotRead() }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw NotRead() }

        func superDecoder() throws -> any Decoder { throw NotRead() }

        func superDecoder(forKey key: Key) throws -> any Decoder { throw NotRead() }
    }
}

/// What a member looks like in JSON, in words, and a value of it.
private enum FieldForm {
    private struct Form {
        let type: Any.Type
        let words: String
        let sample: Any
        var shape = FieldShape.other
    }

    private static func form(of type: Any.Type) -> Form? {
        let forms = [
            Form(type: String.self, words: "text", sample: "", shape: .text),
            Form(type: Int.self, words: "whole number", sample: 1, shape: .number),
            Form(type: Bool.self, words: "true or false", sample: false, shape: .flag),
            Form(type: CalendarDay.self, words: "day, `2031-01-06`", sample: CalendarDay(number: 0), shape: .day),
            Form(
                type: ClinicalTime.self, words: "time, `2031-01-06T09:00:00-05:00`",
                sample: ClinicalTime(instant: Timestamp(milliseconds: 0), offsetMinutes: 0), shape: .time),
            Form(type: EventHash.self, words: "hash", sample: EventHash(of: []), shape: .hash),
            Form(
                type: Quantity.self, words: "quantity, `{\"value\":\"37.5\",\"unit\":\"mg\"}`",
                sample: Quantity(value: "1", unit: "1"), shape: .quantity),
            Form(
                type: Code.self, words: "code, `{\"system\",\"code\",\"display\"}`",
                sample: Code(system: "text", code: nil, display: ""), shape: .code),
            Form(
                type: Frequency.self, words: "`{\"times\":1,\"period\":1,\"period_unit\":\"d\"}`",
                sample: Frequency(times: 1, period: 1, unit: .days), shape: .frequency),
            Form(type: [String: JSONValue].self, words: "object", sample: [String: JSONValue]()),
        ]
        return forms.first { $0.type == type }
    }

    static func words(for type: Any.Type) -> String {
        if let known = form(of: type) { return known.words }
        if let list = type as? any Listed.Type { return "list of " + words(for: list.element) }
        if let table = type as? any Keyed.Type { return "object, each value " + words(for: table.value) }
        if let cases = type as? any CaseIterable.Type { return values(cases).map { "`\($0)`" }.joined(separator: ", ") }
        switch "\(type)" {
        case "NodeID": return "node id"
        case "ChartID": return "chart id"
        case "NodePublicKey": return "public key"
        case "KeySuccession": return "succession, `{\"at\",\"new\",\"old\",\"sig\"}`"
        case "Range": return "`{\"origin\",\"from\",\"to\"}`"
        case "Outcome": return "the whole value that the register shall have"
        case let name: return name
        }
    }

    static func shape(of type: Any.Type) -> FieldShape {
        if let known = form(of: type) { return known.shape }
        if let list = type as? any Listed.Type { return .list(shape(of: list.element)) }
        if let cases = type as? any CaseIterable.Type { return .choice(values(cases)) }
        return type == NodeID.self ? .node : .other
    }

    private static func values<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
        type.allCases.map { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\($0)" }
    }

    static func sample<T>(_ type: T.Type) -> T? {
        if let known = form(of: type) { return known.sample as? T }
        if let list = type as? any Listed.Type { return list.empty as? T }
        if let table = type as? any Keyed.Type { return table.empty as? T }
        if let cases = type as? any CaseIterable.Type { return first(cases) as? T }
        // Keys and ids are read as they would be from a body: those of nobody.
        let key = "\"\(Base64URL.encode([UInt8](repeating: 1, count: 31) + [0]))\""
        let signature = Base64URL.encode([UInt8](repeating: 0, count: 64))
        let succession = "{\"at\":\"2031-01-06T09:00:00.000Z\",\"new\":\(key),\"old\":\(key),\"sig\":\"\(signature)\"}"
        guard let readable = type as? any Decodable.Type else { return nil }
        return ["\"0000000000000000\"", key, "{\"status\":\"active\"}", succession].lazy
            .compactMap { try? JSONDecoder().decode(readable, from: Data($0.utf8)) as? T }.first
    }

    private static func first<Cases: CaseIterable>(_ type: Cases.Type) -> Any? { type.allCases.first }
}

/// A list, whatever of.
private protocol Listed {
    static var element: Any.Type { get }
    static var empty: Any { get }
}

extension Array: Listed {
    fileprivate static var element: Any.Type { Element.self }
    fileprivate static var empty: Any { [Element]() }
}

/// A table, whatever of.
private protocol Keyed {
    static var value: Any.Type { get }
    static var empty: Any { get }
}

extension Dictionary: Keyed {
    fileprivate static var value: Any.Type { Value.self }
    fileprivate static var empty: Any { [Key: Value]() }
}
