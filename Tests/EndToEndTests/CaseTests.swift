import CareModel
import DemoCase
import EventLog
import Foundation
import LogStore
import NodeAPI
import Replication
import Testing

@testable import DuologNode

/// The whole case on three real daemons in a line: the founder and the prescriber never meet, the therapist relays.
@Suite(.serialized) struct CaseTests {
    @Test func theCaseEndsAlikeOverARelay() async throws {
        let folder = Daemons.folder()
        var nodes: [CombinedCareCase.Practice: DemoNode] = [:]
        for practice in CombinedCareCase.Practice.allCases {
            let node = try Daemons.make(practice.rawValue, in: folder)
            try await node.start()
            nodes[practice] = node
        }
        let player = CasePlayer(nodes: nodes, links: [(.therapist, .primaryCare), (.prescriber, .therapist)])
        let steps = try CombinedCareCase().steps
        try await player.prepare(try #require(steps.first))
        for step in steps {
            try await player.play(step)
            if step.kind == "SIM.link_up" { try await expectOneDispute(player) }
        }
        let chart = try #require(await player.chart)
        var digests: Set<EventHash> = []
        for node in nodes.values { digests.formUnion(try await node.ask(DigestRequest(chart: chart)).map(\.digest)) }
        #expect(digests.count == 1)
        let founder = try #require(nodes[.primaryCare])
        let peers = try await founder.ask(ListPeersRequest())
        #expect(peers.filter(\.connected).count == 1, "the founder is connected to the therapist only")
        try await expectTheRelayIsAccountedFor(nodes, chart)
        let regimen = try await founder.ask(ShowRequest<RegimenView>(chart: chart)).content.medications
        #expect(regimen.first?.last_agreed?.amount == "75 mg")
        #expect(regimen.first?.state == .agreed)
        // The therapist's node holds both sides' events and passes them on; its trail says so.
        let therapist = try #require(nodes[.therapist])
        let raise = try #require(await player.events[51])
        let relayed = try await therapist.ask(TrailRequest(event: raise)).trail.steps.filter { $0.what == .relayed }
        #expect(relayed.count == 1 && relayed.first?.text.hasSuffix("as it had come from Fictional Psychiatry") == true)
        let own = try await founder.ask(TrailRequest(event: try #require(await player.events[53]))).trail.steps.map(\.what)
        #expect(own.contains(.sent) && !own.contains(.relayed))
        if let path = ProcessInfo.processInfo.environment["GOLDEN_OUT"] {
            founder.stop()
            try await writeGolden(founder, chart, to: path)
        }
    }

    /// Who passed an event on accounts for it; its author, who never met the one who got it, does not.
    private func expectTheRelayIsAccountedFor(_ nodes: [CombinedCareCase.Practice: DemoNode], _ chart: ChartID) async throws {
        let accounting = Accounting(nodes: nodes, chart: chart)
        try await accounting.expectComplete()
        let founder = try await accounting.id(.primaryCare)
        let founders = try await accounting.events(of: .primaryCare).filter { $0.origin.node == founder }
        #expect(try await accounting.sent(by: .therapist, to: .prescriber).isSuperset(of: founders))
        #expect(try await accounting.sent(by: .primaryCare, to: .prescriber).isEmpty)
    }

    /// Writes the chart's lines as they travel: how Tests/CareModelTests/Golden was made.
    private func writeGolden(_ node: DemoNode, _ chart: ChartID, to path: String) async throws {
        let folder = StateFolder(path: node.folder + "/state")
        let log = try LogStore(
            LogStore.Configuration(
                path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(folder.path + "/store.key"),
                clock: { Timestamp(milliseconds: 0) }, random: { 1 }))
        let record = try #require(try await log.record(of: chart))
        let therapist = try #require(Fold.membership(of: record).members.first { $0.value.scopes == [.therapy] }).key
        let range = LogStore.ReadRange(chart, after: VectorClock(), from: 0, upTo: .max, skipsOwn: false)
        let day = try #require(CalendarDay("2031-07-07"))
        let excerpt = try #require(
            try await log.read([range], maxEvents: 1000, maxBytes: 1 << 24, for: therapist, on: day)[0])
        var lines = excerpt.events.flatMap { [$0.envelope, $0.body ?? []] }
        lines += excerpt.heads.map { MessageCodec.encode(.head($0)) }
        try Data(lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: path))
    }

    private func expectOneDispute(_ player: CasePlayer) async throws {
        let chart = try #require(await player.chart)
        let events = await player.events
        for node in player.nodes.values {
            let disputes = try await node.ask(ListConflictsRequest(chart: chart)).flatMap(\.content.disputes)
            #expect(disputes.count == 1)
            #expect(Set(disputes.flatMap(\.siblings).map(\.label.event)) == Set([events[51], events[53]].compactMap { $0 }))
        }
    }
}
