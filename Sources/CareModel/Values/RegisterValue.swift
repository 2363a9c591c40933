public import EventLog

/// The value of a hold register.
public enum RegisterValue: Hashable, Codable, Sendable {
    /// Of a medication lineage.
    case medication(MedicationValue)
    /// Of a referral.
    case referral(ReferralStatus)
    /// Of an episode.
    case episode(EpisodeStatus)
    /// The body that gave it was erased.
    case erased
}

/// What is prescribed: dose, frequency, route, status and effective date are one register. A part is nil where it was erased.
public struct MedicationValue: Hashable, Codable, Sendable {
    /// FHIR's MedicationRequest.status, as far as a lineage uses it.
    public enum Status: String, Hashable, Codable, Sendable {
        /// Being taken.
        case active
        /// Interrupted.
        case onHold = "on-hold"
        /// Ended.
        case stopped
    }

    /// A single dose.
    public var dose: Quantity?
    /// How often.
    public var frequency: Frequency?
    /// By which way, such as `oral`.
    public var route: String?
    /// Whether it is taken.
    public var status: Status
    /// From which day on.
    public var effective_from: CalendarDay?
    /// Taken when needed, up to `max_dose` a day.
    public var as_needed: Bool?
    /// The most in a day when it is taken as needed.
    public var max_dose: Quantity?

    /// What is taken in a day; nil when it was erased, is not active, or is taken as needed.
    public var dailyDose: Quantity? {
        guard status == .active, as_needed != true, let dose else { return nil }
        return frequency?.daily(dose)
    }

    func check() throws(ContentError) {
        try dose?.check("dose", positive: true)
        try frequency?.check("frequency")
        try max_dose?.check("max_dose", positive: true)
        if let route, route.isEmpty { throw ContentError("route", "is empty") }
        if let effective_from, !(1900...2199).contains(effective_from.parts.year) {
            throw ContentError("effective_from", "the year must lie between 1900 and 2199")
        }
    }
}

/// FHIR's Task.status, as far as a referral uses it.
public enum ReferralStatus: String, Hashable, Codable, Sendable {
    /// Asked for.
    case requested
    /// The receiver took it.
    case accepted
    /// The receiver declined.
    case rejected
    /// Done.
    case completed
    /// It came to nothing.
    case failed
    /// The requester took it back.
    case cancelled
}

/// FHIR's EpisodeOfCare.status, as far as it is used.
public enum EpisodeStatus: String, Hashable, Codable, Sendable {
    /// Care goes on.
    case active
    /// Care has ended.
    case finished
}

extension RegisterValue: CustomStringConvertible {
    /// The value in words.
    public var description: String {
        switch self {
        case .medication(let value): value.description
        case .referral(let status): status.rawValue
        case .episode(let status): status.rawValue
        case .erased: "[erased]"
        }
    }
}

extension MedicationValue: CustomStringConvertible {
    /// The value in words, with the day from which it holds.
    public var description: String {
        "\(amount) from \(effective_from?.description ?? "[erased]")"
    }

    /// The dose in words: what people name a value by.
    public var amount: String {
        switch status {
        case .active:
            let dose = dose?.description ?? "[erased]"
            guard as_needed != true else { return "\(dose) as needed" }
            return frequency == Frequency(times: 1, period: 1, unit: .days)
                ? dose : "\(dose) \(frequency?.description ?? "[erased]")"
        case .onHold: return "on hold"
        case .stopped: return "stopped"
        }
    }
}
