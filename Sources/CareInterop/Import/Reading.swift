import CareModel
import EventLog
import FoundationEssentials

/// One resource while it is read: finds what FHIR lets stand in many forms, and refuses what cannot be understood for certain.
struct Reading {
    let resource: FHIRValue
    private let index: ImportIndex
    /// What had to be assumed.
    private(set) var remark: String?

    init(_ resource: FHIRValue, _ index: ImportIndex) {
        self.resource = resource
        self.index = index
    }

    subscript(name: String) -> FHIRValue? { resource[name] }

    /// False for what must not be taken as it stands, nor be a part of anything.
    static func isReadable(_ resource: FHIRValue) -> Bool {
        resource["modifierExtension"] == nil && resource["implicitRules"] == nil && resource["status"]?.text != "entered-in-error"
    }

    /// What changes the meaning of a resource must not be passed over (FHIR R4, Extensibility).
    func requireReadable() throws {
        if resource["modifierExtension"] != nil { throw ImportRefusal.quarantine("a modifier extension changes what it means") }
        if resource["implicitRules"] != nil { throw ImportRefusal.quarantine("it follows rules of its own (implicitRules)") }
    }

    // MARK: Status

    /// The status; what was entered in error is nobody's history.
    func status() throws -> String {
        guard let status = resource["status"]?.text else { throw ImportRefusal.quarantine("it has no status") }
        if status == "entered-in-error" { throw ImportRefusal.quarantine("it was entered in error") }
        return status
    }

    // MARK: Codes

    /// A concept as one code: in a system that Duolog names where there is one, otherwise as text.
    func code(_ concept: FHIRValue?, preferring system: String) throws -> Code {
        let codings = (concept?["coding"]?.elements ?? []).filter { $0["code"]?.text != nil && $0["system"]?.text != nil }
        let chosen = codings.first { $0["system"]?.text == system } ?? codings.first
        let text = concept?["text"]?.text
        if let chosen, let symbol = chosen["code"]?.text, let address = chosen["system"]?.text {
            return Code(system: CodeSystem.name(of: address), code: symbol, display: text ?? chosen["display"]?.text ?? symbol)
        }
        guard let text else { throw ImportRefusal.quarantine("it has neither a code nor a text") }
        return Code(system: "text", code: nil, display: text)
    }

    /// The codes of a concept in one system.
    static func symbols(_ concept: FHIRValue?, in system: String) -> [String] {
        (concept?["coding"]?.elements ?? []).filter { $0["system"]?.text == system }.compactMap { $0["code"]?.text }
    }

    /// A concept in words.
    static func words(_ concept: FHIRValue?) -> String? {
        concept?["text"]?.text ?? (concept?["coding"]?.elements ?? []).lazy.compactMap { $0["display"]?.text }.first
    }

    /// The medicine, wherever it stands: in the resource, contained in it, or elsewhere in the file.
    func medicine() throws -> Code {
        if let concept = resource["medicationCodeableConcept"] { return try code(concept, preferring: CodeSystem.rxnorm) }
        guard let reference = resource["medicationReference"]?["reference"]?.text else {
            throw ImportRefusal.quarantine("it does not name a medicine")
        }
        let concept: FHIRValue?
        if reference.hasPrefix("#") {
            concept = (resource["contained"]?.elements ?? []).first { $0["id"]?.text == String(reference.dropFirst()) }?["code"]
        } else {
            concept = index.medicine(reference)
        }
        guard let concept else { throw ImportRefusal.quarantine("the medicine that it points to is not in the file") }
        return try code(concept, preferring: CodeSystem.rxnorm)
    }

    // MARK: Times

    /// A time of FHIR: a day without a time of day stands at noon, which is said; less than a day is refused.
    mutating func time(_ value: FHIRValue?, _ what: String) throws -> ClinicalTime {
        guard let text = value?.text else { throw ImportRefusal.quarantine("it does not say \(what)") }
        if let day = CalendarDay(text) {
            guard let noon = ClinicalTime("\(day)T12:00:00+00:00") else { throw Self.unreadable(text, what) }
            remark = "no time of day is given: noon (UTC) stands for it"
            return try Self.plausible(noon, what)
        }
        return try Self.plausible(try Self.instant(text, what), what)
    }

    /// The day of a time.
    func day(_ value: FHIRValue?, _ what: String) throws -> CalendarDay {
        var copy = self
        return try copy.time(value, what).day
    }

    /// `2031-01-06T09:00:00.250-05:00`, the fraction and the seconds as FHIR allows them; Z for UTC.
    static func instant(_ text: String, _ what: String) throws -> ClinicalTime {
        let letters = Array(text.utf8)
        guard letters.count >= 17 else { throw unreadable(text, what) }
        var zone = letters.last == UInt8(ascii: "Z") ? "+00:00" : String(decoding: letters.suffix(6), as: UTF8.self)
        var local = String(decoding: letters.dropLast(letters.last == UInt8(ascii: "Z") ? 1 : 6), as: UTF8.self)
        if let fraction = local.firstIndex(of: ".") { local = String(local[..<fraction]) }
        if local.utf8.count == 16 { local += ":00" }
        if zone == "-00:00" { zone = "+00:00" }
        guard let time = ClinicalTime(local + zone) else { throw unreadable(text, what) }
        return time
    }

    private static func plausible(_ time: ClinicalTime, _ what: String) throws -> ClinicalTime {
        let year = time.day.parts.year
        guard (1900...2199).contains(year) else { throw ImportRefusal.quarantine("\(what): the year \(year) cannot be right") }
        return time
    }

    private static func unreadable(_ text: String, _ what: String) -> ImportRefusal {
        let isPart = text.utf8.count == 4 || text.utf8.count == 7
        return .quarantine(
            isPart ? "\(what): only \(text) is given, not the day" : "\(what): '\(text.prefix(32))' is not a date or a time")
    }

    // MARK: Quantities

    /// An amount with a UCUM unit; a bare number is no amount.
    static func quantity(_ value: FHIRValue?, _ what: String) throws -> Quantity {
        guard let value, let number = value["value"]?.decimal else { throw ImportRefusal.quarantine("\(what) is not given") }
        guard value["comparator"] == nil else {
            throw ImportRefusal.quarantine("\(what) is only a limit (\(value["comparator"]?.text ?? "?"))")
        }
        let isUCUM = value["system"]?.text == CodeSystem.ucum
        let unit = isUCUM ? value["code"]?.text ?? value["unit"]?.text : value["unit"]?.text ?? value["code"]?.text
        guard let unit else { throw ImportRefusal.quarantine("\(what), \(number), has no unit") }
        return Quantity(value: "\(number)", unit: unit)
    }
}

/// A body from JSON, by its kind.
enum JSONBody<Body: EventBody> {
    static func read(_ members: String) throws -> Body { try JSONDecoder().decode(Body.self, from: Data(members.utf8)) }
}
