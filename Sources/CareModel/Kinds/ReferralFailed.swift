public import EventLog

/// A referral is failed (FHIR Task failed).
public struct ReferralFailed: HoldWriter {
    public static let kind: Kind = "referral.failed"
    public static let fhir = "Task failed"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.referral))
    /// Why, or how it ended.
    public let reason: String?
    /// The first appointment.
    public let first_appointment: ClinicalTime?

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.failed) }

    public var summary: String { "referral failed" + (reason.map { ": \($0)" } ?? "") }
}
