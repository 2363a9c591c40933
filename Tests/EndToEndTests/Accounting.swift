import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// The accounting of disclosures of all practices, each held against what the others say that they were sent.
struct Accounting {
    typealias Practice = CombinedCareCase.Practice

    let nodes: [Practice: DemoNode]
    let chart: ChartID

    /// What came to a practice is accounted for by whoever sent it. That is not always its author: who was off the network may have had
    /// it from a third practice before the author's own session got that far.
    func expectComplete() async throws {
        for receiver in Practice.allCases {
            let own = try await id(receiver)
            let received = try entries(of: receiver, ["--received"])
            for sender in Practice.allCases where sender != receiver {
                let peer = try await id(sender)
                let missing = dots(received.filter { $0.peer == peer }).subtracting(try await sent(by: sender, to: receiver))
                #expect(missing.isEmpty, "\(sender) sent to \(receiver) what it does not account for: \(missing)")
            }
            // Every event that came is accounted for, once.
            let foreign = try await events(of: receiver).filter { $0.origin.node != own }
            #expect(dots(received) == foreign)
            #expect(received.reduce(0) { $0 + $1.events } == foreign.count)
        }
    }

    /// What a practice accounts for as sent to another one.
    func sent(by sender: Practice, to receiver: Practice) async throws -> Set<Dot> {
        let peer = try await id(receiver)
        return dots(try entries(of: sender, []).filter { $0.peer == peer })
    }

    /// What a practice holds of the chart.
    func events(of practice: Practice) async throws -> Set<Dot> {
        Set(
            try await node(practice).clock(of: chart).entries.flatMap { entry in
                (1...entry.seq).map { Dot(origin: entry.origin, seq: $0) }
            })
    }

    func id(_ practice: Practice) async throws -> NodeID { try await node(practice).ask(StatusRequest()).node }

    private func node(_ practice: Practice) throws -> DemoNode { try #require(nodes[practice]) }

    private func entries(of practice: Practice, _ arguments: [String]) throws -> [DisclosureEntry] {
        let result = try node(practice).run(["audit", "disclosures", "--chart", "\(chart)", "--json"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([DisclosureEntry].self, from: Data(result.output.utf8))
    }

    private func dots(_ entries: [DisclosureEntry]) -> Set<Dot> {
        Set(entries.flatMap(\.ranges).flatMap { range in (range.from...range.to).map { Dot(origin: range.origin, seq: $0) } })
    }
}
