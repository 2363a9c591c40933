public import EventLog

/// The writing node has a new key; the old one signed that it has (FHIR Provenance). From here on the new one vouches for what the node
/// writes. Never erasable.
public struct KeyRotated: EventBody {
    public static let kind: Kind = "key.rotated"
    public static let fhir = "Device, Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.member
    /// The old key's word.
    public let succession: KeySuccession

    /// Says that the key is another.
    public init(_ succession: KeySuccession) { self.succession = succession }

    /// What the node writes to say it in a chart.
    public static func draft(_ succession: KeySuccession, in chart: ChartID, at time: Timestamp, salt: [UInt8]) -> Draft {
        Draft(
            chart: chart, saying: KeyRotated(succession), when: ClinicalTime(instant: time, offsetMinutes: 0), salt: salt)
    }

    public var summary: String { "the node's key was rotated: \(succession.new) took the place of \(succession.old)" }
}
