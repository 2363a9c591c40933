public import EventLog

/// A referral is accepted (FHIR Task accepted).
public struct ReferralAccepted: HoldWriter {
    public static let kind: Kind = "referral.accepted"
    public static let fhir = "Task accepted"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    public static let targets = Targets.required(.lineage(.referral))
    /// Why, or how it ended.
    public let reason: String?
    /// The first appointment.
    public let first_appointment: ClinicalTime?

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.accepted) }

    public var summary: String { "referral accepted" + (reason.map { ": \($0)" } ?? "") }
}
