import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// Accepting, linking and correcting, as people call the commands, on real daemons.
@Suite(.serialized) struct LocalChartTests {
    private let folder = Daemons.folder()

    private func items(_ node: DemoNode, _ what: TodayItem.What) async throws -> [TodayItem] {
        try await node.ask(TodayRequest()).items.filter { $0.what == what }
    }

    @Test func anIncomingChartWaitsUntilItIsAccepted() async throws {
        let pair = try await Daemons.pair(in: folder)
        #expect(try await items(pair.left, .incoming).isEmpty, "its own chart")
        #expect(try await items(pair.right, .incoming).map(\.chart) == [pair.chart])
        #expect(try pair.right.run(["chart", "list"]).output.contains("incoming, not accepted"))
        let accept = ["chart", "accept", "--chart", "\(pair.chart)", "--request-id", "once"]
        for _ in 0..<2 {
            let accepted = try pair.right.run(accept, input: "R-4711\n")
            #expect(accepted.status == 0 && accepted.output.contains("patient number R-4711"), "\(accepted.errors)")
        }
        #expect(try await items(pair.right, .incoming).isEmpty)
        #expect(try pair.right.run(["chart", "show", "--chart", "\(pair.chart)"]).output.contains("patient number R-4711"))
        #expect(try pair.right.run(accept, input: "").status == 65)
        // It is this practice's alone: what both hold of the chart is the same, and the other knows no number.
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
        #expect(try await pair.left.ask(LocalChartRequest(chart: pair.chart)).patient_number == nil)
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aProbableSecondChartIsToldUntilSomebodyDecides() async throws {
        let pair = try await Daemons.pair(in: folder)
        let patient = #"{"name":"FICTIONAL Sample","birth_date":"1990-01-01"}"#
        let second = try await pair.right.ask(
            OpenChartRequest(patient: patient, scopes: [.therapy], when: nil, request: "second")
        ).chart
        let told = try #require(try await items(pair.right, .secondChart).first)
        #expect(told.text.contains("the same name and day of birth"))
        #expect(try await items(pair.left, .secondChart).isEmpty)
        #expect(try pair.right.run(["chart", "list"]).output.contains("probably a second chart"))
        let pairing = ["--chart", "\(pair.chart)", "--other", "\(second)"]
        let before = try await pair.digest(pair.right)
        #expect(try pair.right.run(["chart", "link"] + pairing).status == 0)
        #expect(try await items(pair.right, .secondChart).isEmpty)
        #expect(try await pair.right.ask(LocalChartRequest(chart: second)).linked == [pair.chart])
        #expect(try pair.right.run(["chart", "unlink"] + pairing).status == 0)
        #expect(try await pair.right.ask(LocalChartRequest(chart: second)).linked.isEmpty)
        #expect(try await items(pair.right, .secondChart).isEmpty, "somebody has looked at it")
        #expect(try await pair.digest(pair.right) == before, "links are in no chart")
        #expect(try pair.right.run(["chart", "link", "--chart", "\(second)", "--other", "\(second)"]).status == 64)
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aCorrectionReplacesWhatStood() async throws {
        let pair = try await Daemons.pair(in: folder)
        let corrected = try pair.right.run(
            ["patient", "correct", "--chart", "\(pair.chart)"],
            input: #"{"name":"Sample B. Fictional","birth_date":"1990-01-02","identifiers":["X-1"]}"#)
        #expect(corrected.status == 0, "\(corrected.errors)")
        try await pair.settle()
        let patients = try await pair.left.ask(ShowRequest<MembershipView>(chart: pair.chart)).content.patient
        #expect(patients.map(\.name) == ["Sample B. Fictional"])
        #expect(patients.first?.identifiers == ["X-1"])
        let timeline = try await pair.left.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries
        #expect(timeline.filter { $0.label.kind == PatientIdentified.kind }.count == 2, "what stood there is still there")
        pair.left.stop()
        pair.right.stop()
    }
}
