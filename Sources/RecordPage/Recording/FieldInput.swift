import CareModel
import EventLog

/// A choice among others.
struct Option: Sendable {
    let value, label: String
    let isChosen: Bool
}

/// A member of a body as the form asks for it. Exactly one of the parts after `fault` is there: the template goes by that.
struct FieldInput: Sendable {
    struct Plain: Sendable {
        let value: String
    }
    struct Choices: Sendable {
        let options: [Option]
    }
    struct Amount: Sendable {
        let value, unit: String
        let units: [String]
    }
    struct Coded: Sendable {
        let display, code: String
        let systems: [Option]
    }
    struct Often: Sendable {
        let times, period: String
        let units: [Option]
    }

    let name, label: String
    let required: Bool
    /// What is wrong with it. Not `problem`: where that is nil, a template finds the page's own.
    let fault: String?
    var line, long, number, day, time, lines: Plain?
    var few, many, several: Choices?
    var amount: Amount?
    var coded: Coded?
    var often: Often?

    /// - Parameters:
    ///   - named: what events and nodes of the chart may be chosen, for members that name one.
    init(_ field: KindField, of kind: Kind, _ form: Form, _ fault: String?, _ named: Named) {
        let key = field.name
        (name, label, required) = (key, FieldWords.label(key, in: kind), field.required)
        self.fault = fault
        let plain = Plain(value: form.raw(key))
        func option(_ value: String, _ label: String) -> Option {
            Option(value: value, label: label, isChosen: form[key] == value)
        }
        switch field.shape {
        case .text, .other: if FieldWords.isLong(key) { long = plain } else { line = plain }
        case .number: number = plain
        case .day: day = plain
        case .time: time = plain
        case .flag: few = Choices(options: [option("", "not said"), option("yes", "yes"), option("no", "no")])
        case .choice(let words):
            let options =
                (field.required ? [] : [option("", "not said")]) + words.map { option($0, $0.replacing("-", with: " ")) }
            if options.count <= 6 { few = Choices(options: options) } else { many = Choices(options: options) }
        case .node: many = Self.oneOf(named.nodes, form[key])
        case .hash: many = Self.oneOf(named.events, form[key])
        case .list(.hash):
            let prefix = "\(key)-"
            let chosen = Set(
                form.fields.keys.filter { $0.hasPrefix(prefix) && form[$0] == "yes" }.map {
                    $0.dropFirst(prefix.count).description
                })
            let known = named.events.enumerated().filter { $0.offset < Named.mostShown || chosen.contains($0.element.value) }.map(
                \.element)
            let others = chosen.subtracting(known.map(\.value)).sorted().map {
                Option(value: $0, label: "event \($0.prefix(8))", isChosen: true)
            }
            several = Choices(
                options: known.map { Option(value: $0.value, label: $0.label, isChosen: chosen.contains($0.value)) } + others)
        case .list: lines = plain
        case .quantity:
            amount = Amount(
                value: form["\(key)-value"], unit: form["\(key)-unit"].isEmpty ? named.unit : form["\(key)-unit"],
                units: ["mg", "ug", "g", "mL", "h", "{score}", "1"])
        case .code:
            let (system, usual) = (form["\(key)-system"], ["text", "RxNorm", "LOINC", "SNOMED CT", "ICD-10-CM"])
            coded = Coded(
                display: form["\(key)-display"], code: form["\(key)-code"],
                systems: (system.isEmpty || usual.contains(system) ? usual : usual + [system]).map {
                    Option(value: $0, label: $0 == "text" ? "no code" : $0, isChosen: system == $0)
                })
        case .frequency:
            often = Often(
                times: form["\(key)-times"], period: form["\(key)-period"].isEmpty ? "1" : form["\(key)-period"],
                units: Frequency.PeriodUnit.allCases.map { unit in
                    let chosen = form["\(key)-unit"].isEmpty ? "d" : form["\(key)-unit"]
                    return Option(value: unit.rawValue, label: Self.words(unit), isChosen: chosen == unit.rawValue)
                })
        }
    }

