public import EventLog

/// Sleep, mood, energy and the like, as the patient tells or a device measures (FHIR Observation final).
public struct SymptomObserved: EventBody {
    public static let kind: Kind = "symptom.observed"
    public static let fhir = "Observation final"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    /// LOINC, or text: sleep, mood, energy.
    public let code: Code
    /// How much.
    public let value: Quantity
    /// What measured it.
    public let device: String?

    /// An observation.
    public init(code: Code, value: Quantity, device: String? = nil) {
        self.code = code
        self.value = value
        self.device = device
    }

    public func check() throws(ContentError) {
        try code.check("code")
        try value.check("value")
    }

    public var summary: String { "\(code.display): \(value)" }
}
