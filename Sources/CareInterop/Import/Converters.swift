import CareModel
import EventLog
import FoundationEssentials

/// Everything but medication: who, when, how, and to what end.
extension FHIRImporter {
    func patient(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        guard isSubject(name) else { throw ImportRefusal.quarantine("somebody who is not the patient of this chart") }
        guard let text = HumanName.text(reading["name"]) else { throw ImportRefusal.quarantine("the patient has no name") }
        guard let day = reading["birthDate"]?.text else { throw ImportRefusal.quarantine("the patient has no date of birth") }
        guard let birth = CalendarDay(day) else {
            throw ImportRefusal.quarantine("the date of birth, '\(day.prefix(16))', is not a day")
        }
        if text == person.name, birth == person.birth { return .known("the chart says so already") }
        throw ImportRefusal.quarantine("the file calls the patient otherwise; correct the chart by hand where the file is right")
    }

    // MARK: Encounters

    /// Words that name psychotherapy; CPT 90832 to 90853, SNOMED CT 75516001 and 76168009.
    private static let therapyWords = [
        "psychotherapy", "counseling", "counselling", "cognitive behav", "therapy session", "emdr",
    ]
    private static let therapyCodes: Set<String> = [
        "90832", "90834", "90837", "90846", "90847", "90849", "90853", "75516001", "76168009",
    ]

    func encounter(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let types = (reading["type"]?.elements ?? []) + [reading["serviceType"]].compactMap { $0 }
        let codings = types.flatMap { $0["coding"]?.elements ?? [] }
        let words = (types.compactMap { $0["text"]?.text } + codings.compactMap { $0["display"]?.text }).map { $0.lowercased() }
        let isTherapy =
            codings.contains { Self.therapyCodes.contains($0["code"]?.text ?? "") }
            || words.contains { word in Self.therapyWords.contains { word.contains($0) } }
        guard isTherapy else { throw ImportRefusal.outOfScope("an encounter that is no session of psychotherapy") }
        let status = try reading.status()
        let start = try reading.time(reading["period"]?["start"], "when the session began")
        if status == "cancelled" {
            let body = SessionCancelled(start: start, by: "not stated", reason: nil)
            return .events([ImportPlan.Event(body, when: start)])
        }
        guard status == "finished" else { throw ImportRefusal.quarantine("the session is \(status), not finished") }
        let end = try reading.time(reading["period"]?["end"], "when the session ended")
        let length = end.instant.milliseconds - start.instant.milliseconds
        guard length >= 60_000, length % 60_000 == 0, length <= 720 * 60_000 else {
            throw ImportRefusal.quarantine("a session from \(start) to \(end) is not 1 to 720 whole minutes long")
        }
        let modality = types.lazy.compactMap { Reading.words($0) }.first ?? "psychotherapy"
        let body = SessionHeld(
            start: start, minutes: length / 60_000, modality: modality, place: place(reading["class"]), participants: nil)
        return .events([ImportPlan.Event(body, when: start)])
    }

    private func place(_ encounterClass: FHIRValue?) -> String? {
        switch encounterClass?["code"]?.text {
        case "VR": "virtual"
        case "HH": "home"
        default: nil
        }
    }

    // MARK: Observations

    func observation(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        if let key = GroupKey(reading.resource) { return try scale(key, &reading, name) }
        let codes = Reading.symbols(reading["code"], in: CodeSystem.loinc)
        let screener: Set<String> = [
            "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9", Questionnaire.riskLevel,
            Questionnaire.screener,
        ]
        if codes.contains(where: screener.contains) {
            throw ImportRefusal.quarantine("a screening for suicide risk: a clinician must look at it and record it")
        }
        let word = (Reading.words(reading["code"]) ?? "").lowercased()
        guard codes.contains("93832-4") || ["sleep duration", "mood", "energy"].contains(word) else {
            throw ImportRefusal.outOfScope("an observation that Duolog does not keep")
        }
        let status = try reading.status()
        guard ["final", "amended", "corrected"].contains(status) else {
            throw ImportRefusal.quarantine("the result is \(status)")
        }
        let when = try reading.time(
            reading["effectiveDateTime"] ?? reading["effectiveInstant"] ?? reading["effectivePeriod"]?["start"],
            "when it was observed")
        var value = try Reading.quantity(reading["valueQuantity"], "the value")
        // Sleep is kept in UCUM's hours or minutes, however they are written.
        if let unit = Self.spans[value.unit.lowercased()] { value = Quantity(value: value.value, unit: unit) }
        guard !codes.contains("93832-4") || ["h", "min"].contains(value.unit) else {
            throw ImportRefusal.quarantine("a sleep duration in '\(value.unit.prefix(32))' is neither hours nor minutes")
        }
        let code = try reading.code(reading["code"], preferring: CodeSystem.loinc)
        return .events([ImportPlan.Event(SymptomObserved(code: code, value: value, device: nil), when: when)])
    }

