import CareModel
import EventLog
import FoundationEssentials

/// Which resources tell one questionnaire: the instrument, the patient and the minute. Generators write a response, a panel, a total and
/// an observation for each item, or some of these.
struct GroupKey: Hashable, Sendable {
    let instrument: ScaleCompleted.Instrument
    let subject: String
    let minute: String

    /// Nil for what belongs to no questionnaire.
    init?(_ resource: FHIRValue) {
        let questionnaire: Questionnaire?
        if resource["resourceType"]?.text == "QuestionnaireResponse" {
            questionnaire = Self.questionnaire(answeredBy: resource)
        } else {
            questionnaire =
                Reading.symbols(resource["code"], in: CodeSystem.loinc).lazy.compactMap { Questionnaire.with(code: $0) }.first
        }
        guard let questionnaire else { return nil }
        instrument = questionnaire.instrument
        subject = (resource["subject"]?["reference"]?.text).map { ResourceAddresses.id(of: $0) } ?? ""
        let time = Self.time(of: resource)?.text ?? ""
        // One minute, whatever the zone that it is written in.
        minute = (try? Reading.instant(time, "")).map { "\($0.instant.milliseconds / 60_000)" } ?? time
    }

    /// When a questionnaire was answered.
    static func time(of resource: FHIRValue) -> FHIRValue? {
        resource["authored"] ?? resource["effectiveDateTime"] ?? resource["effectiveInstant"]
            ?? resource["effectivePeriod"]?["start"]
    }

    /// The same in another file, whichever of the resources stand there and in whatever order.
    var identity: EventHash { EventHash(of: Array("\(instrument.rawValue) \(minute)".utf8)) }

    /// By the name of the questionnaire, or by what its items are called.
    private static func questionnaire(answeredBy response: FHIRValue) -> Questionnaire? {
        let name = response["questionnaire"]?.text ?? ""
        return Questionnaire.all.first { name.hasSuffix("/\($0.panel)") || name.hasSuffix("|\($0.panel)") }
            ?? ScaleGroup.items(of: response).lazy.compactMap { Questionnaire.with(code: ScaleGroup.code($0)) }.first
            ?? Questionnaire.all.first { $0.isNamed(in: name) }
    }
}

extension Questionnaire {
    /// True where a name such as `Questionnaire/phq-9` says this instrument.
    fileprivate func isNamed(in name: String) -> Bool {
        let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
        return plain.hasSuffix(instrument.rawValue.lowercased().filter { $0.isLetter || $0.isNumber })
    }
}

/// What the resources of one questionnaire say together.
struct ScaleGroup: Sendable {
    /// The resources; the first of them stands for all.
    private(set) var names: [ResourceName] = []
    private var answers: [String: Set<Int>] = [:]
    private var totals: Set<Decimal> = []
    private var unreadable: String?
    /// Items that are answered and not called by a code of the questionnaire.
    private var unnamed = 0
    private var unfinished: String?

    mutating func add(_ resource: FHIRValue, named name: ResourceName) {
        names.append(name)
        let status = resource["status"]?.text ?? "missing"
        if !["final", "amended", "corrected", "completed"].contains(status) { unfinished = status }
        if resource["resourceType"]?.text == "QuestionnaireResponse" {
            for item in Self.items(of: resource) { add(item) }
            return
        }
        note(Reading.symbols(resource["code"], in: CodeSystem.loinc), resource)
        for component in resource["component"]?.elements ?? [] {
            note(Reading.symbols(component["code"], in: CodeSystem.loinc), component)
        }
    }

    /// The items of a response, those in groups too.
    static func items(of value: FHIRValue) -> [FHIRValue] {
        (value["item"]?.elements ?? []).flatMap { [$0] + items(of: $0) }
    }

    /// The LOINC code of an item: its link, or the end of what defines it.
    static func code(_ item: FHIRValue) -> String {
        let link = item["linkId"]?.text ?? ""
        let definition = item["definition"]?.text ?? ""
        return [link, definition].lazy.map { String($0.split(whereSeparator: { "/#|".contains($0) }).last ?? "") }
            .first { Questionnaire.with(code: $0) != nil } ?? link
    }

