import CareInterop
import CareModel
import EventLog
import TestSupport
import Testing

/// A chart as FHIR R4, checked by programs that are not ours.
@Suite struct ExportTests {
    private let node: NodeID
    private let record: ChartRecord

    init() throws {
        record = try RecordedCase.record()
        node = record.graph.nodes[0].envelope.origin.node
    }

    private func bundle(_ scope: Fold.Scope = Fold.Scope()) throws -> FHIRValue {
        FHIRExport.bundle(Fold(record, scope), node: node, disclosures: try disclosures(), now: try RecordedCase.evening(182))
    }

    private func disclosures() throws -> [FHIRExport.Disclosure] {
        let peer = try #require(Fold(record).membership.members.keys.sorted().first { $0 != node })
        let origin = record.graph.nodes[0].envelope.origin
        let body = DisclosureRecorded(
            peer: peer, chart: record.graph.chart, ranges: [.init(origin: origin, from: 1, to: 4)], consent: nil, events: 4)
        return [.init(at: try RecordedCase.evening(1), body: body)]
    }

    private func resources(_ type: String, in bundle: FHIRValue) -> [FHIRValue] {
        (bundle["entry"]?.elements ?? []).compactMap { $0["resource"] }.filter { $0["resourceType"]?.text == type }
    }

    @Test func theWholeCasePassesBothValidators() throws {
        let (said, isClean) = try Validators.check(try bundle().json())
        #expect(isClean, "\(said)")
    }

    /// With the day on which two doses stand side by side.
    @Test func everyDayOnWhichSomethingIsOpenPassesBothValidators() throws {
        for day in [0, 64, 101, 140] {
            let (said, isClean) = try Validators.check(try bundle(Fold.Scope(now: try RecordedCase.evening(day))).json())
            #expect(isClean, "day \(day): \(said)")
        }
    }

    @Test func aFaultIsFoundByTheValidators() throws {
        let text = String(decoding: try bundle().json(), as: UTF8.self).replacing(
            #""intent":"order""#, with: #""intention":"order""#)
        #expect(try !Validators.check(Array(text.utf8)).isClean)
    }

    @Test func aDisputedDoseIsEachOfItsRequestsAndAnIssue() throws {
        let bundle = try bundle(Fold.Scope(now: try RecordedCase.evening(102, "09:15:00")))
        let issue = try #require(resources("DetectedIssue", in: bundle).first)
        let implicated = (issue["implicated"]?.elements ?? []).compactMap { $0["reference"]?.text }
        let requests = resources("MedicationRequest", in: bundle).filter { request in
            implicated.contains("urn:uuid:\(request["id"]?.text ?? "")")
        }
        let doses = requests.compactMap {
            $0["dosageInstruction"]?.elements.first?["doseAndRate"]?.elements.first?["doseQuantity"]?["value"]?.whole
        }
        #expect(doses.sorted() == [50, 100])
        #expect(requests.allSatisfy { $0["status"]?.text == "active" })
        #expect(resources("DetectedIssue", in: try self.bundle()).isEmpty)
    }

    @Test func everyEventHasAProvenanceAndEveryReferenceLeadsSomewhere() throws {
        let bundle = try bundle()
        #expect(resources("Provenance", in: bundle).count == record.graph.nodes.count)
        let addresses = Set((bundle["entry"]?.elements ?? []).compactMap { $0["fullUrl"]?.text })
        #expect(addresses.count == bundle["entry"]?.elements.count)
        var dangling: Set<String> = []
        func look(_ value: FHIRValue) {
            if let reference = value["reference"]?.text, !addresses.contains(reference) { dangling.insert(reference) }
            value.members.values.forEach(look)
            value.elements.forEach(look)
        }
        look(bundle)
        #expect(dangling == [])
    }

    @Test func equalChartsMakeEqualBytes() throws { #expect(try bundle().json() == bundle().json()) }

    /// A note is the author's own, and no part of any chart; should one ever stand in a chart, it does not get out by this way.
    @Test func nothingOfAnotherKindGetsOut() throws {
        let text = String(decoding: try bundle().json(), as: UTF8.self)
        #expect(!text.contains("process_note"))
    }
}
