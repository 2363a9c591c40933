public import EventLog

/// A node joins the chart; the whole chart is disclosed to it (FHIR CareTeam). An admission that names a removal lifts it. Never erasable.
public struct MemberAdmitted: EventBody {
    public static let kind: Kind = "member.admitted"
    public static let fhir = "CareTeam active"
    public static let rule = ConflictRule.safe(.membership)
    public static let authors = Authors.steward
    public static let targets = Targets.optional(.kinds([kind, MemberRemoved.kind, ChartOpened.kind]))
    /// The node's first public key; its short id is pinned to it from here on.
    public let node_key: NodePublicKey
    /// The practice, as the other members know it.
    public let name: String
    /// What it may do.
    public let scopes: [Scope]
    /// Where it can be reached; informative.
    public let address: String?
    /// How the node came to have its present key, where that is not the first.
    public let succession: [KeySuccession]?

    /// Admits a node.
    public init(keys: NodeKeys, name: String, scopes: [Scope], address: String? = nil) {
        node_key = keys.first
        succession = keys.successions.isEmpty ? nil : keys.successions
        self.name = name
        self.scopes = scopes
        self.address = address
    }

    /// The node's keys.
    public var keys: NodeKeys { NodeKeys(first: node_key, succession ?? []) }

    public func check() throws(ContentError) {
        try requireText(name, "name")
        guard !scopes.isEmpty else { throw ContentError("scopes", "at least one is needed") }
        try requireSuccession(succession, keys)
    }

    public var summary: String { "\(name) (\(keys.node)) admitted: \(scopes.map(\.rawValue).joined(separator: ", "))" }
}
