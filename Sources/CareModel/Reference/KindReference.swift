public import EventLog

/// What a kind of event is, for people: made from the code that enforces it.
public struct KindReference: Encodable, Hashable, Sendable {
    /// Its name.
    public let kind: Kind
    /// The version of its body.
    public let version: Int
    /// What happens when two people decided at once.
    public let rule: String
    /// Who may author it.
    public let authors: String
    /// What it names in refs.
    public let refs: String
    /// Its counterpart in FHIR R4.
    public let fhir: String
    /// True when a replica that does not know it must call the chart incomplete.
    public let critical: Bool
    /// True when its body is never erased.
    public let never_erased: Bool
    /// The members of its body, beside salt and when.
    public let fields: [KindField]

    /// Describes a kind.
    public init(_ type: any EventBody.Type) {
        kind = type.kind
        version = type.version
        rule = type.kind == ConflictResolved.kind ? "hold: it writes the register that it settles" : Self.words(type.rule)
        authors = Self.words(type.authors)
        refs = Self.words(type.targets)
        fhir = type.fhir
        critical = type.critical
        never_erased = Catalogue.neverErased.contains(type.kind)
        fields = FieldRecorder.fields(of: type)
    }

    /// All kinds, in the order of the catalogue.
    public static var all: [KindReference] { Catalogue.kinds.map { KindReference($0) } }

    private static func words(_ rule: ConflictRule) -> String {
        switch rule {
        case .hold(let register): "hold: different values of the \(register.rawValue) stand side by side as a dispute"
        case .safe(let register): "safe: the safe value of the \(register.rawValue) counts until an event names what it lifts"
        case .keepAll: "keep-all"
        }
    }

    private static func list(_ scopes: Set<Scope>) -> String { scopes.map(\.rawValue).sorted().joined(separator: ", ") }

    private static func words(_ authors: Authors) -> String {
        switch authors {
        case .founder: "the founder, once"
        case .member: "any member"
        case .scopes(let scopes): "a member with one of the scopes \(list(scopes)), and a credential that may act in it"
        case .steward: "a steward"
        case .stewardOrSubject: "a steward, or the member that it is about"
        case .authorOfTarget: "the author of what it names"
        case .authorOfTargetOrSteward: "the author of what it names, or a steward"
        case .authorsOfRegister: "whoever may author the register that it names"
        case .journal: "the node, in its journal"
        }
    }

    private static func words(_ targets: Targets) -> String {
        switch targets {
        case .none: "nothing"
        case .optional(let set): "any number of \(words(set))"
        case .required(let set): "at least one of \(words(set))"
        case .one(let set): "exactly one of \(words(set))"
        }
    }

    private static func words(_ set: Targets.TargetSet) -> String {
        switch set {
        case .kinds(let kinds): kinds.map(\.name).sorted().joined(separator: ", ")
        case .lineage(let register): "the events of one \(register.rawValue)"
        case .anyLineage: "the events of one medication, referral or episode"
        case .any: "the events of the chart"
        }
    }
}

extension KindReference {
    /// `docs/EVENTS.md`, line for line.
    public static var document: String {
        var lines = [
            "# Kinds of events", "",
            "Made from the code by `duolog kinds --markdown`; a test holds the two together. `duolog kinds KIND` prints one of them.",
            "",
            "Every body begins with `salt` and `when` (clinical time with its offset) and goes on with the members below. What is not",
            "required may be left out.",
        ]
        for kind in all {
            lines += [
                "", "## `\(kind.kind)`", "", "| | |", "| --- | --- |", "| may author | \(kind.authors) |",
                "| rule | \(kind.rule) |",
                "| names in refs | \(kind.refs) |", "| FHIR R4 | \(kind.fhir) |",
            ]
            if kind.never_erased { lines.append("| erasure | never: it says who held what |") }
            if !kind.fields.isEmpty { lines += ["", "| member | form | required |", "| --- | --- | --- |"] }
            lines += kind.fields.map { "| `\($0.name)` | \($0.form) | \($0.required ? "yes" : "") |" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
