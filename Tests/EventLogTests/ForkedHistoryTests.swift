import EventLog
import TestSupport
import Testing

/// Histories with old views, copied nodes and forks: what the graph says is what a walk over names finds.
@Suite struct ForkedHistoryTests {
    private static let seeds = 1...240 as ClosedRange<UInt64>

    private func graph(_ events: [Event], _ chart: ChartID, _ note: inout [String]) -> ChartGraph {
        var graph = ChartGraph(chart: chart)
        for event in events {
            do throws(AdmissionError) {
                try graph.admit(event)
            } catch {
                note.append("\(error)")
            }
        }
        return graph
    }

    /// Everything that a graph says about its events, held against the walk; what differs, in words.
    private func differences(_ graph: ChartGraph, _ walk: ClosureByHash) -> [String] {
        var found: [String] = []
        func check(_ isRight: Bool, _ what: @autoclosure () -> String) { if !isRight { found.append(what()) } }
        for late in graph.nodes.indices {
            let name = graph.nodes[late].hash
            let (closure, reach) = (walk.closure[name] ?? [], walk.reach[name] ?? [])
            check(
                Dictionary(uniqueKeysWithValues: graph.nodes[late].envelope.seen.entries.map { ($0.origin, $0.seq) })
                    == walk.clock(closure), "seen of \(name.short)")
            for early in graph.nodes.indices {
                let other = graph.nodes[early].hash
                let isBefore = closure.contains(other)
                check(graph.isBefore(early, late) == isBefore, "\(other.short) before \(name.short)")
                check(graph.reaches(early, from: late) == reach.contains(other), "\(name.short) reaches \(other.short)")
                let isConcurrent = name != other && !isBefore && !(walk.closure[other] ?? []).contains(name)
                check(graph.areConcurrent(early, late) == isConcurrent, "\(other.short) beside \(name.short)")
                check(!isBefore || graph.nodes[early].key < graph.nodes[late].key, "order of \(other.short) and \(name.short)")
            }
        }
        for origin in graph.origins {
            check(Set(graph.tips(of: origin).map { graph.nodes[$0].hash }) == walk.tips(of: origin), "tips of \(origin)")
        }
        check(Set(graph.frontier.map { graph.nodes[$0].hash }) == walk.frontier, "frontier")
        check(Set(graph.forkedOrigins) == walk.forked, "forked origins")
        for position in graph.nodes.indices {
            let after = graph.nodes[position].envelope.after.compactMap { graph.position(of: $0) }
            check(
                graph.maximal([position] + after) == [position], "whoever wrote \(graph.nodes[position].hash.short) has it last")
            check(
                graph.positions(beyondReachOf: position) == graph.positions(beyond: graph.nodes[position].reach),
                "what is beyond \(graph.nodes[position].hash.short)")
        }
        check(
            Dictionary(uniqueKeysWithValues: graph.clock.entries.map { ($0.origin, $0.seq) })
                == walk.clock(graph.nodes.map(\.hash)), "clock")
        return found
    }

    @Test(arguments: seeds)
    func whatTheGraphSaysIsWhatAWalkFinds(_ seed: UInt64) throws {
        let history = try ForkedHistory(seed: seed, steps: 36)
        #expect(history.failures == [], "what is written next is always admitted, by everybody")
        var notes: [String] = []
        let graph = graph(history.events, history.chart, &notes)
        #expect(notes == [])
        #expect(graph.nodes.count == history.events.count)
        #expect(differences(graph, ClosureByHash(history.events)) == [])
    }

    @Test(arguments: seeds)
    func anyCausalOrderGivesTheSameChart(_ seed: UInt64) throws {
        let history = try ForkedHistory(seed: seed, steps: 36)
        let walk = ClosureByHash(history.events)
        for shuffle in 1...2 as ClosedRange<UInt64> {
            let order = history.shuffled(shuffle)
            #expect(order.count == history.events.count)
            var notes: [String] = []
            let graph = graph(order, history.chart, &notes)
            #expect(notes == [])
            #expect(differences(graph, walk) == [])
        }
    }

    /// Without these the comparison above would look at easy histories only.
    @Test func theHistoriesHoldWhatIsHard() throws {
        var (forks, stale, blind, refs) = (0, 0, 0, 0)
        for seed in Self.seeds {
            let history = try ForkedHistory(seed: seed, steps: 36)
            let walk = ClosureByHash(history.events)
            forks += walk.forked.count
            for event in history.events {
                let envelope = event.envelope
                refs += envelope.refs.count
                if let prev = envelope.prev, !(walk.closure[event.hash] ?? []).contains(prev) { blind += 1 }
                // Saw a number of a forked origin, but not every event of that number.
                let seen = walk.closure[event.hash] ?? []
                stale += history.events.count {
                    walk.forked.contains($0.envelope.origin)
                        && envelope.seen.covers($0.envelope.dot) && !seen.contains($0.hash)
                }
            }
        }
        #expect(forks > 100)
        #expect(blind > 300, "decisions from a view that does not hold the writer's own last event")
        #expect(stale > 300, "events whose clock alone would be taken for having seen the other branch")
        #expect(refs > 1000)
    }
}
