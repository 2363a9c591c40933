import CareModel
import EventLog
import FoundationEssentials

/// Medication: a dose is taken over only where its amount, unit, frequency and route are all said.
extension FHIRImporter {
    func medicationRequest(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let status = try reading.status()
        guard reading["intent"]?.text == "order" else {
            throw ImportRefusal.quarantine("its intent is \(reading["intent"]?.text ?? "missing"), not an order")
        }
        guard reading["doNotPerform"]?.flag != true else {
            throw ImportRefusal.quarantine("it says that the medicine must not be given")
        }
        guard reading["reportedBoolean"]?.flag != true, reading["reportedReference"] == nil else {
            throw ImportRefusal.quarantine("it is what somebody reported, not the order itself")
        }
        guard ["active", "stopped", "completed"].contains(status) else {
            throw ImportRefusal.quarantine("its status is \(status): since when is not said")
        }
        let drug = try reading.medicine()
        let when = try reading.time(reading["authoredOn"], "when it was prescribed")
        let dosage = try Dosage(reading["dosageInstruction"], from: when.day)
        let prescribed = ImportPlan.Event(
            MedicationPrescribed(
                drug: drug, dose: dosage.dose, frequency: dosage.frequency, route: dosage.route, effective_from: dosage.start,
                as_needed: dosage.asNeeded, max_dose: dosage.most, titration_plan: dosage.notes.joined(separator: "; ").nonEmpty,
                indication: indication(reading), based_on: nil), when: when)
        guard status != "active" else {
            if let last = dosage.last, last < today {
                throw ImportRefusal.quarantine("it is active, and was to end on \(last): whether it is still taken is not said")
            }
            return .events([prescribed])
        }
        guard let end = dosage.end, let ended = ClinicalTime("\(end)T12:00:00+00:00"), ended.instant >= when.instant else {
            throw ImportRefusal.quarantine("it is \(status), and when it ended is not said")
        }
        let reason = Reading.words(reading["statusReason"]) ?? status
        let stopped = MedicationStopped(reason: reason, effective_from: end, taper: nil)
        return .events([prescribed, ImportPlan.Event(stopped, when: ended, refs: [.previous])])
    }

    private func indication(_ reading: Reading) -> String? {
        (reading["reasonCode"]?.elements ?? []).compactMap { Reading.words($0) }.joined(separator: ", ").nonEmpty
    }

    func medicationStatement(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let status = try reading.status()
        guard ["active", "not-taken"].contains(status) else {
            throw ImportRefusal.quarantine("its status is \(status): what is taken now is not said")
        }
        let drug = try reading.medicine()
        let since = try reading.day(
            reading["effectivePeriod"]?["start"] ?? reading["effectiveDateTime"], "since when it is taken")
        let when = try reading.time(reading["dateAsserted"] ?? reading["effectiveDateTime"], "when it was said")
        guard reading["effectivePeriod"]?["end"] == nil || status == "not-taken" else {
            throw ImportRefusal.quarantine("it is active, and has an end: whether it is still taken is not said")
        }
        let dosages = reading["dosage"]?.elements ?? []
        guard dosages.count <= 1 else { throw ImportRefusal.quarantine("\(dosages.count) dosages are given") }
        var taking: Quantity?
        if status == "active" {
            // What is taken is kept as a single dose: where it is taken otherwise than once a day, the dose alone would mislead.
            if let timing = dosages.first?["timing"], try Timing.frequency(timing) != Frequency(times: 1, period: 1, unit: .days)
            {
                throw ImportRefusal.quarantine("it is taken otherwise than once a day: one dose does not say how much")
            }
            taking = try dosages.first.map { try Dosage.single($0) } ?? Dosage.amount(nil)
        }
        let body = IntakeReported(taking: taking, since: since, adherence: dosages.first?["text"]?.text, source: nil)
        return .events([ImportPlan.Event(body, when: when, refs: [.medication(drug)])])
    }
}
