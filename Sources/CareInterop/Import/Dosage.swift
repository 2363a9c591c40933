import CareModel
import EventLog
import FoundationEssentials

/// A dosage that can be taken over whole.
struct Dosage {
    let dose: Quantity
    let frequency: Frequency
    let route: String
    let start: CalendarDay
    let end: CalendarDay?
    /// The last day that was planned, by that or by a stated length.
    let last: CalendarDay?
    let asNeeded: Bool?
    let most: Quantity?
    /// What the order says beyond that, in words: nothing of it is lost, and nothing is computed from it.
    let notes: [String]

    init(_ instructions: FHIRValue?, from day: CalendarDay) throws {
        let instructions = instructions?.elements ?? []
        guard let instruction = instructions.first else { throw ImportRefusal.quarantine("no dosage is given") }
        guard instructions.count == 1 else {
            throw ImportRefusal.quarantine(
                "\(instructions.count) dosages are given: which of them holds is not for a program to say")
        }
        dose = try Self.single(instruction)
        frequency = try Timing.frequency(instruction["timing"])
        guard let route = Reading.words(instruction["route"]) else { throw ImportRefusal.quarantine("the route is not said") }
        self.route = route
        let bounds = instruction["timing"]?["repeat"]?["boundsPeriod"]
        start = try Self.day(bounds?["start"]) ?? day
        end = try Self.day(bounds?["end"])
        last = end ?? Timing.lastDay(instruction["timing"], from: start)
        asNeeded = instruction["asNeededBoolean"]?.flag ?? (instruction["asNeededCodeableConcept"] == nil ? nil : true)
        most = try instruction["maxDosePerPeriod"].map { try Self.perDay($0) }
        notes = try Timing.notes(instruction["timing"]) + Self.words(instruction)
    }

    /// The amount that is taken at once.
    static func single(_ instruction: FHIRValue) throws -> Quantity {
        guard instruction["modifierExtension"] == nil else {
            throw ImportRefusal.quarantine("a modifier extension changes what the dosage means")
        }
        let rates = instruction["doseAndRate"]?.elements ?? []
        guard rates.count <= 1, rates.first?["doseRange"] == nil else {
            throw ImportRefusal.quarantine("the dose is a range, or several")
        }
        guard !(rates.first?.members.keys.contains { $0.hasPrefix("rate") } ?? false) else {
            throw ImportRefusal.quarantine("it is given at a rate, which cannot be taken over")
        }
        return try amount(rates.first?["doseQuantity"])
    }

    /// What people wrote, and limits that no field is for.
    private static func words(_ instruction: FHIRValue) throws -> [String] {
        var words = [instruction["text"]?.text, instruction["patientInstruction"]?.text].compactMap { $0 }
        words += (instruction["additionalInstruction"]?.elements ?? []).compactMap { Reading.words($0) }
        if let cause = Reading.words(instruction["asNeededCodeableConcept"]) { words.append("when needed for \(cause)") }
        if let limit = instruction["maxDosePerAdministration"] { words.append("at most \(try amount(limit)) at once") }
        if let limit = instruction["maxDosePerLifetime"] { words.append("at most \(try amount(limit)) in a lifetime") }
        return words
    }

    private static func day(_ value: FHIRValue?) throws -> CalendarDay? {
        guard let text = value?.text else { return nil }
        guard let day = CalendarDay(String(text.prefix(10))), text.utf8.count >= 10 else {
            throw ImportRefusal.quarantine("'\(text.prefix(32))' is not a day")
        }
        return day
    }

    /// Units of mass, volume, amount and activity; a tablet is none of them: its strength stands elsewhere, and is never inferred.
    private static let units: Set<String> = [
        "mg", "g", "ug", "mcg", "ng", "mL", "ml", "L", "mmol", "meq", "mEq", "[IU]", "[iU]", "U", "mg/kg",
    ]
    /// What people write beside a code of UCUM.
    private static let spellings = [
        "milligram": "mg", "milligrams": "mg", "mgs": "mg", "gram": "g", "grams": "g", "microgram": "ug", "micrograms": "ug",
        "mcg": "ug", "µg": "ug", "μg": "ug", "milliliter": "mL", "milliliters": "mL", "ml": "mL", "unit": "U", "units": "U",
        "iu": "[IU]", "[iu]": "[IU]", "meq": "meq",
    ]

    static func amount(_ value: FHIRValue?) throws -> Quantity {
        let stated = try Reading.quantity(value, "the dose")
        if let unit = value?["unit"]?.text, let code = value?["code"]?.text, plain(unit) != plain(code) {
            throw ImportRefusal.quarantine("the dose is written in '\(unit.prefix(32))' and coded in '\(code.prefix(32))'")
        }
        guard units.contains(stated.unit) else {
            throw ImportRefusal.quarantine(
                "the dose is \(stated.value) \(stated.unit.prefix(32)): how much that is stands at best in the drug's name or code, and is not guessed"
            )
        }
        guard let number = stated.number, number > 0 else {
            throw ImportRefusal.quarantine("the dose, \(stated), is not more than zero")
        }
        // UCUM writes micrograms as ug.
        return Quantity(value: stated.value, unit: stated.unit == "mcg" ? "ug" : stated.unit)
    }