    /// A list that opens. What was chosen stays in it, also where the chart tells of it no more.
    private static func oneOf(_ known: [Option], _ chosen: String) -> Choices {
        let isKnown = chosen.isEmpty || known.contains { $0.value == chosen }
        return Choices(
            options: [Option(value: "", label: "choose", isChosen: false)]
                + known.map { Option(value: $0.value, label: $0.label, isChosen: $0.value == chosen) }
                + (isKnown ? [] : [Option(value: chosen, label: String(chosen.prefix(8)), isChosen: true)]))
    }

    private static func words(_ unit: Frequency.PeriodUnit) -> String {
        switch unit {
        case .hours: "hours"
        case .days: "days"
        case .weeks: "weeks"
        case .months: "months"
        }
    }
}

/// What a form may name: events and nodes of the chart.
struct Named: Sendable {
    /// A list to tick is at most so long; the latest come first.
    static let mostShown = 12

    var events: [Option] = []
    var nodes: [Option] = []
    /// The unit that quantities of this form have most likely.
    var unit = ""
}

/// What was typed into a form, as the members of a body.
struct FieldReader {
    let form: Form
    let offset: String
    private(set) var members: [String: JSONValue] = [:]
    private(set) var problems: [String: String] = [:]

    init(_ form: Form) {
        self.form = form
        offset = form["offset"]
    }

    /// Reads one member; one that was left out is left out.
    mutating func read(_ field: KindField) {
        let name = field.name
        if let value = value(field) {
            members[name] = value
        } else if field.required, problems[name] == nil {
            problems[name] = "is needed"
        }
    }

    mutating func set(_ name: String, _ value: JSONValue) { members[name] = value }

    mutating func refuse(_ name: String, _ problem: String) { problems[name] = problem }

    private mutating func value(_ field: KindField) -> JSONValue? {
        let (name, text) = (field.name, form[field.name])
        switch field.shape {
        case .text, .choice, .node, .hash, .day, .other: return text.isEmpty ? nil : .string(text)
        case .number: return number(name, name)
        case .flag: return text.isEmpty ? nil : .bool(text == "yes")
        case .time: return text.isEmpty ? nil : .string(Self.time(text, offset))
        case .list(.hash):
            let prefix = name + "-"
            let chosen = form.fields.keys.filter { $0.hasPrefix(prefix) && form[$0] == "yes" }.sorted()
            return chosen.isEmpty ? nil : .array(chosen.map { .string(String($0.dropFirst(prefix.count))) })
        case .list:
            let lines = text.split(separator: "\n").map { String($0).trimmed }.filter { !$0.isEmpty }
            return lines.isEmpty ? nil : .array(lines.map { .string($0) })
        case .quantity:
            let (value, unit) = (form["\(name)-value"], form["\(name)-unit"])
            guard !value.isEmpty else { return nil }
            guard !unit.isEmpty else { return refused(name, "needs a unit such as mg") }
            // People write a comma where others write a point.
            return .object(["value": .string(value.replacing(",", with: ".")), "unit": .string(unit)])
        case .code:
            let (display, code, system) = (form["\(name)-display"], form["\(name)-code"], form["\(name)-system"])
            guard !display.isEmpty || !code.isEmpty else { return nil }
            var members: [String: JSONValue] = ["display": .string(display), "system": .string(system.isEmpty ? "text" : system)]
            if !code.isEmpty { members["code"] = .string(code) }
            return .object(members)
        case .frequency:
            guard !form["\(name)-times"].isEmpty else { return nil }
            guard let times = number("\(name)-times", name), let period = number("\(name)-period", name) else { return nil }
            return .object(["times": times, "period": period, "period_unit": .string(form["\(name)-unit"])])
        }
    }

    private mutating func number(_ input: String, _ name: String) -> JSONValue? {
        guard !form[input].isEmpty else { return nil }
        return Int(form[input]).map { .int($0) } ?? refused(name, "must be a whole number")
    }

    private mutating func refused(_ name: String, _ problem: String) -> JSONValue? {
        problems[name] = problem
        return nil
    }

    /// A time as a browser gives it, without an offset and often without seconds, as clinical time is written.
    static func time(_ local: String, _ offset: String) -> String { local + (local.utf8.count == 16 ? ":00" : "") + offset }
}