    private static let spans = [
        "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "h": "h", "minute": "min", "minutes": "min", "mins": "min",
        "min": "min",
    ]

    func questionnaire(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        guard let key = GroupKey(reading.resource) else {
            throw ImportRefusal.quarantine("a questionnaire that is neither PHQ-9 nor GAD-7 by its codes")
        }
        return try scale(key, &reading, name)
    }

    /// The first resource of a questionnaire makes the event; the others are told by it. What is wrong with one is wrong with all.
    private func scale(_ key: GroupKey, _ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        _ = try reading.status()
        guard let group = index.group(key), let first = group.names.first else {
            throw ImportRefusal.quarantine("cannot be read")
        }
        let body = try group.body(key.instrument)
        let when = try reading.time(GroupKey.time(of: reading.resource), "when it was answered")
        guard first.place == name.place else { return .part(of: key.identity) }
        return .events([ImportPlan.Event(kind: type(of: body).kind, members: body.members, when: when, refs: [], seen: nil)])
    }

    // MARK: Problems

    /// SNOMED CT's ways to say that nothing is known: of allergies in all, to drugs, the environment or food; of problems.
    private static let negations: Set<String> = ["716186003", "409137002", "428607008", "429625007", "160245001"]

    /// True for an entry that says that there is nothing to enter, which systems write in place of an empty list.
    private static func isNegation(_ concept: FHIRValue?) -> Bool {
        let codings = concept?["coding"]?.elements ?? []
        if codings.contains(where: { negations.contains($0["code"]?.text ?? "") }) { return true }
        let words = ([concept?["text"]?.text] + codings.map { $0["display"]?.text }).compactMap { $0?.lowercased() }
        return words.contains { word in
            word.contains("no known") || word.contains("no current problem")
                || ["nka", "nkda"].contains(word.filter { !$0.isWhitespace })
        }
    }

    func allergy(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let verification = (reading["verificationStatus"]?["coding"]?.elements ?? []).lazy.compactMap { $0["code"]?.text }.first
        if let verification, ["refuted", "entered-in-error"].contains(verification) {
            throw ImportRefusal.quarantine("the allergy is \(verification)")
        }
        let clinical = (reading["clinicalStatus"]?["coding"]?.elements ?? []).lazy.compactMap { $0["code"]?.text }.first
        if let clinical, clinical != "active" {
            throw ImportRefusal.quarantine("the allergy is \(clinical): Duolog keeps one active until a clinician refutes it")
        }
        guard let substance = Reading.words(reading["code"]) else { throw ImportRefusal.quarantine("it does not say to what") }
        if Self.isNegation(reading["code"]) {
            throw ImportRefusal.quarantine("'\(substance.prefix(64))' says that there is none: that is no allergy to anything")
        }
        let when = try reading.time(reading["recordedDate"] ?? reading["onsetDateTime"], "when the allergy was recorded")
        let reactions = (reading["reaction"]?.elements ?? []).flatMap { $0["manifestation"]?.elements ?? [] }.compactMap {
            Reading.words($0)
        }
        let body = AllergyRecorded(
            substance: substance,
            criticality: reading["criticality"]?.text.flatMap { AllergyRecorded.Criticality(rawValue: $0) } ?? .unableToAssess,
            reaction: reactions.isEmpty ? nil : reactions.joined(separator: ", "))
        return .events([ImportPlan.Event(body, when: when)])
    }

    func condition(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        func symbol(_ member: String) -> String? {
            (reading[member]?["coding"]?.elements ?? []).lazy.compactMap { $0["code"]?.text }.first
        }
        let verification = symbol("verificationStatus")
        if let verification, ["refuted", "entered-in-error"].contains(verification) {
            throw ImportRefusal.quarantine("the condition is \(verification)")
        }
        guard let clinical = symbol("clinicalStatus"), let status = ConditionRecorded.Status(rawValue: clinical) else {
            throw ImportRefusal.quarantine("it does not say whether the condition is active")
        }
        let code = try reading.code(reading["code"], preferring: CodeSystem.icd10)
        if Self.isNegation(reading["code"]) {
            throw ImportRefusal.quarantine("'\(code.display.prefix(64))' says that there is none: that is no condition")
        }
        let when = try reading.time(reading["recordedDate"] ?? reading["onsetDateTime"], "when the condition was recorded")
        let body = ConditionRecorded(
            code: code, status: status, verification: verification.flatMap { ConditionRecorded.Verification(rawValue: $0) },
            onset: try reading["onsetDateTime"].map { try reading.day($0, "the onset") },
            abated: try reading["abatementDateTime"].map { try reading.day($0, "the end") })
        return .events([ImportPlan.Event(body, when: when)])
    }

    // MARK: Requests, plans and goals

