import CareModel
public import EventLog

/// What has to be known of a whole file before its first resource can be taken: who it is about, the medicines that others point to,
/// which answers belong to one questionnaire, and what was written by Duolog itself.
public struct ImportIndex: Sendable {
    /// Somebody that the file is about.
    public struct Patient: Sendable, Hashable {
        /// Name as text.
        public let name: String?
        /// Day of birth.
        public let birth: CalendarDay?
        let resource: EventHash
        let addresses: ResourceAddresses
    }

    /// The patients, in the order of the file; one that stands there twice counts once.
    public private(set) var patients: [Patient] = []
    /// Resources in all.
    public private(set) var count = 0
    /// Whom the resources say they are about, where no Patient stands in the file.
    private var subjects: Set<String> = []
    private var medicines: [String: (code: FHIRValue, addresses: ResourceAddresses)] = [:]
    private var groups: [GroupKey: ScaleGroup] = [:]
    /// What resources of one identity say. Where that differs the identifier is that of several, such as the number of an order.
    private var substances: [EventHash: EventHash] = [:]
    private var shared: Set<EventHash> = []
    /// The event that a resource of Duolog's own stands for, by the resource's address.
    private var ownTargets: [String: EventHash] = [:]
    /// What the authors of events that are not taken had before them: whoever had seen one of these had seen that.
    private var passedOver: [EventHash: [EventHash]] = [:]

    /// Nothing read yet.
    public init() {}

    /// Takes note of something that is no resource.
    public mutating func noteBroken() { count += 1 }

    /// Takes note of a resource.
    public mutating func note(_ resource: FHIRValue, at address: String?) {
        count += 1
        let name = ResourceName(resource, address)
        if name.identity != name.place {
            let substance = resource.substance
            if substances.updateValue(substance, forKey: name.identity).map({ $0 != substance }) == true {
                shared.insert(name.identity)
            }
        }
        if let subject = (resource["subject"] ?? resource["patient"])?["reference"]?.text {
            // A number of people is enough: nothing is taken of more than one.
            if subjects.count < 100 { subjects.insert(ResourceAddresses.id(of: subject)) }
        }
        switch resource["resourceType"]?.text {
        case "Patient": notePatient(resource, address, name)
        case "Medication":
            guard let code = resource["code"] else { return }
            let addresses = ResourceAddresses(resource, address)
            for address in addresses.all { medicines[address] = (code, addresses) }
        case "Observation", "QuestionnaireResponse":
            guard Reading.isReadable(resource), let key = GroupKey(resource) else { return }
            groups[key, default: ScaleGroup()].add(resource, named: name)
        case "Provenance":
            guard let source = (resource["extension"]?.elements ?? []).lazy.compactMap({ SourceEvent($0) }).first else { return }
            if !source.isTaken { passedOver[source.event] = source.parents }
            for target in resource["target"]?.elements ?? [] {
                if let reference = target["reference"]?.text { ownTargets[reference] = source.event }
            }
        default: break
        }
    }

    private mutating func notePatient(_ resource: FHIRValue, _ address: String?, _ name: ResourceName) {
        let patient = Patient(
            name: HumanName.text(resource["name"]), birth: resource["birthDate"]?.text.flatMap { CalendarDay($0) },
            resource: name.identity, addresses: ResourceAddresses(resource, address))
        if !patients.contains(where: { $0.resource == patient.resource }) { patients.append(patient) }
    }

    /// How many people the file is about.
    public var people: Int { patients.isEmpty ? subjects.count : patients.count }

    /// The identity of a resource: its identifier, where that is its own.
    func identity(of name: ResourceName) -> EventHash { shared.contains(name.identity) ? name.place : name.identity }

    func medicine(_ reference: String) -> FHIRValue? {
        ResourceAddresses.forms(of: reference, ofOtherServers: true).lazy.compactMap { medicines[$0] }
            .first { $0.addresses.contain(reference) }?.code
    }

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
