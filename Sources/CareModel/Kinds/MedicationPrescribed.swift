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

    /// A prescription.
    public init(
        drug: Code, dose: Quantity, frequency: Frequency, route: String, effective_from: CalendarDay, as_needed: Bool? = nil,
        max_dose: Quantity? = nil, titration_plan: String? = nil, indication: String? = nil, based_on: [EventHash]? = nil
    ) {
        self.drug = drug
        self.dose = dose
        self.frequency = frequency
        self.route = route
        self.effective_from = effective_from
        self.as_needed = as_needed
        self.max_dose = max_dose
        self.titration_plan = titration_plan
        self.indication = indication
        self.based_on = based_on
    }

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
