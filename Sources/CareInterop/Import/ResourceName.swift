import EventLog

/// What a resource is called, for people and as its identity.
struct ResourceName: Hashable, Sendable {
    /// Such as `MedicationRequest/12`.
    let text: String
    /// The same for the same resource in another file: by its first identifier with a system.
    let identity: EventHash
    /// By its address or id alone, for where an identifier is that of several resources.
    let place: EventHash

    init(_ resource: FHIRValue, _ address: String?) {
        let type = resource["resourceType"]?.text ?? "?"
        let id = resource["id"]?.text
        // Nobody reads more, and what is kept of a resource must stay small.
        text = String("\(type)/\(id ?? address ?? "without an id")".prefix(96))
        let identifiers = resource["identifier"].map { $0.elements.isEmpty ? [$0] : $0.elements } ?? []
        let named = identifiers.lazy.compactMap { Self.identifier($0) }.first
        let own = Self.place(address, id) ?? (try? resource.json()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        place = EventHash(of: Array("\(type) \(own)".utf8))
        identity = named.map { EventHash(of: Array("\(type) \($0)".utf8)) } ?? place
    }

    /// `system|value`; nil for a value without a system, which may be anybody's.
    static func identifier(_ identifier: FHIRValue) -> String? {
        identifier["system"]?.text.flatMap { system in identifier["value"]?.text.map { "\(system)|\($0)" } }
    }

    /// A UUID is the same in `urn:uuid:`, as an id, and at the end of an address: one system writes all three. Other ids are one server's.
    private static func place(_ address: String?, _ id: String?) -> String? {
        guard let address, address.contains(":") else { return id.map { uuid($0) ?? $0 } }
        let last = address.split { ":/".contains($0) }.last.map(String.init)
        return last.flatMap { uuid($0) } ?? address
    }

    private static func uuid(_ text: String) -> String? {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12], groups.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else { return nil }
        return text.lowercased()
    }
}

extension FHIRValue {
    /// What a resource says, without what changes from one export to the next: its id, its version, its narrative.
    var substance: EventHash {
        var members = members
        for name in ["id", "meta", "text"] { members[name] = nil }
        return EventHash(of: (try? FHIRValue.object(members).json()) ?? [])
    }
}

/// The addresses by which others may name a resource of the file.
struct ResourceAddresses: Hashable, Sendable {
    /// As they may stand in a reference.
    let all: Set<String>
    /// On a server: a reference to the same path of another server means something else.
    private let hasServer: Bool

    init(_ resource: FHIRValue, _ address: String?) {
        var all: Set<String> = []
        if let address { all.insert(address) }
        hasServer = address?.hasPrefix("http") == true
        if let type = resource["resourceType"]?.text {
            if let id = resource["id"]?.text { all.insert("\(type)/\(id)") }
            for identifier in (resource["identifier"]?.elements ?? []).compactMap({ ResourceName.identifier($0) }) {
                all.insert("\(type)?identifier=\(identifier)")
            }
        }
        self.all = all
    }

    /// True when a reference means this resource.
    func contain(_ reference: String) -> Bool {
        Self.forms(of: reference, ofOtherServers: !hasServer).contains { all.contains($0) }
    }

    /// The last part of a reference: what names somebody within a file, in whatever form.
    static func id(of reference: String) -> String {
        let plain = forms(of: reference, ofOtherServers: false).first ?? reference
        return plain.split { ":/".contains($0) }.last.map(String.init) ?? plain
    }

    /// The forms in which a reference may have been meant: as it stands, and by type and id, as in a file without addresses.
    static func forms(of reference: String, ofOtherServers: Bool) -> [String] {
        // A version (Patient/1/_history/2) names the same resource.
        let plain = reference.firstRange(of: "/_history/").map { String(reference[..<$0.lowerBound]) } ?? reference
        let path = plain.split(separator: "/", omittingEmptySubsequences: true)
        if plain.hasPrefix("http") {
            return [plain] + (ofOtherServers ? [path.suffix(2).joined(separator: "/")] : [])
        }
        // Systems that write urn:uuid: in Bundles write the same UUID as the id elsewhere.
        if plain.hasPrefix("urn:uuid:") {
            let id = plain.dropFirst("urn:uuid:".count)
            return [plain, "Patient/\(id)", "Medication/\(id)"]
        }
        return [plain] + (path.last.map { ["urn:uuid:\($0)"] } ?? [])
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