    private mutating func add(_ item: FHIRValue) {
        let code = Self.code(item)
        guard Questionnaire.with(code: code) != nil else {
            if item["answer"] != nil { unnamed += 1 }
            return
        }
        for answer in item["answer"]?.elements ?? [] { note([code], answer) }
    }

    private mutating func note(_ codes: [String], _ value: FHIRValue) {
        for code in codes {
            guard let questionnaire = Questionnaire.with(code: code) else { continue }
            if questionnaire.items.contains(code) {
                guard let answer = Self.answer(value) else {
                    if value.members.keys.contains(where: { $0.hasPrefix("value") }) || value["dataAbsentReason"] != nil {
                        unreadable = code
                    }
                    continue
                }
                answers[code, default: []].insert(answer)
            } else if let total = value["valueQuantity"]?["value"]?.decimal ?? value["valueInteger"]?.decimal
                ?? value["valueDecimal"]?.decimal
            {
                totals.insert(total)
            }
        }
    }

    /// 0 to 3, as a number or as the answer's code.
    private static func answer(_ value: FHIRValue) -> Int? {
        let codings = (value["valueCodeableConcept"]?["coding"]?.elements ?? []) + [value["valueCoding"]].compactMap { $0 }
        let codes = codings.filter { [nil, CodeSystem.loinc].contains($0["system"]?.text) }.compactMap { $0["code"]?.text }
        if let answer = codes.lazy.compactMap({ Questionnaire.answers.firstIndex(of: $0) }).first { return answer }
        // What an answer counts may stand beside its code (FHIR R4, extension ordinalValue).
        let ordinals = codings.flatMap { $0["extension"]?.elements ?? [] }.filter {
            $0["url"]?.text == "http://hl7.org/fhir/StructureDefinition/ordinalValue"
        }
        if let ordinal = ordinals.first?["valueDecimal"]?.whole { return (0...3).contains(ordinal) ? ordinal : nil }
        let number = value["valueInteger"] ?? value["valueDecimal"] ?? value["valueQuantity"]?["value"]
        return number?.whole.flatMap { (0...3).contains($0) ? $0 : nil }
    }

    /// The event that the questionnaire makes.
    func body(_ instrument: ScaleCompleted.Instrument) throws -> any EventBody {
        let name = instrument.rawValue
        guard let questionnaire = Questionnaire.of(instrument) else { throw ImportRefusal.outOfScope(name) }
        if let unfinished { throw ImportRefusal.quarantine("\(name): its status is \(unfinished)") }
        if let unreadable { throw ImportRefusal.quarantine("\(name): the answer to item \(unreadable) is none of 0 to 3") }
        if let item = questionnaire.items.first(where: { answers[$0].map { $0.count > 1 } ?? false }) {
            throw ImportRefusal.quarantine("\(name): item \(item) has two different answers")
        }
        let items = questionnaire.items.compactMap { answers[$0]?.first }
        if items.isEmpty { return try totalAlone(questionnaire) }
        guard items.count == questionnaire.items.count else {
            throw ImportRefusal.quarantine("\(name): \(items.count) of \(questionnaire.items.count) items are answered")
        }
        let sum = items.reduce(0, +)
        if let total = totals.sorted().first(where: { $0 != Decimal(sum) }) {
            throw ImportRefusal.quarantine("\(name): the total \(total) is not the sum of its items, which is \(sum)")
        }
        return ScaleCompleted(instrument: instrument, items: items, total: sum, mode: nil, difficulty: nil)
    }

    /// A total without items is kept as what it is, an observation: trends and safety need the items.
    private func totalAlone(_ questionnaire: Questionnaire) throws -> any EventBody {
        let name = questionnaire.instrument.rawValue
        guard let total = totals.first, totals.count == 1 else {
            throw ImportRefusal.quarantine(
                totals.count > 1
                    ? "\(name): two different totals are given"
                    : unnamed > 0 ? "\(name): its items are not called by their LOINC codes" : "\(name): no answers are given")
        }
        guard let whole = FHIRValue.number(total).whole, (0...3 * questionnaire.items.count).contains(whole) else {
            throw ImportRefusal.quarantine("\(name): a total of \(total) is not possible")
        }
        return SymptomObserved(
            code: Code(system: "LOINC", code: questionnaire.total, display: "\(name) total, items unknown"),
            value: Quantity(value: "\(whole)", unit: "{score}"), device: nil)
    }
}
