public import EventLog

/// A referral is completed (FHIR Task completed).
public struct ReferralCompleted: HoldWriter {
    public static let kind: Kind = "referral.completed"
    public static let fhir = "Task completed"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.referral))
    /// Why, or how it ended.
    public let reason: String?
    /// The first appointment.
    public let first_appointment: ClinicalTime?

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.completed) }

    public var summary: String { "referral completed" + (reason.map { ": \($0)" } ?? "") }
}
