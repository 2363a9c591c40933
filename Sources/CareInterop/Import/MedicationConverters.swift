import CareModel
import EventLog
import FoundationEssentials

/// Medication: a dose is taken over only where its amount, unit, frequency and route are all said.
extension FHIRImporter {
    func medicationRequest(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let status = try reading.status()
        guard reading["intent"]?.text == "order" else {
            throw ImportRefusal.quarantine("its intent is \(reading["intent"]?.text ?? "missing"), not an order")
        }
        guard reading["doNotPerform"]?.flag != true else {
            throw ImportRefusal.quarantine("it says that the medicine must not be given")
        }
        guard ["active", "stopped", "completed", "cancelled"].contains(status) else {
            throw ImportRefusal.quarantine("its status is \(status): since when is not said")
        }
        let drug = try reading.medicine()
        let when = try reading.time(reading["authoredOn"], "when it was prescribed")
        let dosage = try Dosage(reading["dosageInstruction"], from: when.day)
        let prescribed = ImportPlan.Event(
            MedicationPrescribed(
                drug: drug, dose: dosage.dose, frequency: dosage.frequency, route: dosage.route, effective_from: dosage.start,
                as_needed: dosage.asNeeded, max_dose: dosage.most, titration_plan: nil, indication: indication(reading),
                based_on: nil), when: when)
        guard status != "active" else { return .events([prescribed]) }
        guard let end = dosage.end, let ended = ClinicalTime("\(end)T12:00:00+00:00"), ended.instant >= when.instant else {
            throw ImportRefusal.quarantine("it is \(status), and when it ended is not said")
        }
        let reason = Reading.words(reading["statusReason"]) ?? status
        let stopped = MedicationStopped(reason: reason, effective_from: end, taper: nil)
        return .events([prescribed, ImportPlan.Event(stopped, when: ended, refs: [.previous])])
    }

    private func indication(_ reading: Reading) -> String? {
        (reading["reasonCode"]?.elements ?? []).compactMap { Reading.words($0) }.joined(separator: ", ").nonEmpty
    }

    func medicationStatement(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let status = try reading.status()
        guard ["active", "not-taken"].contains(status) else {
            throw ImportRefusal.quarantine("its status is \(status): what is taken now is not said")
        }
        let drug = try reading.medicine()
        let since = try reading.day(
            reading["effectivePeriod"]?["start"] ?? reading["effectiveDateTime"], "since when it is taken")
        let when = try reading.time(reading["dateAsserted"] ?? reading["effectiveDateTime"], "when it was said")
        var taking: Quantity?
        if status == "active" {
            let rate = reading["dosage"]?.elements.first?["doseAndRate"]?.elements.first
            taking = try Dosage.amount(rate?["doseQuantity"])
        }
        let body = IntakeReported(taking: taking, since: since, adherence: nil, source: nil)
        return .events([ImportPlan.Event(body, when: when, refs: [.medication(drug)])])
    }
}

/// A dosage that can be taken over whole.
struct Dosage {
    let dose: Quantity
    let frequency: Frequency
    let route: String
    let start: CalendarDay
    let end: CalendarDay?
    let asNeeded: Bool?
    let most: Quantity?

    init(_ instructions: FHIRValue?, from day: CalendarDay) throws {
        let instructions = instructions?.elements ?? []
        guard let instruction = instructions.first else { throw ImportRefusal.quarantine("no dosage is given") }
        guard instructions.count == 1 else {
            throw ImportRefusal.quarantine(
                "\(instructions.count) dosages are given: which of them holds is not for a program to say")
        }
        guard instruction["modifierExtension"] == nil else {
            throw ImportRefusal.quarantine("a modifier extension changes what the dosage means")
        }
        let rates = instruction["doseAndRate"]?.elements ?? []
        guard rates.count <= 1, rates.first?["doseRange"] == nil else {
            throw ImportRefusal.quarantine("the dose is a range, or several")
        }
        dose = try Self.amount(rates.first?["doseQuantity"])
        frequency = try Self.frequency(instruction["timing"])
        guard let route = Reading.words(instruction["route"]) else { throw ImportRefusal.quarantine("the route is not said") }
        self.route = route
        let bounds = instruction["timing"]?["repeat"]?["boundsPeriod"]
        start = try Self.day(bounds?["start"]) ?? day
        end = try Self.day(bounds?["end"])
        asNeeded = instruction["asNeededBoolean"]?.flag ?? (instruction["asNeededCodeableConcept"] == nil ? nil : true)
        most = try instruction["maxDosePerPeriod"].map { try Self.perDay($0) }
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
        "mg", "g", "ug", "mcg", "ng", "kg", "mL", "ml", "L", "mmol", "meq", "mEq", "[IU]", "[iU]", "U", "mg/mL", "mg/kg",
    ]

    static func amount(_ value: FHIRValue?) throws -> Quantity {
        let stated = try Reading.quantity(value, "the dose")
        guard units.contains(stated.unit) else {
            throw ImportRefusal.quarantine(
                "the dose is \(stated.value) \(stated.unit): how much that is stands at best in the drug's name or code, and is not guessed"
            )
        }
        guard let number = stated.number, number > 0 else {
            throw ImportRefusal.quarantine("the dose, \(stated), is not more than zero")
        }
        // UCUM writes micrograms as ug.
        return Quantity(value: stated.value, unit: stated.unit == "mcg" ? "ug" : stated.unit)
    }

    private static func perDay(_ ratio: FHIRValue) throws -> Quantity {
        let period = ratio["denominator"]
        guard period?["value"]?.whole == 1, ["d", "day"].contains(period?["code"]?.text ?? period?["unit"]?.text) else {
            throw ImportRefusal.quarantine("the greatest dose is not given for a day")
        }
        return try amount(ratio["numerator"])
    }

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

    private static func frequency(_ timing: FHIRValue?) throws -> Frequency {
        guard let rule = timing?["repeat"], rule["period"] != nil else {
            let codes = (timing?["code"]?["coding"]?.elements ?? []).compactMap { $0["code"]?.text }
            if let known = codes.lazy.compactMap({ abbreviations[$0] }).first { return known }
            throw ImportRefusal.quarantine("how often is not said")
        }
        guard rule["frequencyMax"] == nil, rule["periodMax"] == nil else {
            throw ImportRefusal.quarantine("how often is a range")
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
        return Frequency(times: times, period: period, unit: periodUnit)
    }
}
