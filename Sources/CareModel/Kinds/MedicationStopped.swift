public import EventLog

/// A medicine is stopped (FHIR MedicationRequest stopped).
public struct MedicationStopped: HoldWriter {
    public static let kind: Kind = "medication.stopped"
    public static let fhir = "MedicationRequest stopped"
    public static let rule = ConflictRule.hold(.medication)
    public static let authors = Authors.scopes([.prescribing])
    public static let targets = Targets.required(.lineage(.medication))
    /// Why.
    public let reason: String
    /// From which day on.
    public let effective_from: CalendarDay
    /// How it is tapered.
    public let taper: String?

    /// The end of a medication.
    public init(reason: String, effective_from: CalendarDay, taper: String? = nil) {
        self.reason = reason
        self.effective_from = effective_from
        self.taper = taper
    }

    public func check() throws(ContentError) {
        try requireText(reason, "reason")
        try requireYear(effective_from, "effective_from")
    }

    func value(replacing named: [RegisterValue]) throws(ContentError) -> RegisterValue {
        var value = try MedicationValue.common(of: named)
        value.status = .stopped
        value.effective_from = effective_from
        return .medication(value)
    }

    public var summary: String { "medication stopped from \(effective_from): \(reason)" }
}
