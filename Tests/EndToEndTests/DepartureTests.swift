import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// Leaving, handing over and discharging, as people call the commands, on real daemons.
@Suite(.serialized) struct DepartureTests {
    private let folder = Daemons.folder()

    private func node(_ node: DemoNode) async throws -> NodeID { try await node.ask(StatusRequest()).node }

    private func disputed(_ pair: Pair) async throws {
        let (one, other) = (try await pair.view(pair.left), try await pair.view(pair.right))
        _ = try await pair.adjust(pair.left, from: 50, to: 75, view: one)
        _ = try await pair.adjust(pair.right, from: 50, to: 25, view: other)
        try await pair.settle()
    }

    private func today(_ node: DemoNode) async throws -> [TodayItem] { try await node.ask(TodayRequest()).items }

    @Test func nobodyLeavesAnOpenDisputeBehind() async throws {
        let pair = try await Daemons.pair(in: folder)
        try await disputed(pair)
        let leave = ["chart", "leave", "--chart", "\(pair.chart)", "--request-id", "leaving"]
        let refused = try pair.right.run(leave + ["--view", try await pair.view(pair.right)], input: "moving away")
        #expect(refused.status == 65, "\(refused.output)\(refused.errors)")
        #expect(refused.errors.contains("dispute: sertraline") && refused.errors.contains("--hand-open-items-to"))
        let left = try await node(pair.left)
        let view = try await pair.view(pair.right)
        let handed = leave + ["--view", view, "--hand-open-items-to", "\(left)", "--json"]
        let done = try pair.right.run(handed, input: "moving away")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try pair.right.run(handed, input: "moving away").output == done.output, "a repeated request")
        try await pair.left.wait(for: try await pair.right.clock(of: pair.chart), of: pair.chart)
        let item = try #require(try await today(pair.left).first { $0.what == .handedOver })
        #expect(item.text.contains("by right") && item.text.contains("dispute: sertraline"), "\(item.text)")
        #expect(try await today(pair.right).isEmpty, "nothing that it could act on")
        let members = try await pair.left.ask(ShowRequest<MembershipView>(chart: pair.chart)).content.members
        #expect(members.filter(\.removed).map(\.name) == ["right"])
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aStewardHandsOverToASuccessor() async throws {
        let pair = try await Daemons.pair(in: folder)
        let right = try await node(pair.right)
        let chart = ["--chart", "\(pair.chart)", "--view", try await pair.view(pair.left)]
        let refused = try pair.left.run(["chart", "leave"] + chart, input: "retiring")
        #expect(refused.status == 65 && refused.errors.contains("hand-over"), "\(refused.errors)")
        let over = ["chart", "hand-over", "--to", "\(right)", "--hand-open-items-to", "\(right)"] + chart
        let done = try pair.left.run(over, input: "retiring")
        #expect(done.status == 0, "\(done.errors)")
        try await pair.right.wait(for: try await pair.left.clock(of: pair.chart), of: pair.chart)
        let members = try await pair.right.ask(ShowRequest<MembershipView>(chart: pair.chart)).content.members
        #expect(members.first { $0.node == right }?.scopes == [.prescribing, .steward, .therapy])
        #expect(members.first { $0.node != right }?.removed == true)
        #expect(try await today(pair.right).contains { $0.what == .handedOver && $0.text.contains("follow-up") })
        pair.left.stop()
        pair.right.stop()
    }

    /// The successor is no member yet: it is admitted, the patient's consent is recorded, and the whole chart goes to it.
    @Test func aPairedNodeThatWasNoMemberSucceeds() async throws {
        let pair = try await Daemons.pair(in: folder)
        let right = try await node(pair.right)
        let opened = try await pair.left.ask(
            OpenChartRequest(
                patient: #"{"name":"Other Fictional","birth_date":"1980-01-01"}"#, scopes: [.primaryCare], when: nil,
                request: "other"))
        let over = [
            "chart", "hand-over", "--to", "\(right)", "--chart", "\(opened.chart)", "--view", opened.view, "--request-id", "over",
        ]
        let refused = try pair.left.run(over, input: "retiring")
        #expect(refused.status == 65 && refused.errors.contains("--consent-document"), "\(refused.errors)")
        let signed = over + ["--consent-document", "\(EventHash(of: [3]))", "--until", "2099-12-31", "--part2"]
        let done = try pair.left.run(signed, input: "retiring")
        #expect(done.status == 0, "\(done.errors)")
        try await pair.right.wait(for: try await pair.left.clock(of: opened.chart), of: opened.chart)
        let consent = try await pair.right.ask(TimedShowRequest<ConsentView>(chart: opened.chart)).content
        #expect(consent.members.map(\.member.node) == [right] && consent.notice != nil)
        let members = try await pair.right.ask(ShowRequest<MembershipView>(chart: opened.chart)).content.members
        #expect(members.first { $0.node == right }?.scopes == [.primaryCare, .steward])
        #expect(try pair.left.run(signed, input: "retiring").output == done.output, "a repeated request")
        pair.left.stop()
        pair.right.stop()
    }

    @Test func theEndOfCareListsTheMedicationThatGoesOn() async throws {
        let pair = try await Daemons.pair(in: folder)
        let right = try await node(pair.right)
        func discharge() async throws -> (status: Int32, output: String, errors: String) {
            try pair.left.run(
                [
                    "chart", "discharge", "--chart", "\(pair.chart)", "--hand-open-items-to", "\(right)", "--view",
                    try await pair.view(pair.left),
                ], input: "goals met")
        }
        #expect(try await discharge().status == 66, "no episode is open")
        try await pair.record(
            pair.left, "episode.opened", #"{"reason":"depression"}"#, view: try await pair.view(pair.left))
        let done = try await discharge()
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.output.contains("episode.closed") && done.output.contains("sertraline 50 MG"), "\(done.output)")
        #expect(try await discharge().status == 66)
        pair.left.stop()
        pair.right.stop()
    }
}
