public import EventLog

/// What the patient says they take (FHIR MedicationStatement). It never changes the regimen.
public struct IntakeReported: EventBody {
    public static let kind: Kind = "intake.reported"
    public static let fhir = "MedicationStatement active/not-taken/on-hold"
    public static let rule = ConflictRule.keepAll
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.medication))
    /// A single dose; nil when nothing is taken.
    public let taking: Quantity?
    /// Since when.
    public let since: CalendarDay
    /// How regularly.
    public let adherence: String?
    /// Who said so, and how.
    public let source: String?

    /// What is taken.
    public init(taking: Quantity? = nil, since: CalendarDay, adherence: String? = nil, source: String? = nil) {
        self.taking = taking
        self.since = since
        self.adherence = adherence
        self.source = source
    }

    public func check() throws(ContentError) {
        try taking?.check("taking", positive: true)
        try requireYear(since, "since")
    }

    public var summary: String { "reported taking \(taking?.description ?? "none") since \(since)" }
}
