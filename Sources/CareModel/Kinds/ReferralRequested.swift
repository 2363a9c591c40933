public import EventLog

/// A referral (FHIR ServiceRequest active, Task requested).
public struct ReferralRequested: HoldWriter {
    /// FHIR's request priority.
    public enum Priority: String, CaseIterable, Codable, Sendable {
        /// In the usual time.
        case routine
        /// Sooner than routine.
        case urgent
        /// As soon as possible.
        case asap
        /// At once.
        case stat
    }

    public static let kind: Kind = "referral.requested"
    public static let fhir = "ServiceRequest active, intent order + Task requested"
    public static let rule = ConflictRule.hold(.referral)
    public static let authors = Authors.clinician
    /// What is asked for.
    public let service: String
    /// Whom it is asked of.
    public let to: NodeID
    /// How soon.
    public let priority: Priority
    /// Why.
    public let reason: String?
    /// LOINC 57133-1 notes.
    public let attachments: [String]?

    /// A referral.
    public init(service: String, to: NodeID, priority: Priority, reason: String? = nil, attachments: [String]? = nil) {
        self.service = service
        self.to = to
        self.priority = priority
        self.reason = reason
        self.attachments = attachments
    }

    public func check() throws(ContentError) { try requireText(service, "service") }

    func value(replacing named: [RegisterValue]) -> RegisterValue { .referral(.requested) }

    public var summary: String { "referral requested: \(service) (\(priority.rawValue))" }
}
