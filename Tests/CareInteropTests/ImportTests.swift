import CareInterop
import CareModel
import EventLog
import Foundation
import Testing

/// What becomes of resources that other systems write.
@Suite struct ImportTests {
    private let person: FHIRImporter.Person
    private let today: CalendarDay

    init() throws {
        person = FHIRImporter.Person(name: "Robin Sample", birth: try #require(CalendarDay("1998-05-17")))
        today = try #require(CalendarDay("2031-07-08"))
    }

    private static let patient =
        #"{"resourceType":"Patient","id":"p","name":[{"given":["Robin"],"family":"Sample"}],"birthDate":"1998-05-17"}"#

    /// Plans of the resources beside a patient, in their order.
    private func plans(_ resources: String...) throws -> [ImportPlan] {
        let values = try ([Self.patient] + resources).map { try FHIRValue(json: Array($0.utf8)) }
        var index = ImportIndex()
        for value in values { index.note(value, at: nil) }
        let importer = try FHIRImporter(index, person: person, today: today)
        return values.dropFirst().map { importer.plan($0, at: nil) }
    }

    private func reason(_ resource: String) throws -> String {
        guard case .quarantined(let reason)? = try plans(resource).first?.verdict else { return "taken" }
        return reason
    }

    private func events(_ plan: ImportPlan?) -> [ImportPlan.Event] {
        if case .events(let events)? = plan?.verdict { events } else { [] }
    }

    private func body<Body: EventBody>(_ type: Body.Type, _ plan: ImportPlan?, _ number: Int = 0) throws -> Body {
        let all = events(plan)
        let event = try #require(number < all.count ? all[number] : nil)
        #expect(event.kind == type.kind)
        return try JSONDecoder().decode(type, from: Data(event.members))
    }

    private func medication(
        status: String = "active", dose: String = #""doseAndRate":[{"doseQuantity":{"value":50,"unit":"mg"}}],"#,
        timing: String = #""timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"#,
        drug: String =
            #""medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"312941","display":"sertraline 50 MG Oral Tablet"}]}"#,
        more: String = ""
    ) -> String {
        #"{"resourceType":"MedicationRequest","id":"m","status":"\#(status)","intent":"order",\#(drug),"subject":{"reference":"Patient/p"},"authoredOn":"2031-01-20T11:00:00-05:00",\#(more)"dosageInstruction":[{\#(dose)\#(timing)"route":{"text":"oral"}}]}"#
    }

    // MARK: Medication

    @Test func aWholeDosageIsTaken() throws {
        let prescribed = try body(MedicationPrescribed.self, try plans(medication()).first)
        #expect(prescribed.dose == Quantity(value: "50", unit: "mg"))
        #expect(prescribed.drug == Code(system: "RxNorm", code: "312941", display: "sertraline 50 MG Oral Tablet"))
        #expect(prescribed.frequency == Frequency(times: 1, period: 1, unit: .days))
        #expect(prescribed.effective_from == CalendarDay("2031-01-20"))
    }

    @Test(arguments: [
        (#""doseAndRate":[{"doseQuantity":{"value":1}}],"#, "the dose, 1, has no unit"),
        (#""doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}],"#, "is not guessed"),
        (#""doseAndRate":[{"doseQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"{tbl}"}}],"#, "is not guessed"),
        (#""doseAndRate":[{"doseQuantity":{"value":-50,"unit":"mg"}}],"#, "is not more than zero"),
        (#""doseAndRate":[{"doseRange":{"low":{"value":25,"unit":"mg"},"high":{"value":50,"unit":"mg"}}}],"#, "a range"),
        (#""doseAndRate":[{"doseQuantity":{"value":50,"unit":"mg","comparator":"<"}}],"#, "only a limit"),
        ("", "the dose is not given"),
    ])
    func aDoseThatIsNotWholeIsKeptAside(dose: String, words: String) throws {
        let said = try reason(medication(dose: dose))
        #expect(said.contains(words), "\(said)")
    }

    @Test func howOftenMayBeSaidByACode() throws {
        let timing =
            #""timing":{"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation","code":"BID"}]}},"#
        let prescribed = try body(MedicationPrescribed.self, try plans(medication(timing: timing)).first)
        #expect(prescribed.frequency == Frequency(times: 2, period: 1, unit: .days))
        #expect(try reason(medication(timing: "")).contains("how often is not said"))
    }

    @Test(arguments: [
        "#d", "Medication/d", "urn:uuid:0d2f8a0e-9d3c-4f0a-8a43-3f4f6a3d8a11", "https://example.org/fhir/Medication/d",
    ])
    func aMedicineIsFoundWhereverItStands(reference: String) throws {
        let code = #""code":{"text":"sertraline"}"#
        let contained = #""contained":[{"resourceType":"Medication","id":"d",\#(code)}],"#
        let request = medication(
            drug: #""medicationReference":{"reference":"\#(reference)"}"#, more: reference.hasPrefix("#") ? contained : "")
        var index = ImportIndex()
        index.note(try FHIRValue(json: Array(Self.patient.utf8)), at: nil)
        let address = reference.hasPrefix("urn") ? reference : "https://example.org/fhir/Medication/d"
        let other = reference.hasPrefix("#") ? "other" : "d"
        index.note(try FHIRValue(json: Array(#"{"resourceType":"Medication","id":"\#(other)",\#(code)}"#.utf8)), at: address)
        let plan = try FHIRImporter(index, person: person, today: today).plan(try FHIRValue(json: Array(request.utf8)), at: nil)
        #expect(try body(MedicationPrescribed.self, plan).drug.display == "sertraline")
    }

    @Test func aMedicineThatIsNotThereIsNotInvented() throws {
        let request = medication(drug: #""medicationReference":{"reference":"Medication/missing"}"#)
        #expect(try reason(request).contains("not in the file"))
    }

    @Test func anEndIsTakenOnlyWhereItsDayIsSaid() throws {
        #expect(try reason(medication(status: "stopped")).contains("when it ended is not said"))
        let timing =
            #""timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d","boundsPeriod":{"start":"2031-01-21","end":"2031-03-01"}}},"#
        let plan = try plans(medication(status: "completed", timing: timing)).first
        #expect(try body(MedicationStopped.self, plan, 1).effective_from == CalendarDay("2031-03-01"))
        #expect(events(plan).last?.refs == [.previous])
    }

    @Test(arguments: ["draft", "entered-in-error", "unknown", "on-hold"]) func whatIsNoOrderInForceIsKeptAside(status: String)
        throws
    {
        #expect(try reason(medication(status: status)) != "taken")
    }

    // MARK: Questionnaires

    private static let phq9 = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]

    private func observation(_ code: String, _ value: String, at time: String = "2031-01-13T09:00:00-05:00") -> String {
        #"{"resourceType":"Observation","id":"o\#(code)","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"\#(code)"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"\#(time)",\#(value)}"#
    }

    private func items(_ answers: [Int]) -> [String] {
        zip(Self.phq9, answers).map { observation($0, #""valueInteger":\#($1)"#) }
    }

    private func planAll(_ resources: [String]) throws -> [ImportPlan] {
        let values = try ([Self.patient] + resources).map { try FHIRValue(json: Array($0.utf8)) }
        var index = ImportIndex()
        for value in values { index.note(value, at: nil) }
        return try values.dropFirst().map { try FHIRImporter(index, person: person, today: today).plan($0, at: nil) }
    }

    @Test func itemsAndTheirTotalAreOneQuestionnaire() throws {
        let plans = try planAll(items([2, 2, 3, 2, 1, 2, 2, 1, 0]) + [observation("44261-6", #""valueQuantity":{"value":15}"#)])
        #expect(try body(ScaleCompleted.self, plans.first).total == 15)
        let leader = try #require(plans.first?.identity)
        #expect(plans.count == 10 && plans.dropFirst().allSatisfy { $0.verdict == .part(of: leader) })
    }

    @Test func aTotalThatItsItemsDoNotMakeKeepsAllOfThemAside() throws {
        let plans = try planAll(
            items([2, 2, 3, 2, 1, 2, 2, 1, 0]) + [observation("44261-6", #""valueQuantity":{"value":18.787}"#)])
        for plan in plans {
            guard case .quarantined(let reason) = plan.verdict else {
                Issue.record("\(plan.name) was taken")
                continue
            }
            #expect(reason == "PHQ-9: the total 18.787 is not the sum of its items, which is 15")
        }
    }

    @Test func aTotalWithoutItemsIsAnObservationAndNoScore() throws {
        let whole = try planAll([observation("44261-6", #""valueQuantity":{"value":12,"unit":"{score}"}"#)])
        #expect(try body(SymptomObserved.self, whole.first).value == Quantity(value: "12", unit: "{score}"))
        #expect(try reason(observation("44261-6", #""valueQuantity":{"value":18.787}"#)).contains("18.787 is not possible"))
        #expect(try reason(observation("70274-6", #""valueQuantity":{"value":22}"#)).contains("22 is not possible"))
    }

    @Test func aMissingItemIsNotFilledIn() throws {
        let plans = try planAll(Array(items([2, 2, 3, 2, 1, 2, 2, 1, 0]).dropLast()))
        #expect(plans.allSatisfy { $0.verdict == .quarantined("PHQ-9: 8 of 9 items are answered") })
    }

    @Test func aResponseMayAnswerByCode() throws {
        let answers = Self.phq9.map {
            #"{"linkId":"/\#($0)","answer":[{"valueCoding":{"system":"http://loinc.org","code":"LA6569-3"}}]}"#
        }
        let response =
            #"{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","questionnaire":"http://loinc.org/q/44249-1","subject":{"reference":"Patient/p"},"authored":"2031-01-13T09:00:00Z","item":[{"linkId":"group","item":[\#(answers.joined(separator: ","))]}]}"#
        #expect(try body(ScaleCompleted.self, try plans(response).first).items == [1, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test func aScreeningForSuicideRiskIsAPersonsToTake() throws {
        #expect(try reason(observation("93374-7", #""valueString":"low""#)).contains("a clinician must look at it"))
    }

    // MARK: The rest

    @Test(arguments: [
        ("2031-01", "only 2031-01 is given"), ("20260-01-13T09:00:00Z", "not a date or a time"),
        ("tomorrow", "not a date or a time"),
        ("0026-01-13", "the year 26 cannot be right"), ("2031-02-30", "not a date or a time"),
    ])
    func aTimeThatIsNoneIsKeptAside(time: String, words: String) throws {
        let sleep = observation("93832-4", #""valueQuantity":{"value":6.5,"unit":"h"}"#, at: time)
        let said = try reason(sleep)
        #expect(said.contains(words), "\(said)")
    }

    @Test func aDecimalStaysWhatItIs() throws {
        let sleep = observation(
            "93832-4", #""valueQuantity":{"value":6.1,"unit":"h","system":"http://unitsofmeasure.org","code":"h"}"#)
        #expect(try body(SymptomObserved.self, try plans(sleep).first).value.value == "6.1")
    }

    @Test func somebodyElsesResourceIsKeptAside() throws {
        #expect(try reason(medication().replacing("Patient/p", with: "Patient/other")).contains("not the patient of this chart"))
    }

    @Test func whatChangesTheMeaningIsNotPassedOver() throws {
        let request = medication(more: #""modifierExtension":[{"url":"https://example.org/not","valueBoolean":true}],"#)
        #expect(try reason(request).contains("modifier extension"))
    }

    @Test func aSessionIsTakenByItsTypeAndTimes() throws {
        let session =
            #"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"VR"},"type":[{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"90834"}],"text":"Psychotherapy, 45 minutes"}],"subject":{"reference":"Patient/p"},"period":{"start":"2031-01-13T09:00:00-05:00","end":"2031-01-13T09:45:00-05:00"}}"#
        let held = try body(SessionHeld.self, try plans(session).first)
        #expect(held.minutes == 45 && held.place == "virtual")
        #expect(
            try reason(session.replacing(#","end":"2031-01-13T09:45:00-05:00""#, with: "")).contains("when the session ended"))
        guard
            case .outOfScope? = try plans(session.replacing("90834", with: "99213").replacing("Psychotherapy", with: "Visit"))
                .first?.verdict
        else {
            Issue.record("a visit is no session of psychotherapy")
            return
        }
    }

    @Test func aConditionAnAllergyAndAGoalAreTaken() throws {
        let plans = try plans(
            #"{"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"F32.1"}],"text":"Depressive episode"},"subject":{"reference":"Patient/p"},"onsetDateTime":"2030-11-02"}"#,
            #"{"resourceType":"AllergyIntolerance","id":"a","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"penicillin"},"patient":{"reference":"Patient/p"},"recordedDate":"2031-01-06","reaction":[{"manifestation":[{"text":"rash"}]}]}"#,
            #"{"resourceType":"Goal","id":"g","lifecycleStatus":"completed","achievementStatus":{"coding":[{"code":"achieved"}]},"description":{"text":"walk daily"},"subject":{"reference":"Patient/p"},"startDate":"2031-01-06","statusDate":"2031-03-06"}"#
        )
        #expect(
            try body(ConditionRecorded.self, plans[0]).code
                == Code(system: "ICD-10-CM", code: "F32.1", display: "Depressive episode"))
        #expect(try body(AllergyRecorded.self, plans[1]).reaction == "rash")
        #expect(try body(GoalMet.self, plans[2], 1).text == "walk daily")
        #expect(plans[1].remark?.contains("noon") == true)
    }

    @Test func thePatientIsComparedAndNeverOverwritten() throws {
        var index = ImportIndex()
        index.note(try FHIRValue(json: Array(Self.patient.utf8)), at: nil)
        #expect(person.isProbably(try #require(index.patients.first)))
        #expect(FHIRImporter.Person(name: "SAMPLE, Róbin", birth: person.birth).isProbably(try #require(index.patients.first)))
        #expect(!FHIRImporter.Person(name: "Robin Sampler", birth: person.birth).isProbably(try #require(index.patients.first)))
    }

    // MARK: Files

    private func pieces(_ text: String, by size: Int) throws -> [ResourceReader.Piece] {
        var reader = ResourceReader()
        var pieces: [ResourceReader.Piece] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            pieces += try reader.feed(bytes[start..<min(bytes.count, start + size)])
        }
        if let piece = try reader.finish() { pieces.append(piece) }
        return pieces
    }

    @Test(arguments: [1, 7, 4096]) func aFileIsTakenApartWhereverItIsCut(size: Int) throws {
        let entries = [#"{"fullUrl":"urn:uuid:1","resource":{"a":"}]\"{"}}"#, #"{"resource":{"b":[[1,{}]]}}"#]
        let bundle = "{\"entry\": [\(entries[0]) , \(entries[1])],\n \"type\":\"collection\",\"resourceType\":\"Bundle\"}"
        #expect(try pieces(bundle, by: size) == entries.map { .entry(Array($0.utf8)) })
        let lines = [Self.patient, #"{"resourceType":"Group","x":{"entry":[1]}}"#]
        #expect(try pieces(lines.joined(separator: "\n") + "\n", by: size) == lines.map { .resource(Array($0.utf8)) })
    }

    @Test func aFileThatEndsInTheMiddleIsNotTakenForAWhole() throws {
        #expect(throws: ResourceReader.ReadError.self) {
            try pieces(#"{"resourceType":"Bundle","entry":[{"resource":{}}"#, by: 16)
        }
        #expect(throws: ResourceReader.ReadError.self) { try pieces("resourceType: Patient", by: 16) }
    }
}
