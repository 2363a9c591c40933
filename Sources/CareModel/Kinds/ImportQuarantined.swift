public import EventLog

/// A resource that could not be taken faithfully, in the node's journal, with the reason: nothing of a file is dropped without a word.
public struct ImportQuarantined: EventBody {
    public static let kind: Kind = "import.quarantined"
    public static let fhir = "never exported"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.journal
    /// Into which chart it was meant to go.
    public let chart: ChartID
    /// SHA-256 of the file.
    public let file: EventHash
    /// The same for the same resource in another file.
    public let identity: EventHash
    /// The same for the same content.
    public let content: EventHash
    /// Its type and id.
    public let name: String
    /// Why it was not taken.
    public let reason: String
    /// The resource; missing where it is too long to be kept.
    public let source: String?

    /// A resource and why it was not taken.
    public init(
        chart: ChartID, file: EventHash, identity: EventHash, content: EventHash, name: String, reason: String, source: String?
    ) {
        self.chart = chart
        self.file = file
        self.identity = identity
        self.content = content
        self.name = name
        self.reason = reason
        self.source = source
    }

    public var summary: String { "\(name) kept aside: \(reason)" }
}
