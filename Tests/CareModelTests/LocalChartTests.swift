import EventLog
import Foundation
import TestSupport
import Testing

@testable import CareModel

/// Own patient numbers, links and probable second charts.
@Suite struct LocalChartTests {
    private let charts = (0..<4).map {
        ChartFounding.chart(
            founder: Writer.key(from: [UInt8](repeating: UInt8($0 + 1), count: 32)).publicKey,
            nonce: [UInt8](repeating: 0, count: 16))
    }.sorted()

    private func patient(_ name: String, _ birth: String, identifiers: [String]? = nil) throws -> MembershipView.Patient {
        let identifiers = identifiers.map { #","identifiers":["\#($0.joined(separator: "\",\""))"]"# } ?? ""
        let event = EventHash(of: Array(name.utf8))
        return try JSONDecoder().decode(
            MembershipView.Patient.self,
            from: Data(#"{"name":"\#(name)","birth_date":"\#(birth)","event":"\#(event)"\#(identifiers)}"#.utf8))
    }

    /// A journal that a node wrote.
    private func journal(_ entries: [any EventBody]) throws -> ChartRecord {
        var writer = Writer("journal", scopes: [], credential: .other, chart: charts[0], seed: 3)
        let (key, nonce) = (writer.key.publicKey, [UInt8](repeating: 0, count: 16))
        writer.record = ChartRecord(chart: ChartFounding.chart(founder: key, nonce: nonce), isLocal: true)
        let opened = ChartOpened(keys: NodeKeys(first: key), nonce: Base64URL.encode(nonce), name: "journal")
        try writer.write(ChartOpened.kind, String(decoding: opened.members, as: UTF8.self), author: .node)
        for entry in entries {
            try writer.write(type(of: entry).kind, String(decoding: entry.members, as: UTF8.self), author: .node)
        }
        return writer.record
    }

    private func linked(_ one: Int, _ other: Int, _ what: NodeChanged.What = .chartsLinked) -> NodeChanged {
        NodeChanged(what: what, detail: nil, charts: [charts[one], charts[other]])
    }

    @Test(arguments: [
        ("Zoë  Fictional", "FICTIONAL, Zoe"), ("Jörg Groß", "Jo\u{308}rg Gross"), ("Søren O'Madeup", "soren omadeup"),
        ("Anna-Maria Sample", "Sample Anna Maria"),
    ])
    func aNameIsTheSameHoweverItIsWritten(_ one: String, _ other: String) {
        #expect(SecondCharts.normalized(name: one) == SecondCharts.normalized(name: other))
    }

    @Test func twoNamesAreNotTheSame() {
        #expect(SecondCharts.normalized(name: "Ann Sample") != SecondCharts.normalized(name: "Anna Sample"))
        #expect(SecondCharts.normalized(identifier: "ab-12 34") == SecondCharts.normalized(identifier: "AB1234"))
    }

    @Test func aSecondChartIsPointedAtWithTheReason() throws {
        let patients = [
            charts[0]: [try patient("Sample Fictional", "1990-01-01", identifiers: ["A-1"])],
            charts[1]: [try patient("fictional, SAMPLE", "1990-01-01")],
            charts[2]: [try patient("Sample Fictional", "1991-01-01", identifiers: ["a1"])],
            charts[3]: [try patient("Other Fictional", "1990-01-01")],
        ]
        let found = SecondCharts(patients, LocalCharts())
        #expect(found.seconds(of: charts[0]).map(\.chart) == [charts[1], charts[2]])
        #expect(found.seconds(of: charts[0]).map(\.because) == [[.name], [.identifier]])
        #expect(found.seconds(of: charts[3]).isEmpty)
        // What somebody has decided is not asked again, one way or the other.
        let local = LocalCharts(journal: try journal([linked(0, 1), linked(2, 0, .chartsUnlinked)]))
        #expect(SecondCharts(patients, local).pairs.isEmpty)
    }

    @Test func theSameNumberHereIsAReasonToo() throws {
        let patients = [charts[0]: [try patient("One", "1990-01-01")], charts[1]: [try patient("Two", "1980-01-01")]]
        let accepted = [charts[0], charts[1]].map { ChartAccepted(chart: $0, patient_number: "17", who: "node") }
        let found = SecondCharts(patients, LocalCharts(journal: try journal(accepted)))
        #expect(found.seconds(of: charts[1]).map(\.because) == [[.number]])
    }

    @Test func linksReachOverOthersAndAreTakenBack() throws {
        let both = LocalCharts(journal: try journal([linked(0, 1), linked(2, 1)]))
        #expect(both.linked(to: charts[0]) == [charts[1], charts[2]])
        let one = LocalCharts(journal: try journal([linked(0, 1), linked(2, 1), linked(1, 0, .chartsUnlinked)]))
        #expect(one.linked(to: charts[0]).isEmpty && one.linked(to: charts[2]) == [charts[1]])
        let again = LocalCharts(journal: try journal([linked(0, 1, .chartsUnlinked), linked(0, 1)]))
        #expect(again.linked(to: charts[0]) == [charts[1]])
    }

    @Test func theLaterNumberCounts() throws {
        let entries = ["17", "18"].map { ChartAccepted(chart: charts[0], patient_number: $0, who: "node") }
        #expect(LocalCharts(journal: try journal(entries)).numbers == [charts[0]: "18"])
    }

    @Test(arguments: ["", "  ", "1\n2", String(repeating: "1", count: 65)])
    func aNumberIsOneShortLine(_ number: String) {
        #expect(throws: ContentError.self) {
            try ChartAccepted(chart: charts[0], patient_number: number, who: "node").check()
        }
    }
}
