public import EventLog

/// The genesis of a chart: it pins the founder's key, and the chart's id is the hash of that key and the nonce. Never erasable.
public struct ChartOpened: EventBody {
    public static let kind = ChartFounding.kind
    public static let fhir = "Composition"
    public static let rule = ConflictRule.safe(.membership)
    public static let authors = Authors.founder
    /// The founder's public key.
    public let node_key: NodePublicKey
    /// 16 random bytes, base64url.
    public let nonce: String
    /// The founder's practice, as the other members know it.
    public let name: String

    /// Opens a chart.
    public init(node_key: NodePublicKey, nonce: String, name: String) {
        self.node_key = node_key
        self.nonce = nonce
        self.name = name
    }

    public var summary: String { "chart opened by \(name)" }
}
