public import EventLog

/// Settles the heads that it names, and no others, with a whole value: one of them, another, or neither (FHIR Provenance).
public struct ConflictResolved: HoldWriter {
    /// The value of the register from now on: a whole medication value, or a status.
    public struct Outcome: Codable, Sendable {
        /// Of a medication.
        public let dose: Quantity?
        /// Of a medication.
        public let frequency: Frequency?
        /// Of a medication.
        public let route: String?
        /// Of any register.
        public let status: String
        /// Of a medication.
        public let effective_from: CalendarDay?
        /// Of a medication.
        public let as_needed: Bool?
        /// Of a medication.
        public let max_dose: Quantity?
    }

    public static let kind: Kind = "conflict.resolved"
    public static let fhir = "Provenance"
    public static let rule = ConflictRule.hold(.medication)
    public static let authors = Authors.authorsOfRegister
    public static let targets = Targets.required(.anyLineage)
    /// The whole value.
    public let outcome: Outcome
    /// Why.
    public let rationale: String
    /// Whether the patient was told.
    public let patient_contacted: Bool?

    public func check() throws(ContentError) { try requireText(rationale, "rationale") }

    func value(replacing named: [RegisterValue]) throws(ContentError) -> RegisterValue {
        for value in named {
            switch value {
            case .medication: return .medication(try medication())
            case .referral:
                guard let status = ReferralStatus(rawValue: outcome.status) else { throw unknownStatus }
                return .referral(status)
            case .episode:
                guard let status = EpisodeStatus(rawValue: outcome.status) else { throw unknownStatus }
                return .episode(status)
            case .erased: continue
            }
        }
        return MedicationValue.Status(rawValue: outcome.status) == nil ? .erased : .medication(try medication())
    }

    private func medication() throws(ContentError) -> MedicationValue {
        guard let status = MedicationValue.Status(rawValue: outcome.status) else { throw unknownStatus }
        guard let dose = outcome.dose, let frequency = outcome.frequency, let route = outcome.route,
            let from = outcome.effective_from
        else {
            throw ContentError("outcome", "must give the whole value: dose, frequency, route, status and effective_from")
        }
        let value = MedicationValue(
            dose: dose, frequency: frequency, route: route, status: status, effective_from: from,
            as_needed: outcome.as_needed, max_dose: outcome.max_dose)
        try value.check()
        return value
    }

    private var unknownStatus: ContentError {
        ContentError("outcome.status", "'\(outcome.status)' is not a status of this register")
    }

    public var summary: String {
        "settled: " + ((try? medication())?.description ?? outcome.status) + "; \(rationale)"
    }
}
