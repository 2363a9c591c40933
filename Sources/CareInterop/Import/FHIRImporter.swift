import CareModel
public import EventLog
import Foundation

/// Turns resources of FHIR R4 into events, one at a time. What cannot be taken faithfully is set aside with the reason; nothing is
/// guessed, and nothing is dropped without a word.
public struct FHIRImporter: Sendable {
    /// Who the chart is about, as it says now.
    public struct Person: Sendable {
        /// Full name.
        public let name: String
        /// Day of birth.
        public let birth: CalendarDay

        /// Names a person.
        public init(name: String, birth: CalendarDay) {
            self.name = name
            self.birth = birth
        }

        /// True where a file means the same person: born on the same day, and the names made of the same words.
        public func isProbably(_ other: ImportIndex.Patient) -> Bool {
            guard other.birth == birth, let name = other.name else { return false }
            return Self.words(name) == Self.words(self.name)
        }

        /// The words of a name without accents, case and order; a digit that a generator hung on is part of its word.
        private static func words(_ name: String) -> Set<String> {
            let plain = String(
                name.decomposedStringWithCanonicalMapping.unicodeScalars.filter { !$0.properties.isDiacritic }.map(Character.init)
            )
            return Set(plain.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
        }
    }

    let index: ImportIndex
    let person: Person
    /// The day on which the file is read.
    let today: CalendarDay
    /// Who of the file is the chart's patient; nil where the file does not say who it is about.
    private let subject: ImportIndex.Patient?

    /// - Parameters:
    ///   - index: of the whole file.
    ///   - person: who the chart is about.
    ///   - today: the day on which the file is read: what was to end before it has ended.
    ///   - isSamePerson: somebody who knows says that the file is about the chart's patient.
    /// - Throws: ``WrongPerson``, which says why nothing of the file can be taken.
    public init(_ index: ImportIndex, person: Person, today: CalendarDay, isSamePerson: Bool = false) throws(WrongPerson) {
        self.index = index
        self.person = person
        self.today = today
        let meant = index.patients.filter { person.isProbably($0) }
        if index.people > 1, meant.count != 1 {
            throw meant.isEmpty ? .severalPeople(index.people) : .severalAlike(meant.count)
        }
        guard isSamePerson || !index.patients.isEmpty else { throw .unnamed }
        guard isSamePerson || !meant.isEmpty else { throw .otherwiseNamed }
        subject = meant.first ?? index.patients.first
    }

    /// Why nothing of a file is taken.
    public enum WrongPerson: Error, Equatable {
        /// About so many people, none of them by the name and birth date of the chart's patient.
        case severalPeople(Int)
        /// So many entries have that name and birth date.
        case severalAlike(Int)
        /// The file does not say who it is about.
        case unnamed
        /// It is about somebody of another name or birth date.
        case otherwiseNamed
    }

    /// True for what names a medication, which another resource of the file may bring: it comes after all others.
    public static func isLast(_ resource: FHIRValue?) -> Bool { resource?["resourceType"]?.text == "MedicationStatement" }

    /// Decides on a resource.
    public func plan(_ resource: FHIRValue, at address: String?) -> ImportPlan {
        let name = ResourceName(resource, address)
        var reading = Reading(resource, index)
        let verdict: ImportPlan.Verdict
        do {
            verdict = try decide(&reading, name, address)
        } catch ImportRefusal.quarantine(let reason) {
            verdict = .quarantined(reason)
        } catch ImportRefusal.outOfScope(let reason) {
            verdict = .outOfScope(reason)
        } catch {
            verdict = .quarantined("cannot be read")
        }
        return ImportPlan(
            identity: identity(of: resource, name, verdict), content: content(of: resource, verdict), name: name.text,
            verdict: verdict, remark: reading.remark)
    }

    /// By what a resource is known again. An event of Duolog's own is known by the name that it had, a questionnaire by its minute.
    private func identity(of resource: FHIRValue, _ name: ResourceName, _ verdict: ImportPlan.Verdict) -> EventHash {
        if let source = try? Self.source(resource) { return source.event }
        if case .events = verdict, let key = GroupKey(resource) { return key.identity }
        return index.identity(of: name)
    }

