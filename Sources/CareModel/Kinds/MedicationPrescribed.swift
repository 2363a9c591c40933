public import EventLog

/// A medicine is prescribed: the root of a medication lineage (FHIR MedicationRequest active, intent order).
public struct MedicationPrescribed: HoldWriter {
    public static let kind: Kind = "medication.prescribed"
    public static let fhir = "MedicationRequest active, intent order"
    public static let rule = ConflictRule.hold(.medication)
    public static let authors = Authors.scopes([.prescribing])
    /// RxNorm.
    public let drug: Code
    /// A single dose.
    public let dose: Quantity
    /// How often.
    public let frequency: Frequency
    /// By which way.
    public let route: String
    /// From which day on.
    public let effective_from: CalendarDay
    /// Taken when needed.
    public let as_needed: Bool?
    /// The most in a day when needed.
    public let max_dose: Quantity?
    /// How the dose is meant to go on.
    public let titration_plan: String?
    /// What for.
    public let indication: String?
    /// What the decision rests on.
    public let based_on: [EventHash]?

    public func check() throws(ContentError) {
        try drug.check("drug")
        try requireText(route, "route")
        try medication.check()
    }

    private var medication: MedicationValue {
        MedicationValue(
            dose: dose, frequency: frequency, route: route, status: .active, effective_from: effective_from,
            as_needed: as_needed, max_dose: max_dose)
    }

    func value(replacing named: [RegisterValue]) -> RegisterValue { .medication(medication) }

    public var summary: String { "prescribed \(drug.display): \(dose) \(frequency), \(route), from \(effective_from)" }
}