    func serviceRequest(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let concepts = [reading["code"]].compactMap { $0 } + (reading["category"]?.elements ?? [])
        let words = concepts.compactMap { Reading.words($0)?.lowercased() }
        guard
            words.contains(where: {
                $0.contains("refer") || $0.contains("psych") || $0.contains("mental") || $0.contains("therapy")
            })
        else { throw ImportRefusal.outOfScope("a request that is no referral") }
        let status = try reading.status()
        guard status == "active", reading["intent"]?.text == "order" else {
            throw ImportRefusal.quarantine(
                "the referral is \(status), intent \(reading["intent"]?.text ?? "missing"): what became of it is not said")
        }
        let identifiers = (reading["performer"]?.elements ?? []).compactMap { $0["identifier"] }
        let to = identifiers.lazy.filter { $0["system"]?.text == CodeSystem.node }.compactMap { $0["value"]?.text }
            .compactMap { NodeID($0) }.first
        guard let to else { throw ImportRefusal.quarantine("the referral goes to a practice that is no node of this chart") }
        guard let service = Reading.words(reading["code"]) else {
            throw ImportRefusal.quarantine("it does not say what is asked for")
        }
        let when = try reading.time(reading["authoredOn"], "when it was written")
        let reason = (reading["reasonCode"]?.elements ?? []).compactMap { Reading.words($0) }.joined(separator: ", ").nonEmpty
        let priority = reading["priority"]?.text.flatMap { ReferralRequested.Priority(rawValue: $0) } ?? .routine
        let body = ReferralRequested(service: service, to: to, priority: priority, reason: reason, attachments: nil)
        return .events([ImportPlan.Event(body, when: when)])
    }

    func carePlan(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        let categories = (reading["category"]?.elements ?? []).compactMap { Reading.words($0) }
        let words = ([reading["title"]?.text].compactMap { $0 } + categories).joined(separator: " ").lowercased()
        let status = try reading.status()
        if words.contains("safety plan") {
            guard status == "active" else { throw ImportRefusal.quarantine("the safety plan is \(status)") }
            guard let text = reading["description"]?.text else { throw ImportRefusal.quarantine("the safety plan has no text") }
            let when = try reading.time(reading["created"] ?? reading["period"]?["start"], "when the plan was made")
            return .events([ImportPlan.Event(SafetyPlanUpdated(text: text, contacts: nil), when: when)])
        }
        guard
            ["psych", "counsel", "mental", "cognitive", "behavio", "depress", "anxiety"].contains(where: { words.contains($0) })
        else {
            throw ImportRefusal.outOfScope("a care plan that is neither a safety plan nor one of a therapy")
        }
        throw ImportRefusal.quarantine(
            "a plan of a therapy: what it works on and how long it is meant to last are not said in a form that can be taken")
    }

    func goal(_ reading: inout Reading, _ name: ResourceName) throws -> ImportPlan.Verdict {
        guard let status = reading["lifecycleStatus"]?.text else { throw ImportRefusal.quarantine("it has no status") }
        guard let text = Reading.words(reading["description"]) else { throw ImportRefusal.quarantine("the goal has no text") }
        guard ["active", "accepted", "completed"].contains(status) else {
            throw ImportRefusal.quarantine("the goal is \(status)")
        }
        let achieved = (reading["achievementStatus"]?["coding"]?.elements ?? []).compactMap { $0["code"]?.text }
        // Completed says only that it is pursued no more (FHIR R4, GoalLifecycleStatus).
        guard status != "completed" || achieved.contains("achieved") else {
            throw ImportRefusal.quarantine("the goal is pursued no more; whether it was met is not said")
        }
        let start = try reading.time(
            reading["startDate"] ?? (status == "completed" ? nil : reading["statusDate"]), "when the goal was set")
        let targets = reading["target"]?.elements ?? []
        guard targets.count <= 1 else { throw ImportRefusal.quarantine("the goal has \(targets.count) targets") }
        let target = targets.first
        let measure = Reading.words(target?["measure"])
        let aim = try target.flatMap { try detail(of: $0) }
        let due = try target?["dueDate"].map { try reading.day($0, "when it is due") }
        let set = ImportPlan.Event(GoalSet(text: text, measure: measure, target: aim, due: due), when: start)
        guard status == "completed" else { return .events([set]) }
        let met = try reading.time(reading["statusDate"], "when the goal was met")
        return .events([
            set,
            ImportPlan.Event(GoalMet(text: text, measure: measure, target: aim, due: due), when: met, refs: [.previous]),
        ])
    }

    /// What is to be reached, in words.
    private func detail(of target: FHIRValue) throws -> String? {
        guard let name = target.members.keys.sorted().first(where: { $0.hasPrefix("detail") }) else { return nil }
        if let text = target["detailString"]?.text ?? Reading.words(target["detailCodeableConcept"]) { return text }
        if name == "detailQuantity" {
            let amount = try Reading.quantity(target[name], "the aim")
            return "\(amount)"
        }
        if let whole = target["detailInteger"]?.whole { return "\(whole)" }
        throw ImportRefusal.quarantine("what the goal aims at (\(name)) cannot be taken over")
    }
}
