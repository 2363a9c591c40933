public import EventLog

/// A laboratory result (FHIR Observation final, corrected where it names another).
public struct LabResulted: EventBody {
    public static let kind: Kind = "lab.resulted"
    public static let fhir = "Observation final, corrected"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.scopes([.prescribing, .primaryCare])
    public static let targets = Targets.optional(.kinds([kind]))
    /// LOINC, or text.
    public let code: Code
    /// How much.
    public let value: Quantity
    /// What is usual, in words.
    public let range: String?

    public func check() throws(ContentError) {
        try code.check("code")
        try value.check("value")
    }

    public var summary: String { "\(code.display): \(value)" + (range.map { " (usual \($0))" } ?? "") }
}
