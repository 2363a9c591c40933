public import EventLog

/// A condition, as somebody diagnosed it (FHIR Condition). A later one that names it says how it went on.
public struct ConditionRecorded: EventBody {
    /// FHIR's clinical status.
    public enum Status: String, CaseIterable, Codable, Sendable {
        /// There now.
        case active
        /// There again after it had gone.
        case recurrence
        /// Worse again.
        case relapse
        /// Not there now.
        case inactive
        /// Better, and may come back.
        case remission
        /// Gone.
        case resolved
    }

    /// FHIR's verification status, as far as it says something that stands.
    public enum Verification: String, CaseIterable, Codable, Sendable {
        /// Not confirmed.
        case unconfirmed
        /// For now.
        case provisional
        /// One of several that are possible.
        case differential
        /// Confirmed.
        case confirmed
    }

    public static let kind: Kind = "condition.recorded"
    public static let fhir = "Condition"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.optional(.kinds([kind]))
    /// ICD-10-CM, SNOMED, or text.
    public let code: Code
    /// Whether it is there now.
    public let status: Status
    /// How sure it is.
    public let verification: Verification?
    /// Since when.
    public let onset: CalendarDay?
    /// Until when.
    public let abated: CalendarDay?

    /// A condition.
    public init(code: Code, status: Status, verification: Verification?, onset: CalendarDay?, abated: CalendarDay?) {
        self.code = code
        self.status = status
        self.verification = verification
        self.onset = onset
        self.abated = abated
    }

    public func check() throws(ContentError) {
        try code.check("code")
        for (day, field) in [(onset, "onset"), (abated, "abated")] {
            if let day { try requireYear(day, field) }
        }
        if let onset, let abated, abated < onset { throw ContentError("abated", "\(abated) lies before the onset on \(onset)") }
    }

    public var summary: String { "condition: \(code.display) (\(status.rawValue))" + (onset.map { " since \($0)" } ?? "") }
}
