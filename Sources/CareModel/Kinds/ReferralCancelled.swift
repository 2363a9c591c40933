public import EventLog

/// A referral is cancelled (FHIR Task cancelled).
public struct ReferralCancelled: HoldWriter {
    public static let kind: Kind = "referral.cancelled"
    public static let fhir = "Task cancelled"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.referral))
    /// Why, or how it ended.
    public let reason: String?
    /// The first appointment.
    public let first_appointment: ClinicalTime?

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.cancelled) }

    public var summary: String { "referral cancelled" + (reason.map { ": \($0)" } ?? "") }
}