    /// A unit in one spelling.
    private static func plain(_ unit: String) -> String {
        let word = unit.lowercased()
        return spellings[word] ?? word
    }

    private static func perDay(_ ratio: FHIRValue) throws -> Quantity {
        let period = ratio["denominator"]
        guard period?["value"]?.whole == 1, ["d", "day"].contains(period?["code"]?.text ?? period?["unit"]?.text) else {
            throw ImportRefusal.quarantine("the greatest dose is not given for a day")
        }
        return try amount(ratio["numerator"])
    }
}

/// FHIR's Timing, as far as it says how often in a way that Duolog keeps.
enum Timing {
    /// Codes that say a frequency exactly (HL7 v3 GTSAbbreviation).
    private static let abbreviations: [String: Frequency] = [
        "QD": Frequency(times: 1, period: 1, unit: .days), "BID": Frequency(times: 2, period: 1, unit: .days),
        "TID": Frequency(times: 3, period: 1, unit: .days), "QID": Frequency(times: 4, period: 1, unit: .days),
        "QOD": Frequency(times: 1, period: 2, unit: .days), "AM": Frequency(times: 1, period: 1, unit: .days),
        "PM": Frequency(times: 1, period: 1, unit: .days), "BED": Frequency(times: 1, period: 1, unit: .days),
        "Q4H": Frequency(times: 1, period: 4, unit: .hours), "Q6H": Frequency(times: 1, period: 6, unit: .hours),
        "Q8H": Frequency(times: 1, period: 8, unit: .hours), "WK": Frequency(times: 1, period: 1, unit: .weeks),
        "MO": Frequency(times: 1, period: 1, unit: .months),
    ]

    /// How often.
    static func frequency(_ timing: FHIRValue?) throws -> Frequency {
        let rule = timing?["repeat"]
        guard rule?["dayOfWeek"] == nil else {
            throw ImportRefusal.quarantine("it is taken on some days of the week, which cannot be taken over")
        }
        guard let rule, rule["period"] != nil else {
            let codes = (timing?["code"]?["coding"]?.elements ?? []).compactMap { $0["code"]?.text }
            if let known = codes.lazy.compactMap({ abbreviations[$0] }).first { return known }
            throw ImportRefusal.quarantine("how often is not said")
        }
        guard rule["frequencyMax"] == nil, rule["periodMax"] == nil, rule["duration"] == nil else {
            throw ImportRefusal.quarantine("how often, or for how long at a time, is a range")
        }
        let unit = rule["periodUnit"]?.text ?? ""
        guard let period = rule["period"]?.whole, let periodUnit = Frequency.PeriodUnit(rawValue: unit) else {
            throw ImportRefusal.quarantine(
                "a period of \(rule["period"]?.decimal.map { "\($0)" } ?? "?") \(unit) cannot be taken over")
        }
        // Where no frequency is stated it is once in each period (FHIR R4, Timing.repeat.frequency).
        let times = rule["frequency"].map { $0.whole ?? 0 } ?? 1
        guard (1...48).contains(times), (1...90).contains(period) else {
            throw ImportRefusal.quarantine("how often it is taken cannot be right")
        }
        for name in ["when", "timeOfDay"] where (rule[name]?.elements.count).map({ $0 != times }) ?? false {
            throw ImportRefusal.quarantine(
                "\(times) times in a period, and \(rule[name]?.elements.count ?? 0) times of day: how often is not clear")
        }
        return Frequency(times: times, period: period, unit: periodUnit)
    }

    /// The last day of a stated length in days or weeks; nil where none is stated, or in months, which differ.
    static func lastDay(_ timing: FHIRValue?, from start: CalendarDay) -> CalendarDay? {
        let length = timing?["repeat"]?["boundsDuration"]
        let days = ["d": 1, "wk": 7][length?["code"]?.text ?? length?["unit"]?.text ?? ""]
        guard let days, let number = length?["value"]?.whole, (1...10_000).contains(number) else { return nil }
        return CalendarDay(number: start.number + number * days - 1)
    }

    /// What it says beyond how often.
    static func notes(_ timing: FHIRValue?) throws -> [String] {
        guard let rule = timing?["repeat"] else { return [] }
        var notes: [String] = []
        let moments = ((rule["when"]?.elements ?? []) + (rule["timeOfDay"]?.elements ?? [])).compactMap(\.text)
        if !moments.isEmpty { notes.append("at " + moments.joined(separator: ", ")) }
        if let end = rule["boundsPeriod"]?["end"]?.text { notes.append("until \(end.prefix(10))") }
        if let length = rule["boundsDuration"] { notes.append("for \(try Reading.quantity(length, "how long it is taken"))") }
        if rule["boundsRange"] != nil || rule["countMax"] != nil {
            throw ImportRefusal.quarantine("for how long it is taken is a range")
        }
        if let count = rule["count"]?.decimal { notes.append("\(count) times in all") }
        return notes
    }
}
