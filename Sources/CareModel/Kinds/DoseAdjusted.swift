public import EventLog

/// A dose is changed (FHIR: a new MedicationRequest with priorPrescription). It gives the whole value; what it does not say stays.
public struct DoseAdjusted: HoldWriter {
    /// Why a dose is changed.
    public enum Reason: String, CaseIterable, Codable, Sendable {
        /// By plan.
        case titration
        /// Some effect, not enough.
        case partialResponse = "partial-response"
        /// An unwanted effect.
        case sideEffect = "side-effect"
        /// With another medicine.
        case interaction
        /// Not taken as intended.
        case adherence
    }

    public static let kind: Kind = "dose.adjusted"
    public static let fhir = "new MedicationRequest with priorPrescription"
    public static let rule = ConflictRule.hold(.medication)
    public static let authors = Authors.scopes([.prescribing])
    public static let targets = Targets.required(.lineage(.medication))
    /// The dose before, as the author saw it.
    public let from: Quantity
    /// The dose from now on.
    public let to: Quantity
    /// Why.
    public let reason: Reason
    /// From which day on.
    public let effective_from: CalendarDay
    /// A new frequency.
    public let frequency: Frequency?
    /// What the decision rests on.
    public let based_on: [EventHash]?

    public func check() throws(ContentError) {
        try from.check("from", positive: true)
        try to.check("to", positive: true)
        try frequency?.check("frequency")
        try requireYear(effective_from, "effective_from")
    }

    func value(replacing named: [RegisterValue]) throws(ContentError) -> RegisterValue {
        var value = try MedicationValue.common(of: named)
        if let dose = value.dose, dose != from {
            throw ContentError("from", "says \(from), but the dose that it changes is \(dose)")
        }
        guard value.status != .stopped else { throw ContentError("refs", "the medication was stopped: prescribe it anew") }
        value.dose = to
        value.frequency = frequency ?? value.frequency
        value.effective_from = effective_from
        return .medication(value)
    }

    public var summary: String {
        "dose \(from) -> \(to)" + (frequency.map { " \($0)" } ?? "") + ", \(reason.rawValue), from \(effective_from)"
    }
}
