import CareModel
import EventLog

/// What an event says, as its form would have been filled in: `FieldReader` the other way round.
struct FormFiller {
    private(set) var form = Form()

    /// - Parameter offset: from universal time, where the event itself names no time.
    init(_ type: any EventBody.Type, _ members: [String: JSONValue], offset: String) {
        form["offset"] = offset
        if case .string(let instrument)? = members["instrument"] { form["instrument"] = instrument }
        if case .array(let items)? = members["items"], type.kind == ScaleCompleted.kind {
            for (index, item) in items.enumerated() { form["item-\(index)"] = Self.text(item) }
        }
        if case .object(let answers)? = members["answers"], type.kind == ScreeningCompleted.kind {
            for (code, answer) in answers { form["answer-\(code)"] = Self.text(answer) }
        }
        for field in KindReference(type).fields {
            if let value = members[field.name] { fill(field, value) }
        }
    }

    private mutating func fill(_ field: KindField, _ value: JSONValue) {
        let name = field.name
        switch (field.shape, value) {
        case (.time, .string(let time)):
            // Browsers ask for a time without an offset, and for seconds only where there are some.
            form[name] = String(time.dropFirst(16).hasPrefix(":00") ? time.prefix(16) : time.prefix(19))
            form["offset"] = String(time.dropFirst(19))
        case (.list(.hash), .array(let hashes)):
            for hash in hashes { form["\(name)-\(Self.text(hash))"] = "yes" }
        case (.list, .array(let lines)): form[name] = lines.map(Self.text).joined(separator: "\n")
        case (.quantity, .object(let parts)), (.code, .object(let parts)), (.frequency, .object(let parts)):
            for (part, value) in parts { form["\(name)-\(part == "period_unit" ? "unit" : part)"] = Self.text(value) }
        default: form[name] = Self.text(value)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .int(let number): "\(number)"
        case .bool(let flag): flag ? "yes" : "no"
        case .null, .array, .object: ""
        }
    }
}

extension FieldReader {
    /// What differs from what the form was filled in with; a member that was emptied is null.
    func changes(from was: [String: JSONValue], of type: any EventBody.Type) -> [String: JSONValue] {
        var changes: [String: JSONValue] = [:]
        for name in KindReference(type).fields.map(\.name) where !Self.areEqual(members[name], was[name]) {
            changes[name] = members[name] ?? .null
        }
        return changes
    }

    /// White space around a text is lost on the way through a form, and is no correction.
    private static func areEqual(_ one: JSONValue?, _ other: JSONValue?) -> Bool {
        guard case .string(let one)? = one, case .string(let other)? = other else { return one == other }
        return one == other.trimmed
    }
}
