public import EventLog

/// Who the chart is about (FHIR Patient). A correction names the one that it corrects; the newest leads, the others stand beside it.
public struct PatientIdentified: EventBody {
    public static let kind: Kind = "patient.identified"
    public static let fhir = "Patient"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.member
    public static let targets = Targets.optional(.kinds([kind]))
    /// Full name.
    public let name: String
    /// Day of birth.
    public let birth_date: CalendarDay
    /// Numbers of the patient elsewhere, such as an insurer's.
    public let identifiers: [String]?
    /// How to reach the patient.
    public let contact: String?
    /// As the patient gives it.
    public let sex: String?

    public func check() throws(ContentError) {
        try requireText(name, "name")
        try requireYear(birth_date, "birth_date")
    }

    public var summary: String { "patient \(name), born \(birth_date)" }
}
