public import EventLog

/// A node joins the chart; the whole chart is disclosed to it (FHIR CareTeam). An admission that names a removal lifts it. Never erasable.
public struct MemberAdmitted: EventBody {
    public static let kind: Kind = "member.admitted"
    public static let fhir = "CareTeam active"
    public static let rule = ConflictRule.safe(.membership)
    public static let authors = Authors.steward
    public static let targets = Targets.optional(.kinds([kind, MemberRemoved.kind, ChartOpened.kind]))
    /// The node's public key; its short id is pinned to it from here on.
    public let node_key: NodePublicKey
    /// The practice, as the other members know it.
    public let name: String
    /// What it may do.
    public let scopes: [Scope]
    /// Where it can be reached; informative.
    public let address: String?

    /// Admits a node.
    public init(node_key: NodePublicKey, name: String, scopes: [Scope], address: String? = nil) {
        self.node_key = node_key
        self.name = name
        self.scopes = scopes
        self.address = address
    }

    public func check() throws(ContentError) {
        try requireText(name, "name")
        guard !scopes.isEmpty else { throw ContentError("scopes", "at least one is needed") }
    }

    public var summary: String { "\(name) (\(node_key.node)) admitted: \(scopes.map(\.rawValue).joined(separator: ", "))" }
}
