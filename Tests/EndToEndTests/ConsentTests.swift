import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// Consent on real daemons: it gates every send, today's as well as the one that was under way.
@Suite(.serialized) struct ConsentTests {
    private let folder = Daemons.folder()
    private let document = "\(EventHash(of: [7]))"

    private func grant(_ pair: Pair, _ more: [String] = []) async throws {
        let granted = try pair.left.run(
            [
                "consent", "grant", "--chart", "\(pair.chart)", "--consent-document", document, "--view",
                try await pair.view(pair.left),
            ]
                + more)
        #expect(granted.status == 0, "\(granted.errors)")
    }

    private func report(_ pair: Pair) async throws -> EventHash {
        try await pair.record(pair.left, "side_effect.reported", #"{"severity":"mild","what":"dry mouth"}"#).event
    }

    private func holds(_ node: DemoNode, _ event: EventHash, of chart: ChartID) async throws -> Bool {
        try await node.ask(ShowRequest<TimelineView>(chart: chart)).content.entries.contains { $0.label.event == event }
    }

    /// Another chart that both share: what comes to the other practice in it was sent after all that was written before.
    private func barrier(_ pair: Pair) async throws -> Pair {
        let opened = try await pair.left.ask(
            OpenChartRequest(
                patient: #"{"name":"Other Fictional","birth_date":"1980-01-01"}"#, scopes: [.prescribing], when: nil,
                request: "barrier"))
        let right = try await pair.right.ask(StatusRequest()).node
        _ = try await pair.left.ask(
            ShareChartRequest(
                chart: opened.chart, members: [.init(node: right, scopes: [.prescribing])], purpose: "TREAT", until: nil,
                signedDocument: EventHash(of: [1]), when: nil, view: opened.view, request: "share barrier"))
        let other = Pair(left: pair.left, right: pair.right, chart: opened.chart, listening: pair.listening)
        try await other.settle()
        return other
    }

    /// Returns once everything that was written before has been offered.
    private func pass(_ barrier: Pair) async throws {
        _ = try await report(barrier)
        try await barrier.settle()
    }

    private func set(_ time: String, _ nodes: [DemoNode]) async throws {
        let now = try #require(ClinicalTime(time)).instant
        for node in nodes { _ = try await node.ask(SetClockRequest(now: now)) }
    }

    private func told(_ node: DemoNode) async throws -> [String] {
        try await node.ask(TodayRequest()).items.filter { $0.what == .consent }.map(\.text)
    }

    @Test func theDayAfterItsLastNothingIsSent() async throws {
        let pair = try await Daemons.pair(in: folder)
        let other = try await barrier(pair)
        try await set("2031-06-01T12:00:00+00:00", [pair.left, pair.right])
        try await grant(pair, ["--until", "2031-06-25"])
        #expect(try await told(pair.left).isEmpty, "more than 14 days are left")
        try await set("2031-06-25T12:00:00+00:00", [pair.left, pair.right])
        #expect(try await told(pair.left).first?.contains("ends on 2031-06-25, today") == true)
        _ = try await report(pair)
        try await pair.settle()
        try await set("2031-06-26T00:30:00+00:00", [pair.left, pair.right])
        #expect(try await told(pair.left).first?.contains("ended on 2031-06-25") == true)
        let late = try await report(pair)
        try await pass(other)
        #expect(!(try await holds(pair.right, late, of: pair.chart)))
        let sent = try await pair.left.ask(DisclosuresRequest(chart: pair.chart, from: nil, to: nil))
        let start = try #require(ClinicalTime("2031-06-26T00:00:00+00:00")).instant
        #expect(sent.allSatisfy { $0.at < start })
        // The patient renews it: what waited goes, and nothing was lost.
        try await grant(pair)
        try await pair.right.wait(for: try await pair.left.clock(of: pair.chart), of: pair.chart)
        #expect(try await holds(pair.right, late, of: pair.chart))
        #expect(try await told(pair.left).isEmpty)
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aRevocationListsWhatHadLeft() async throws {
        let pair = try await Daemons.pair(in: folder)
        let other = try await barrier(pair)
        let right = try await pair.right.ask(StatusRequest()).node
        let revoke = [
            "consent", "revoke", "--chart", "\(pair.chart)", "--for", "\(right)", "--request-id", "once", "--json", "--view",
            try await pair.view(pair.left),
        ]
        let revoked = try pair.left.run(revoke, input: "")
        #expect(revoked.status == 0, "\(revoked.errors)")
        let answer = try JSONDecoder().decode(RevokeConsentRequest.Answer.self, from: Data(revoked.output.utf8))
        let sent = try await pair.left.ask(DisclosuresRequest(chart: pair.chart, from: nil, to: nil))
        #expect(!answer.left.isEmpty && answer.left == sent)
        let again = try JSONDecoder().decode(
            RevokeConsentRequest.Answer.self, from: Data(try pair.left.run(revoke, input: "").output.utf8))
        #expect(again.recorded == answer.recorded)
        let late = try await report(pair)
        try await pass(other)
        #expect(!(try await holds(pair.right, late, of: pair.chart)))
        #expect(try await pair.left.ask(DisclosuresRequest(chart: pair.chart, from: nil, to: nil)) == sent)
        let shown = try pair.left.run(["consent", "show", "--chart", "\(pair.chart)"])
        #expect(shown.output.contains("right: not covered") && shown.output.contains("revoked for right"), "\(shown.output)")
        pair.left.stop()
        pair.right.stop()
    }

    @Test func theNoticeGoesWithTheChart() async throws {
        let pair = try await Daemons.pair(in: folder)
        #expect(!(try pair.right.run(["chart", "show", "--chart", "\(pair.chart)"]).output.contains("NOTICE")))
        try await grant(pair, ["--part2"])
        try await pair.settle()
        let chart = ["--chart", "\(pair.chart)"]
        for (command, input) in [
            (["chart", "accept"] + chart, "R-1"), (["chart", "show"] + chart, ""),
            (["audit", "export"] + chart + ["--out", folder + "/chart.jsonl"], ""),
            (["fhir", "export"] + chart + ["--out", folder + "/chart.json"], ""), (["consent", "show"] + chart, ""),
        ] {
            let done = try pair.right.run(command, input: input)
            #expect(done.status == 0 && done.output.contains("42 CFR 2.12, 2.32, 2.33"), "\(command): \(done.errors)")
            #expect(done.output.contains("signed document \(document)"))
        }
        // It stands in what is handed on as well, also in other systems' words.
        let bundle = try String(contentsOfFile: folder + "/chart.json", encoding: .utf8)
        #expect(bundle.contains("<p>NOTICE: ") && bundle.contains("signed document \(document)"))
        pair.left.stop()
        pair.right.stop()
    }
}
