public import EventLog

/// A referral is rejected (FHIR Task rejected).
public struct ReferralRejected: HoldWriter {
    public static let kind: Kind = "referral.rejected"
    public static let fhir = "Task rejected"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.referral))
    /// Why, or how it ended.
    public let reason: String?
    /// The first appointment.
    public let first_appointment: ClinicalTime?

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.rejected) }

    public var summary: String { "referral rejected" + (reason.map { ": \($0)" } ?? "") }
}
