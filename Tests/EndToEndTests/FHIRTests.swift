import CareInterop
import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// Charts on their way through FHIR, with the real command line and a real daemon.
@Suite(.serialized) struct FHIRTests {
    private let folder = Daemons.folder()

    /// A node with one practitioner who may do everything, and a chart of a patient.
    private func node(_ name: String, _ patient: String) async throws -> (DemoNode, ChartID) {
        let node = try Daemons.make(name, in: folder)
        try await node.start()
        // The evening of the last day of the case.
        _ = try await node.ask(SetClockRequest(now: try #require(Timestamp("2031-07-08T04:00:00.000Z"))))
        _ = try await node.ask(AddPractitionerRequest(uid: getuid(), fullName: "Dr. Fictional", credential: .psychiatrist))
        let opened = try await node.ask(
            OpenChartRequest(patient: patient, scopes: [.therapy, .prescribing, .primaryCare], when: nil, request: "open"))
        return (node, opened.chart)
    }

    private struct Report: Decodable {
        let resources: Int
        let taken: Int
        let events: Int
        let already: Int
        let quarantined: Int
        let out_of_scope: Int
        let quarantine_reasons: [String: Int]

        var isWhole: Bool { resources == taken + already + quarantined + out_of_scope }
    }

    private func fhir(_ node: DemoNode, _ chart: ChartID, _ arguments: [String]) throws -> Report {
        let result = try node.run(["fhir", "import", "--json", "--chart", "\(chart)"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    /// A view without what differs from chart to chart: names of events, who recorded them and when.
    private func plain(_ view: some Encodable) throws -> JSONValue {
        func strip(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text): EventHash(text) == nil ? value : .string("an event")
            case .array(let elements): .array(elements.map(strip))
            case .object(let members):
                .object(members.filter { !["author", "practice", "at"].contains($0.key) }.mapValues(strip))
            case .null, .bool, .int: value
            }
        }
        return strip(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(view)))
    }

    /// The lines of a timeline that are no affair of one chart alone, whatever their order within one moment.
    private func lines(_ timeline: TimelineView) throws -> [String] {
        let affairs = Catalogue.neverErased.union([PractitionerEnrolled.kind, PatientIdentified.kind])
        return try timeline.entries.filter { !affairs.contains($0.label.kind) }.map { entry in
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(try plain(entry)), as: UTF8.self)
        }.sorted()
    }

    @Test func aChartComesBackAsItWas() async throws {
        let record = try RecordedCase.record()
        let fold = Fold(record)
        let patient = try #require(MembershipView(fold).patient.first)
        let (node, chart) = try await node(
            "other", #"{"name":"\#(patient.name)","birth_date":"\#(patient.birth_date)"}"#)
        let founder = record.graph.nodes[0].envelope.origin.node
        let bundle = FHIRExport.bundle(fold, node: founder, disclosures: [], now: record.graph.nodes[0].envelope.at)
        let file = folder + "/case.json"
        try Data(try bundle.json()).write(to: URL(fileURLWithPath: file))

        let dry = try fhir(node, chart, [file, "--dry-run"])
        let report = try fhir(node, chart, [file])
        #expect(dry.isWhole && report.isWhole)
        #expect(report.quarantined == 0, "\(report.quarantine_reasons)")
        #expect((dry.taken, dry.quarantined, dry.events) == (report.taken, 0, report.events))
        #expect(report.resources == bundle["entry"]?.elements.count)

        let regimen = try await node.ask(ShowRequest<RegimenView>(chart: chart)).content
        #expect(try plain(regimen) == plain(RegimenView(fold)))
        let now = try await node.ask(StatusRequest()).now
        let trend = try await node.ask(TimedShowRequest<TrendView>(chart: chart, now: now)).content
        #expect(try plain(trend) == plain(TrendView(Fold(record, Fold.Scope(now: now)), now: now)))
        let timeline = try await node.ask(ShowRequest<TimelineView>(chart: chart)).content
        #expect(try lines(timeline) == lines(TimelineView(fold)))

        // Again: nothing twice.
        let again = try fhir(node, chart, [file])
        #expect(again.isWhole && again.taken == 0 && again.events == 0 && again.quarantined == 0)
        #expect(try await node.ask(ShowRequest<TimelineView>(chart: chart)).content == timeline)
        node.stop()
    }

    @Test func threeAntidepressantsAtOnceAreTakenAndPointedAt() async throws {
        let (node, chart) = try await node("clinic", #"{"name":"Robin Sample","birth_date":"1998-05-17"}"#)
        let patient =
            #"{"resourceType":"Patient","id":"p","name":[{"text":"Robin Sample"}],"birthDate":"1998-05-17"}"#
        let requests = ["sertraline 50 MG Oral Tablet", "bupropion 150 MG", "venlafaxine 75 MG"].map { drug in
            #"{"resourceType":"MedicationRequest","id":"\#(drug.prefix(4))","status":"active","intent":"order","medicationCodeableConcept":{"text":"\#(drug)"},"subject":{"reference":"Patient/p"},"authoredOn":"2031-01-20","dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"route":{"text":"oral"},"doseAndRate":[{"doseQuantity":{"value":50,"unit":"mg"}}]}]}"#
        }
        let file = folder + "/three.ndjson"
        try Data(([patient] + requests).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
        let result = try node.run(["fhir", "import", "--chart", "\(chart)", file])
        #expect(
            result.output.contains("4 resources = 3 taken + 1 known already + 0 kept aside + 0 out of scope"), "\(result.output)")
        #expect(
            result.output.contains("3 antidepressants at once: sertraline 50 MG Oral Tablet, bupropion 150 MG, venlafaxine 75 MG")
        )
        node.stop()
    }

    @Test func whatCannotBeTakenIsListedAndNothingIsLost() async throws {
        let (node, chart) = try await node("clinic", #"{"name":"Robin Sample","birth_date":"1998-05-17"}"#)
        let patient =
            #"{"resourceType":"Patient","id":"p","name":[{"given":["Robin"],"family":"Sample"}],"birthDate":"1998-05-17"}"#
        func request(_ id: String, _ quantity: String) -> String {
            #"{"resourceType":"MedicationRequest","id":"\#(id)","status":"active","intent":"order","medicationCodeableConcept":{"text":"sertraline"},"subject":{"reference":"Patient/p"},"authoredOn":"2031-01-20","dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"route":{"text":"oral"},"doseAndRate":[{"doseQuantity":\#(quantity)}]}]}"#
        }
        let statement =
            #"{"resourceType":"MedicationStatement","id":"s","status":"active","medicationCodeableConcept":{"text":"sertraline"},"subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2031-01-21"},"dateAsserted":"2031-02-01","dosage":[{"doseAndRate":[{"doseQuantity":{"value":25,"unit":"mg"}}]}]}"#
        // The statement comes before what it is about.
        let lines = [
            statement, patient, request("a", #"{"value":50,"unit":"mg"}"#), request("b", #"{"value":1}"#),
            #"{"resourceType":"Immunization","id":"i"}"#, "{not json}",
        ]
        let file = folder + "/mixed.ndjson"
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
        // What names a medication may come before it in the file, in a dry run too.
        let dry = try fhir(node, chart, [file, "--dry-run"])
        #expect((dry.taken, dry.already, dry.quarantined, dry.out_of_scope) == (2, 1, 2, 1))
        let report = try fhir(node, chart, [file])
        #expect(report.isWhole && report.resources == 6)
        #expect((report.taken, report.already, report.quarantined, report.out_of_scope) == (2, 1, 2, 1))
        let regimen = try await node.ask(ShowRequest<RegimenView>(chart: chart)).content
        #expect(regimen.medications.first?.intake.first?.taking == Quantity(value: "25", unit: "mg"))

        let listed = try node.run(["fhir", "quarantine", "--chart", "\(chart)"])
        #expect(listed.output.contains("MedicationRequest/b") && listed.output.contains("has no unit"))
        #expect(try await node.ask(QuarantineRequest(chart: chart)).contains { $0.source == request("b", #"{"value":1}"#) })

        // The same resource with another content is looked at by a person; one that was kept aside may come back mended.
        try Data(
            [patient, request("a", #"{"value":75,"unit":"mg"}"#), request("b", #"{"value":10,"unit":"mg"}"#)].joined(
                separator: "\n"
            ).utf8
        )
        .write(to: URL(fileURLWithPath: file))
        let changed = try fhir(node, chart, [file])
        #expect((changed.taken, changed.already, changed.quarantined) == (1, 1, 1))
        #expect(changed.quarantine_reasons.keys.first?.contains("imported before with another content") == true)

        // A file about somebody else is refused whole.
        try Data(patient.replacing("1998", with: "1997").utf8).write(to: URL(fileURLWithPath: file))
        let refused = try node.run(["fhir", "import", "--chart", "\(chart)", file])
        #expect(refused.status == 65 && refused.errors.contains("name or birth date"))

        // And out again, with the disclosures' accounting; the file is whole or not there.
        let out = folder + "/out.json"
        let exported = try node.run(["fhir", "export", "--chart", "\(chart)", "--out", out])
        #expect(exported.status == 0, "\(exported.errors)")
        let bundle = try FHIRValue(json: Data(contentsOf: URL(fileURLWithPath: out)))
        #expect(bundle["entry"]?.elements.contains { $0["resource"]?["resourceType"]?.text == "MedicationStatement" } == true)
        #expect(try node.run(["fhir", "export", "--chart", "\(chart)", "--out", out]).status == 64)
        node.stop()
    }

    /// More than one packet: what a later part names stands in an earlier one, in a dry run too.
    @Test func aLongFileIsTriedAndTakenInParts() async throws {
        let (node, chart) = try await node("clinic", #"{"name":"Robin Sample","birth_date":"1998-05-17"}"#)
        func goal(_ number: Int, _ more: String = "") -> String {
            #"{"resourceType":"Goal","id":"g\#(number)","lifecycleStatus":"active","description":{"text":"goal \#(number)\#(more)"},"subject":{"reference":"Patient/p"},"startDate":"2031-01-06"}"#
        }
        let patient =
            #"{"resourceType":"Patient","id":"p","name":[{"given":["Robin"],"family":"Sample"}],"birthDate":"1998-05-17"}"#
        let order =
            #"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","medicationCodeableConcept":{"text":"sertraline"},"subject":{"reference":"Patient/p"},"authoredOn":"2031-01-20","dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"route":{"text":"oral"},"doseAndRate":[{"doseQuantity":{"value":50,"unit":"mg"}}]}]}"#
        let statement =
            #"{"resourceType":"MedicationStatement","id":"s","status":"active","medicationCodeableConcept":{"text":"sertraline"},"subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2031-01-21"},"dateAsserted":"2031-02-01","dosage":[{"doseAndRate":[{"doseQuantity":{"value":25,"unit":"mg"}}]}]}"#
        let long = (600..<602).map { goal($0, String(repeating: "x", count: 300_000)) }
        let quoted = goal(602, String(repeating: #"\""#, count: 110_000))
        let goals = [statement, patient] + (0..<600).map { goal($0) } + long + [quoted, order]
        func write(_ lines: [String]) throws -> String {
            let file = folder + "/long.ndjson"
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
            return file
        }
        let dry = try fhir(node, chart, [try write(goals), "--dry-run"])
        #expect((dry.taken, dry.already, dry.quarantined) == (602, 1, 3), "\(dry.quarantine_reasons)")
        #expect(dry.isWhole && dry.resources == goals.count)
        #expect(try await node.ask(ShowRequest<RegimenView>(chart: chart)).content.medications.isEmpty)
        // An import that was cut short is repeated, here with the lines in another order.
        let half = try fhir(node, chart, [try write(Array(goals.prefix(300)))])
        #expect((half.taken, half.quarantined) == (298, 1))
        let rest = try fhir(node, chart, [try write(goals.reversed())])
        #expect((rest.taken, rest.already, rest.quarantined) == (304, 299, 3))
        #expect(rest.isWhole && dry.events == half.events + rest.events)
        let again = try fhir(node, chart, [try write(goals)])
        #expect((again.taken, again.already, again.quarantined, again.events) == (0, 603, 3, 0))
        #expect(try await node.ask(QuarantineRequest(chart: chart)).count == 3)
        node.stop()
    }
}