    /// What a resource says. Of a questionnaire that is what all of its resources say together.
    private func content(of resource: FHIRValue, _ verdict: ImportPlan.Verdict) -> EventHash {
        guard case .events(let events) = verdict, let event = events.first, GroupKey(resource) != nil else {
            return resource.substance
        }
        return EventHash(of: Array("\(event.kind) \(event.when) ".utf8) + event.members)
    }

    private func decide(_ reading: inout Reading, _ name: ResourceName, _ address: String?) throws -> ImportPlan.Verdict {
        if let source = try Self.source(reading.resource) { return try own(source) }
        if let event = index.source(of: address) { return .part(of: event) }
        guard let type = reading.resource["resourceType"]?.text else {
            throw ImportRefusal.quarantine("it does not say what it is")
        }
        guard type != "Bundle" else {
            throw ImportRefusal.quarantine("a Bundle inside of the file: import it as a file of its own")
        }
        guard let take = Self.converters[type] else {
            throw ImportRefusal.outOfScope("\(type) is nothing that Duolog keeps as an event")
        }
        try reading.requireReadable()
        if type != "Patient" { try requireSubject(reading) }
        return try take(self)(&reading, name)
    }

    private typealias Converter = @Sendable (FHIRImporter) -> (inout Reading, ResourceName) throws -> ImportPlan.Verdict

    private static let converters: [String: Converter] = [
        "Patient": { importer in { try importer.patient(&$0, $1) } },
        "Encounter": { importer in { try importer.encounter(&$0, $1) } },
        "MedicationRequest": { importer in { try importer.medicationRequest(&$0, $1) } },
        "MedicationStatement": { importer in { try importer.medicationStatement(&$0, $1) } },
        "Observation": { importer in { try importer.observation(&$0, $1) } },
        "QuestionnaireResponse": { importer in { try importer.questionnaire(&$0, $1) } },
        "AllergyIntolerance": { importer in { try importer.allergy(&$0, $1) } },
        "Condition": { importer in { try importer.condition(&$0, $1) } },
        "ServiceRequest": { importer in { try importer.serviceRequest(&$0, $1) } },
        "CarePlan": { importer in { try importer.carePlan(&$0, $1) } },
        "Goal": { importer in { try importer.goal(&$0, $1) } },
    ]

    /// What is about somebody else must never get into this chart.
    private func requireSubject(_ reading: Reading) throws {
        let subject = reading.resource["subject"] ?? reading.resource["patient"]
        guard let reference = subject?["reference"]?.text else {
            throw ImportRefusal.quarantine("it does not say who it is about")
        }
        guard let patient = self.subject else { return }
        guard patient.addresses.contain(reference) else {
            throw ImportRefusal.quarantine("it is about somebody who is not the patient of this chart")
        }
    }

    /// True for the entry of the chart's patient.
    func isSubject(_ name: ResourceName) -> Bool { subject?.resource == name.identity }

    // MARK: What Duolog wrote itself

    private static func source(_ resource: FHIRValue) throws -> SourceEvent? {
        guard resource["resourceType"]?.text == "Provenance" else { return nil }
        return (resource["extension"]?.elements ?? []).lazy.compactMap { SourceEvent($0) }.first
    }

    private func own(_ source: SourceEvent) throws -> ImportPlan.Verdict {
        if SourceEvent.structural.contains(source.kind) {
            throw ImportRefusal.outOfScope("\(source.kind): who belongs to a chart and who may have it is not taken from a file")
        }
        guard let members = source.members else { throw ImportRefusal.outOfScope("\(source.kind): it was erased") }
        if let because = source.because { throw ImportRefusal.outOfScope("\(source.kind): it was without effect: \(because)") }
        if source.kind == PatientIdentified.kind, let body = try? JSONBody<PatientIdentified>.read(members),
            body.name == person.name, body.birth_date == person.birth
        {
            return .known("the chart says so already")
        }
        return .events([
            ImportPlan.Event(
                kind: source.kind, members: Array(members.utf8), when: source.when, refs: source.refs.map { .imported($0) },
                seen: index.taken(source.parents))
        ])
    }
}
