import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// The worklist of a practice, on real daemons that disagree about a dose.
@Suite(.serialized) struct TodayTests {
    @Test func whatNeedsAPersonComesInItsOrder() async throws {
        let pair = try await Daemons.pair(in: Daemons.folder())
        #expect(try await pair.left.ask(TodayRequest()).items.isEmpty)
        let (one, other) = (try await pair.view(pair.left), try await pair.view(pair.right))
        _ = try await pair.adjust(pair.left, from: 50, to: 75, view: one)
        try await pair.settle()
        _ = try await pair.adjust(pair.right, from: 50, to: 25, view: other)
        try await pair.record(
            pair.right, "scale.completed", #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,1],"total":9}"#)
        try await pair.record(pair.right, "change.requested", #"{"text":"please look at the dose"}"#)
        try await pair.settle()
        let items = try await pair.left.ask(TodayRequest()).items
        #expect(items.map(\.what) == [.dispute, .concern, .screening, .alert, .alert, .request], "\(items)")
        #expect(items[0].text.contains("DISPUTED {") && items.allSatisfy { $0.patient == ["Sample Fictional"] })
        // Months later the follow-up is overdue too.
        let later = try await pair.left.ask(StatusRequest()).now.advanced(byMilliseconds: 90 * 86_400_000)
        #expect(try await pair.left.ask(TodayRequest(now: later)).items.contains { $0.what == .overdue })
        // Two assessments that did not know of each other, and contradict each other.
        for (node, condition) in [(pair.left, "F32.1"), (pair.right, "F41.1")] {
            try await pair.record(
                node, "assessment.recorded",
                #"{"conditions":["\#(condition)"],"history":"h","physical_health":"p","symptoms":"s"}"#)
        }
        try await pair.settle()
        let alerts = try await pair.left.ask(TodayRequest()).items.filter { $0.what == .alert }.map(\.text)
        #expect(alerts.contains("two assessments that did not know of each other state different conditions"), "\(alerts)")
        let printed = try pair.left.run(["today"])
        #expect(printed.status == 0 && printed.output.contains("SAFETY") && printed.output.contains("DISPUTE"))
        for view in ["trend", "followup", "safety", "referrals", "coverage", "alerts"] {
            let shown = try pair.left.run(["show", view, "--chart", "\(pair.chart)"])
            #expect(shown.status == 0 && shown.output.contains("view: v1."), "\(view): \(shown.errors)")
        }
        #expect(try await pair.left.ask(AccessRequest(chart: nil, from: nil, to: nil)).contains { $0.what == "today" })
        // The other practice goes away, and something waits for it.
        #expect(try await pair.left.ask(TodayRequest()).behind.isEmpty)
        pair.right.stop()
        try await pair.record(pair.left, "goal.set", #"{"text":"walk to the lake"}"#)
        try await Daemons.wait("the connection ends", of: pair.left) {
            try await !pair.left.ask(ListPeersRequest()).contains(where: \.connected)
        }
        let behind = try #require(try await pair.left.ask(TodayRequest()).behind.first)
        #expect(behind.events == 1 && behind.charts == 1 && behind.name == pair.right.name)
        #expect(try pair.left.run(["today"]).output.contains("PEER BEHIND"))
        pair.left.stop()
    }
}
