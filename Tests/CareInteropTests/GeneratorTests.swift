import CareInterop
import CareModel
import EventLog
import Foundation
import Testing

/// What real systems write that looks as if it could be taken, and what they write in another form than expected.
@Suite struct GeneratorTests {
    private typealias Entry = (address: String?, resource: FHIRValue)

    private let person: FHIRImporter.Person
    private let today: CalendarDay

    init() throws {
        person = FHIRImporter.Person(name: "Robin Sample", birth: try #require(CalendarDay("1998-05-17")))
        today = try #require(CalendarDay("2031-07-08"))
    }

    private static let patient: FHIRValue = [
        "resourceType": "Patient", "id": "p", "name": [["given": ["Robin"], "family": "Sample"]], "birthDate": "1998-05-17",
    ]

    private func plan(_ entries: [Entry], samePerson: Bool = false) throws -> [ImportPlan] {
        var index = ImportIndex()
        for entry in entries { index.note(entry.resource, at: entry.address) }
        let importer = try FHIRImporter(index, person: person, today: today, isSamePerson: samePerson)
        return entries.map { importer.plan($0.resource, at: $0.address) }
    }

    /// The plan of one resource beside the patient.
    private func plan(_ resource: FHIRValue) throws -> ImportPlan {
        try #require(try plan([(nil, Self.patient), (nil, resource)]).last)
    }

    private func reason(_ resource: FHIRValue) throws -> String { reason(try plan(resource)) }

    private func reason(_ plan: ImportPlan) -> String {
        if case .quarantined(let reason) = plan.verdict { reason } else { "taken" }
    }

    private func body<Body: EventBody>(_ type: Body.Type, _ plan: ImportPlan) throws -> Body {
        guard case .events(let events) = plan.verdict, let event = events.first, event.kind == type.kind else {
            throw Missing(what: "\(plan.verdict)")
        }
        return try JSONDecoder().decode(type, from: Data(event.members))
    }

    private struct Missing: Error { let what: String }

    private func with(_ value: FHIRValue, _ changes: [String: FHIRValue]) -> FHIRValue {
        .object(value.members.merging(changes) { $1 })
    }

    private func medication(
        _ repeating: [String: FHIRValue] = [:], _ dosage: [String: FHIRValue] = [:], _ more: [String: FHIRValue] = [:]
    ) -> FHIRValue {
        let rule: FHIRValue = with(["frequency": 1, "period": 1, "periodUnit": "d"], repeating)
        let instruction: FHIRValue = with(
            [
                "timing": ["repeat": rule], "route": ["text": "oral"],
                "doseAndRate": [["doseQuantity": ["value": 50, "unit": "mg"]]],
            ], dosage)
        return with(
            [
                "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
                "medicationCodeableConcept": ["text": "sertraline"], "subject": ["reference": "Patient/p"],
                "authoredOn": "2031-07-01T11:00:00-05:00", "dosageInstruction": [instruction],
            ], more)
    }

    // MARK: Dosages

    @Test func whatWouldChangeTheDoseIsNotPassedOver() throws {
        func quantity(_ quantity: FHIRValue) -> FHIRValue { medication([:], ["doseAndRate": [["doseQuantity": quantity]]]) }
        let cases: [(FHIRValue, String)] = [
            (medication(["dayOfWeek": ["mon", "thu"]]), "some days of the week"),
            (medication(["when": ["MORN", "NIGHT"]]), "2 times of day"),
            (medication(["timeOfDay": ["08:00:00", "20:00:00"]]), "2 times of day"),
            (medication(["duration": 2, "durationUnit": "h"]), "a range"),
            (medication(["countMax": 3]), "is a range"),
            (
                medication(
                    [:],
                    [
                        "doseAndRate": [
                            ["doseQuantity": ["value": 50, "unit": "mg"], "rateQuantity": ["value": 1, "unit": "mL/h"]]
                        ]
                    ]),
                "at a rate"
            ),
            (quantity(["value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "mg"]), "coded in 'mg'"),
            (quantity(["value": 1, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "g"]), "coded in 'g'"),
            (quantity(["value": 5, "unit": "mg/mL"]), "not guessed"),
            (medication([:], [:], ["reportedBoolean": true]), "reported"),
            (medication([:], [:], ["status": "cancelled"]), "cancelled"),
            (medication(["boundsPeriod": ["start": "2031-07-01", "end": "2031-07-07"]]), "still taken is not said"),
            (medication(["boundsDuration": ["value": 7, "code": "d"]]), "to end on 2031-07-07"),
        ]
        for (resource, words) in cases {
            let said = try reason(resource)
            #expect(said.contains(words), "\(words): \(said)")
        }
    }

    @Test func whatNoFieldIsForIsKeptInWords() throws {
        let order = medication(
            ["boundsPeriod": ["start": "2031-07-01", "end": "2031-09-30"], "when": ["HS"], "count": 90],
            [
                "text": "Take one at bedtime", "additionalInstruction": [["text": "with food"]],
                "asNeededCodeableConcept": ["text": "sleep"], "maxDosePerAdministration": ["value": 100, "unit": "mg"],
            ])
        let prescribed = try body(MedicationPrescribed.self, try plan(order))
        #expect(
            prescribed.titration_plan
                == "at HS; until 2031-09-30; 90 times in all; Take one at bedtime; with food; when needed for sleep; at most 100 mg at once"
        )
        #expect(prescribed.as_needed == true)
        #expect(try body(MedicationPrescribed.self, try plan(medication())).titration_plan == nil)
    }

    @Test func aDoseThatIsSpeltOutBesideItsCodeIsOneDose() throws {
        let quantity: FHIRValue = [
            "value": 50, "unit": "milligrams", "system": "http://unitsofmeasure.org", "code": "mg",
        ]
        let order = medication([:], ["doseAndRate": [["doseQuantity": quantity]]])
        #expect(try body(MedicationPrescribed.self, try plan(order)).dose == Quantity(value: "50", unit: "mg"))
    }

    @Test func whatIsTakenIsOneDoseOnceADay() throws {
        func statement(_ dosage: [FHIRValue], _ period: FHIRValue = ["start": "2031-01-21"]) -> FHIRValue {
            [
                "resourceType": "MedicationStatement", "id": "s", "status": "active",
                "medicationCodeableConcept": ["text": "sertraline"], "subject": ["reference": "Patient/p"],
                "effectivePeriod": period, "dateAsserted": "2031-02-01", "dosage": .array(dosage),
            ]
        }
        let dose: FHIRValue = ["doseAndRate": [["doseQuantity": ["value": 25, "unit": "mg"]]]]
        let twice = with(dose, ["timing": ["repeat": ["frequency": 2, "period": 1, "periodUnit": "d"]]])
        #expect(try body(IntakeReported.self, try plan(statement([dose]))).taking == Quantity(value: "25", unit: "mg"))
        #expect(try reason(statement([twice])).contains("otherwise than once a day"))
        #expect(try reason(statement([dose, dose])).contains("2 dosages"))
        #expect(try reason(statement([])).contains("the dose is not given"))
        #expect(try reason(statement([dose], ["start": "2031-01-21", "end": "2031-01-30"])).contains("has an end"))
    }

    // MARK: Words that mean the opposite

    @Test(
        arguments: [
            ["coding": [["system": "http://snomed.info/sct", "code": "716186003", "display": "Allergy status"]]],
            ["text": "No Known Drug Allergies"], ["text": "NKDA"],
        ] as [FHIRValue])
    func anEntryThatThereIsNoneIsNoAllergy(_ code: FHIRValue) throws {
        let allergy: FHIRValue = [
            "resourceType": "AllergyIntolerance", "id": "a", "code": code, "patient": ["reference": "Patient/p"],
            "recordedDate": "2031-01-06",
        ]
        #expect(try reason(allergy).contains("that there is none"))
        let condition = with(
            allergy,
            [
                "resourceType": "Condition", "clinicalStatus": ["coding": [["code": "active"]]],
                "subject": ["reference": "Patient/p"],
            ])
        #expect(try reason(condition).contains("that there is none"))
    }

    @Test func aGoalIsMetOnlyWhereThatIsSaid() throws {
        func goal(_ changes: [String: FHIRValue]) -> FHIRValue {
            with(
                [
                    "resourceType": "Goal", "id": "g", "lifecycleStatus": "completed", "description": ["text": "walk daily"],
                    "subject": ["reference": "Patient/p"], "startDate": "2031-01-06", "statusDate": "2031-03-06",
                ], changes)
        }
        #expect(try reason(goal([:])).contains("whether it was met is not said"))
        #expect(
            try reason(goal(["achievementStatus": ["coding": [["code": "not-achieved"]]]])).contains(
                "whether it was met is not said"))
        #expect(try reason(goal(["lifecycleStatus": "on-hold"])).contains("on-hold"))
        let active = ["lifecycleStatus": "active"] as [String: FHIRValue]
        let two: FHIRValue = [["detailString": "one"], ["detailString": "two"]]
        #expect(try reason(goal(active.merging(["target": two]) { $1 })).contains("2 targets"))
        let target: FHIRValue = [["measure": ["text": "sleep"], "detailQuantity": ["value": 7, "unit": "h"]]]
        #expect(try body(GoalSet.self, try plan(goal(active.merging(["target": target]) { $1 }))).target == "7 h")
    }

    // MARK: Questionnaires

    private static let phq9 = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]

    private func observation(_ code: String, _ id: String, _ more: [String: FHIRValue]) -> FHIRValue {
        with(
            [
                "resourceType": "Observation", "id": .string(id), "status": "final",
                "code": ["coding": [["system": "http://loinc.org", "code": .string(code)]]],
                "subject": ["reference": "Patient/p"], "effectiveDateTime": "2031-02-09T10:00:00Z",
            ], more)
    }

    private var items: [Entry] {
        Self.phq9.enumerated().map { (nil, observation($1, "i\($0)", ["valueInteger": 1])) }
    }

    private func response(_ items: [FHIRValue], _ more: [String: FHIRValue] = [:]) -> FHIRValue {
        with(
            [
                "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed",
                "questionnaire": "http://loinc.org/q/44249-1", "subject": ["reference": "Patient/p"],
                "authored": "2031-02-09T10:00:00Z", "item": .array(items),
            ], more)
    }

    @Test func anItemThatWasEnteredInErrorSpoilsNoOther() throws {
        let wrong = observation("44250-9", "wrong", ["valueInteger": 3, "status": "entered-in-error"])
        let plans = try plan([(nil, Self.patient)] + items + [(nil, wrong)])
        #expect(try body(ScaleCompleted.self, plans[1]).total == 9)
        #expect(reason(try #require(plans.last)) == "it was entered in error")
        // What cannot be understood is no part of a questionnaire either.
        var odd = items
        odd[8].resource = with(odd[8].resource, ["modifierExtension": [["url": "https://example.org/not"]]])
        #expect(reason(try plan([(nil, Self.patient)] + odd)[1]).contains("8 of 9 items"))
    }

    @Test func aQuestionnaireIsTheSameInAnotherOrderAndOtherWords() throws {
        let total: Entry = (nil, observation("44261-6", "total", ["valueInteger": 9]))
        let first = try plan([(nil, Self.patient)] + items + [total])
        var again = Array(items.reversed())
        // The same minute in another zone, and without the total.
        for index in again.indices {
            again[index].resource = with(again[index].resource, ["effectiveDateTime": "2031-02-09T05:00:00-05:00"])
        }
        let leaders = [first[1], try plan([(nil, Self.patient)] + again)[1]]
        #expect(leaders[0].identity == leaders[1].identity && leaders[0].verdict != leaders[1].verdict)
        // One of its answers was corrected: known again, and another content, so that somebody looks at it.
        var corrected = items
        corrected[4].resource = with(corrected[4].resource, ["valueInteger": 3])
        let changed = try plan([(nil, Self.patient)] + corrected)[1]
        #expect(changed.identity == first[1].identity && changed.content != first[1].content)
    }

    @Test func answersMayCarryTheirCountAndItemsMustCarryTheirCode() throws {
        let url = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
        let answer: FHIRValue = [
            "valueCoding": [
                "system": "https://example.org", "code": "a2", "extension": [["url": .string(url), "valueDecimal": 2]],
            ]
        ]
        let answered = response(Self.phq9.map { ["linkId": .string($0), "answer": [answer]] })
        #expect(try body(ScaleCompleted.self, try plan(answered)).total == 18)
        let numbered = response((1...9).map { ["linkId": .string("\($0)"), "answer": [["valueInteger": 1]]] })
        #expect(try reason(numbered) == "PHQ-9: its items are not called by their LOINC codes")
    }

    @Test func sleepIsHoursOrMinutes() throws {
        func sleep(_ unit: FHIRValue) -> FHIRValue { observation("93832-4", "s", ["valueQuantity": ["value": 6, "unit": unit]]) }
        #expect(try body(SymptomObserved.self, try plan(sleep("hours"))).value == Quantity(value: "6", unit: "h"))
        #expect(try reason(sleep("cycles")).contains("neither hours nor minutes"))
    }

    // MARK: Who, and which

    @Test func theChartsPatientIsFoundAmongOthers() throws {
        let other: FHIRValue = [
            "resourceType": "Patient", "id": "q", "name": [["given": ["Kim"], "family": "Other"]], "birthDate": "1970-01-01",
        ]
        let hers = with(medication(), ["id": "hers", "subject": ["reference": "Patient/q"]])
        let plans = try plan([(nil, other), (nil, Self.patient), (nil, hers), (nil, medication()), (nil, Self.patient)])
        #expect(reason(plans[0]).contains("not the patient") && reason(plans[2]).contains("not the patient"))
        #expect(plans[1].verdict == plans[4].verdict)
        #expect(try body(MedicationPrescribed.self, plans[3]).drug.display == "sertraline")
        #expect(throws: FHIRImporter.WrongPerson.severalPeople(2)) {
            try plan([(nil, other), (nil, with(other, ["id": "r"]))], samePerson: true)
        }
        // One type a file, as bulk exports have it: of all patients.
        #expect(throws: FHIRImporter.WrongPerson.severalPeople(2)) {
            try plan([(nil, hers), (nil, medication())], samePerson: true)
        }
        #expect(throws: FHIRImporter.WrongPerson.unnamed) { try plan([(nil, medication())]) }
        #expect(try plan([(nil, medication())], samePerson: true).count == 1)
    }

    @Test(
        arguments: [
            ("https://a.example/fhir/Patient/p", "Patient/p", true),
            ("https://a.example/fhir/Patient/p", "https://a.example/fhir/Patient/p", true),
            ("https://a.example/fhir/Patient/p", "https://a.example/fhir/Patient/p/_history/3", true),
            ("https://a.example/fhir/Patient/p", "https://b.example/fhir/Patient/p", false),
            (nil, "https://b.example/fhir/Patient/p", true), ("urn:uuid:p", "urn:uuid:p", true), (nil, "urn:uuid:p", true),
            ("urn:uuid:p", "Patient/other", false), (nil, "Patient?identifier=https://h.example|77", true),
            (nil, "Patient?identifier=https://h.example|78", false),
        ] as [(String?, String, Bool)])
    func aReferenceMeansOneServersPatient(address: String?, reference: String, isMeant: Bool) throws {
        let patient = with(Self.patient, ["identifier": [["system": "https://h.example", "value": "77"]]])
        let plans = try plan([(address, patient), (nil, with(medication(), ["subject": ["reference": .string(reference)]]))])
        #expect((reason(plans[1]) == "taken") == isMeant, "\(reason(plans[1]))")
    }

    @Test func aResourceIsKnownAgainInAnotherFile() throws {
        func identities(_ entries: [Entry]) throws -> [EventHash] {
            try plan([(nil, Self.patient)] + entries).dropFirst().map(\.identity)
        }
        let uuid = "0d2f8a0e-9d3c-4f0a-8a43-3f4f6a3d8a11"
        let order = with(medication(), ["id": .string(uuid)])
        // In a Bundle, on a server, in a file of lines.
        let places = try ["urn:uuid:\(uuid)", "https://a.example/fhir/MedicationRequest/\(uuid)", nil].flatMap {
            try identities([($0, order)])
        }
        #expect(Set(places).count == 1)
        // A short id is one server's.
        let short = try ["https://a.example/fhir/MedicationRequest/1", "https://b.example/fhir/MedicationRequest/1"].flatMap {
            try identities([($0, with(order, ["id": "1"]))])
        }
        #expect(Set(short).count == 2)
        // The version and the narrative are no content; the dose is.
        let plain = try plan(order)
        #expect(try plan(with(order, ["meta": ["versionId": "2"], "text": ["status": "generated"]])).content == plain.content)
        #expect(try plan(with(order, ["priority": "urgent"])).content != plain.content)
        // The number of an order with two medicines is the identifier of neither.
        let number: FHIRValue = [["system": "https://h.example/orders", "value": "9"]]
        let two = [
            with(order, ["id": "x", "identifier": number]), with(order, ["id": "y", "identifier": number, "priority": "urgent"]),
        ]
        #expect(Set(try identities(two.map { (nil, $0) })).count == 2)
        #expect(try identities([(nil, two[0])]) == identities([("https://a.example/fhir/MedicationRequest/x", two[0])]))
    }

    @Test func aBundleWithinABundleIsNotDropped() throws {
        let inner: FHIRValue = ["resourceType": "Bundle", "id": "b", "entry": [["resource": medication()]]]
        #expect(try reason(inner).contains("a file of its own"))
    }

    // MARK: Files

    @Test func aBrokenLineSpoilsNoOther() throws {
        let line = #"{"resourceType":"Goal","a":"}"}"#
        let text = "\u{FEFF}\(line)\r\n\r\n{\"resourceType\":\"Go\nnull\nwords }\r\n\(line)\n]\n{\"cut\":[1,"
        for size in [1, 5, 4096] {
            var reader = ResourceReader()
            var pieces: [ResourceReader.Piece] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                pieces += try reader.feed(bytes[start..<min(bytes.count, start + size)])
            }
            if let piece = try reader.finish() { pieces.append(piece) }
            let whole = ResourceReader.Piece.resource(Array(line.utf8))
            func broken(_ text: String) -> ResourceReader.Piece { .broken(Array(text.utf8)) }
            #expect(
                pieces == [
                    whole, broken(#"{"resourceType":"Go"#), broken("null"), broken("words }\r"), whole, broken("]"),
                    broken(#"{"cut":[1,"#),
                ])
        }
    }
}
