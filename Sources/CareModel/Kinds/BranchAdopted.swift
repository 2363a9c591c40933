public import EventLog

/// A person has looked at a fork and closes the alert; it names both tips. Nothing is discarded.
public struct BranchAdopted: EventBody {
    public static let kind: Kind = "branch.adopted"
    public static let fhir = "Provenance"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.member
    public static let targets = Targets.required(.any)
    /// Why the record can be relied on.
    public let rationale: String

    /// A review of what the refs name.
    public init(rationale: String) { self.rationale = rationale }

    public func check() throws(ContentError) { try requireText(rationale, "rationale") }

    public var summary: String { "fork reviewed: \(rationale)" }
}
