import CareModel
import EventLog
import FoundationEssentials

/// What the resources of a bundle are made from, and how they name each other.
struct ExportContext {
    let fold: Fold
    let chart: ChartID
    let entries: [Fold.Entry]
    let regimen: RegimenView
    let membership: MembershipView
    private let byEvent: [EventHash: Fold.Entry]

    init(_ fold: Fold) {
        self.fold = fold
        chart = fold.record.graph.chart
        entries = fold.entries
        regimen = RegimenView(fold)
        membership = MembershipView(fold)
        byEvent = Dictionary(entries.map { ($0.label.event, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func entry(_ event: EventHash) -> Fold.Entry? { byEvent[event] }

    // MARK: Addresses

    /// The address of a resource that an event stands for: a UUID of version 8, made from the event's name.
    func id(_ event: EventHash, _ part: String = "") -> String { Self.uuid("\(event) \(part)") }

    var patientID: String { Self.uuid("\(chart) patient") }
    var compositionID: String { Self.uuid("\(chart) composition") }
    func organizationID(_ node: NodeID) -> String { Self.uuid("\(chart) organization \(node)") }
    func practitionerID(_ node: NodeID, _ author: AuthorID) -> String {
        Self.uuid("\(chart) practitioner \(node) \(author.text)")
    }

    static func uuid(_ name: String) -> String {
        var bytes = Array(EventHash(of: Array(name.utf8)).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]].map { $0.joined() }.joined(
            separator: "-")
    }

    func reference(_ id: String) -> FHIRValue { ["reference": .string("urn:uuid:\(id)")] }

    var patient: FHIRValue { reference(patientID) }

    /// Whoever recorded an event: the practitioner where the chart knows one, otherwise the practice's node.
    func author(_ entry: Fold.Entry) -> FHIRValue {
        let node = entry.envelope.origin.node
        let known = membership.members.first { $0.node == node }?.practitioners.contains { $0.author == entry.envelope.author }
        return known ?? false
            ? reference(practitionerID(node, entry.envelope.author)) : reference(organizationID(node))
    }

    /// The practice of a node; a node that the chart does not know is named by its id.
    func organization(_ node: NodeID) -> FHIRValue {
        membership.members.contains { $0.node == node }
            ? reference(organizationID(node))
            : ["identifier": ["system": .string(CodeSystem.node), "value": .string("\(node)")]]
    }

    func identifier(_ event: EventHash) -> FHIRValue {
        [["system": .string(CodeSystem.event), "value": .string("\(event)")]]
    }

    /// The medication that an event belongs to, by any event of it.
    func lineage(naming events: [EventHash]) -> RegimenView.Lineage? {
        regimen.medications.first { lineage in lineage.history.contains { events.contains($0.label.event) } }
    }

    // MARK: Data types

    func text(_ text: String) -> FHIRValue { ["text": .string(text)] }

    func coding(_ system: String, _ code: String, _ display: String? = nil) -> FHIRValue {
        .some(["system": .string(system), "code": .string(code), "display": display.map { .string($0) }])
    }

    func concept(_ system: String, _ code: String, _ display: String? = nil) -> FHIRValue {
        .some(["coding": [coding(system, code, display)], "text": display.map { .string($0) }])
    }

    func concept(_ code: Code) -> FHIRValue {
        guard let address = CodeSystem.address(of: code.system), let symbol = code.code else { return text(code.display) }
        return concept(address, symbol, code.display)
    }

    /// A number that is no plain decimal cannot stand in a FHIR quantity.
    func quantity(_ quantity: Quantity) -> FHIRValue? {
        quantity.number.map {
            [
                "value": .number($0), "unit": .string(quantity.unit), "system": .string(CodeSystem.ucum),
                "code": .string(quantity.unit),
            ]
        }
    }

    func time(_ time: ClinicalTime) -> FHIRValue { .string("\(time)") }

    func day(_ day: CalendarDay) -> FHIRValue { .string("\(day)") }

    func note(_ text: String?) -> FHIRValue? { text.map { [["text": .string($0)]] } }
}
