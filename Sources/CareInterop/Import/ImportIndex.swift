import CareModel
public import EventLog

/// What has to be known of a whole file before its first resource can be taken: who it is about, the medicines that others point to,
/// which answers belong to one questionnaire, and what was written by Duolog itself.
public struct ImportIndex: Sendable {
    /// Somebody that the file is about.
    public struct Patient: Sendable, Hashable {
        /// Its address in the file.
        public let address: String
        /// Name as text.
        public let name: String?
        /// Day of birth.
        public let birth: CalendarDay?
    }

    /// The patients, in the order of the file.
    public private(set) var patients: [Patient] = []
    /// Resources in all.
    public private(set) var count = 0
    private var patientAddresses: Set<String> = []
    private var medications: [String: FHIRValue] = [:]
    private var groups: [GroupKey: ScaleGroup] = [:]
    /// The event that a resource of Duolog's own stands for, by the resource's address.
    private var ownTargets: [String: EventHash] = [:]
    /// What the authors of events that are not taken had before them: whoever had seen one of these had seen that.
    private var passedOver: [EventHash: [EventHash]] = [:]

    /// Nothing read yet.
    public init() {}

    /// Takes note of a resource.
    public mutating func note(_ resource: FHIRValue, at address: String?) {
        count += 1
        switch resource["resourceType"]?.text {
        case "Patient":
            let addresses = Self.addresses(of: resource, address)
            patientAddresses.formUnion(addresses)
            let birth = resource["birthDate"]?.text.flatMap { CalendarDay($0) }
            patients.append(Patient(address: addresses.first ?? "", name: HumanName.text(resource["name"]), birth: birth))
        case "Medication":
            guard let code = resource["code"] else { return }
            for address in Self.addresses(of: resource, address) { medications[address] = code }
        case "Observation", "QuestionnaireResponse":
            guard let key = GroupKey(resource) else { return }
            groups[key, default: ScaleGroup()].add(resource, named: ResourceName(resource, address))
        case "Provenance":
            guard let source = (resource["extension"]?.elements ?? []).lazy.compactMap({ SourceEvent($0) }).first else { return }
            if !source.isTaken { passedOver[source.event] = source.parents }
            for target in resource["target"]?.elements ?? [] {
                if let reference = target["reference"]?.text { ownTargets[reference] = source.event }
            }
        default: break
        }
    }

    /// The addresses by which others may name a resource.
    private static func addresses(of resource: FHIRValue, _ address: String?) -> [String] {
        var addresses = [address].compactMap { $0 }
        if let type = resource["resourceType"]?.text, let id = resource["id"]?.text { addresses.append("\(type)/\(id)") }
        return addresses
    }

    /// The forms in which a reference may have been meant: as it stands, and as a relative one.
    private static func candidates(_ reference: String) -> [String] {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: true)
        // A version (Patient/1/_history/2) names the same resource.
        let path = parts.firstIndex(of: "_history").map { parts[..<$0] } ?? parts[...]
        return [reference, path.suffix(2).joined(separator: "/")]
    }

    func medication(_ reference: String) -> FHIRValue? {
        Self.candidates(reference).lazy.compactMap { medications[$0] }.first
    }

    /// True when a reference leads to a patient of the file.
    func isPatient(_ reference: String) -> Bool { Self.candidates(reference).contains { patientAddresses.contains($0) } }

    func group(_ key: GroupKey) -> ScaleGroup? { groups[key] }

    /// The events that are taken, in place of those that are not.
    func taken(_ events: [EventHash]) -> [EventHash] {
        var (found, pending, seen) = ([EventHash](), events, Set<EventHash>())
        while let event = pending.popLast() {
            guard seen.insert(event).inserted else { continue }
            if let earlier = passedOver[event] { pending += earlier } else { found.append(event) }
        }
        return found.sorted()
    }

    /// The event of Duolog that a resource belongs to.
    func source(of address: String?) -> EventHash? { address.flatMap { ownTargets[$0] } }
}

/// What a resource is called, for people and as its identity.
struct ResourceName: Hashable, Sendable {
    /// Such as `MedicationRequest/12`.
    let text: String
    /// The same for the same resource in another file.
    let identity: EventHash

    init(_ resource: FHIRValue, _ address: String?) {
        let type = resource["resourceType"]?.text ?? "?"
        let id = resource["id"]?.text
        text = "\(type)/\(id ?? address ?? "without an id")"
        let identifiers = resource["identifier"].map { $0.elements.isEmpty ? [$0] : $0.elements } ?? []
        let named = identifiers.lazy.compactMap { identifier in
            identifier["system"]?.text.flatMap { system in identifier["value"]?.text.map { "\(system)|\($0)" } }
        }.first
        let global = address.flatMap { $0.contains(":") ? $0 : nil }
        let own = named ?? global ?? id ?? (try? resource.json()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        identity = EventHash(of: Array("\(type) \(own)".utf8))
    }
}

/// Names of people.
enum HumanName {
    /// The first usual name as text.
    static func text(_ names: FHIRValue?) -> String? {
        let names = names?.elements ?? []
        let name = names.first { ["official", "usual"].contains($0["use"]?.text) } ?? names.first
        guard let name else { return nil }
        if let text = name["text"]?.text { return text }
        let parts = (name["given"]?.elements ?? []).compactMap(\.text) + [name["family"]?.text].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }
}
