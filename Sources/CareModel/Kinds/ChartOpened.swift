public import EventLog

/// The genesis of a chart: it pins the founder's key, and the chart's id is the hash of that key and the nonce. Never erasable.
public struct ChartOpened: EventBody {
    public static let kind = ChartFounding.kind
    public static let fhir = "Composition"
    public static let rule = ConflictRule.safe(.membership)
    public static let authors = Authors.founder
    /// The founder's first public key: its id, and the chart's, come from it.
    public let node_key: NodePublicKey
    /// 16 random bytes, base64url.
    public let nonce: String
    /// The founder's practice, as the other members know it.
    public let name: String
    /// How the founder came to have its present key, where that is not the first.
    public let succession: [KeySuccession]?

    /// Opens a chart.
    public init(keys: NodeKeys, nonce: String, name: String) {
        node_key = keys.first
        self.nonce = nonce
        self.name = name
        succession = keys.successions.isEmpty ? nil : keys.successions
    }

    /// The founder's keys.
    public var keys: NodeKeys { NodeKeys(first: node_key, succession ?? []) }

    public func check() throws(ContentError) { try requireSuccession(succession, keys) }

    public var summary: String { "chart opened by \(name)" }
}
