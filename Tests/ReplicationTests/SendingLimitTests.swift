import EventLog
@testable import Replication
import TestSupport
import Testing

/// What a peer can make a sender keep, and what fits into a line.
extension SendingTests {
    @Test func refusalsOfChartsThatWereNotOfferedAreNotKept() throws {
        let chart = try PlainChart(1)
        var script = ScriptedSession([chart].offer(arrival: 1))
        script.hear(.same)
        let said = (2...100).flatMap { number in
            let foreign = EventHash(of: Array("chart \(number)".utf8))
            return script.hear(.refused(Message.Refused(chart: foreign, code: .inadmissible))).directives
        }
        // Nor is the log filled with them.
        #expect(said.count == 0)
        #expect(script.status.refusedCharts == 0)
        let refusal = Message.refused(Message.Refused(chart: chart.id, code: .notAMember))
        #expect(script.hear(refusal, refusal).notes == [.refused(chart.id, .notAMember)])
        #expect(script.status.refusedCharts == 1)
    }

    @Test func headsOfChartsWithManyWritersFitIntoALine() throws {
        let charts = (0..<ReplicationLimits.chartsPerHeads).map { ChartHeads.many($0, writers: 100) }
        var script = ScriptedSession(
            Offer(charts: Dictionary(uniqueKeysWithValues: charts.map { ($0.chart, $0.digest) }), arrival: 1))
        script.hear(.differs, .open(Set(charts.map(\.chart.bucket)).sorted()))
        let said = script.answer(.heads(charts))
        #expect(said.ending == nil)
        var told: [ChartHeads] = []
        for (index, message) in said.messages.enumerated() {
            guard case .heads(let heads) = message else { continue }
            #expect(heads.part == index + 1)
            #expect(MessageCodec.encode(message).count <= ReplicationLimits.lineBytes)
            told += heads.charts
        }
        #expect(told == charts)
        // Each part is answered by itself.
        for part in said.messages.indices.dropLast() { #expect(script.hear(.want(part + 1, [])).ending == nil) }
        #expect(script.tick().roots.isEmpty)
        #expect(script.hear(.want(said.messages.count, [])).ending == nil)
        #expect(script.tick().roots.count == 1)
    }

    @Test func aChartWithMoreWritersThanALineHoldsHoldsTheRootBack() throws {
        let chart = ChartHeads.many(1, writers: ReplicationLimits.tipsPerHeads + 1)
        let other = try PlainChart(2)
        var script = ScriptedSession(
            Offer(charts: [chart.chart: chart.digest, other.id: other.heads().digest], arrival: 1))
        script.hear(.differs, .open([chart.chart.bucket, other.id.bucket]))
        let said = script.answer(.heads([chart, other.heads()]))
        #expect(said.messages == [.heads(1, [other.heads()])])
        #expect(said.notes == [.tooManyWriters(chart.chart)])
        script.hear(.want(1, [(other, VectorClock())]))
        script.answer(try other.run(), next: 1)
        script.tick()
        #expect(script.transcript.batches == [[other.id]])
        #expect(script.transcript.roots.isEmpty)
    }

    @Test func theLongestPartFitsIntoALine() throws {
        // The longest number, and as many charts as a part may hold.
        var charts = (1..<ReplicationLimits.chartsPerHeads).map { ChartHeads.many($0, writers: 1) }
        charts.append(.many(0, writers: ReplicationLimits.tipsPerHeads - charts.count, seq: Limits.sequence))
        #expect(MessageCodec.encode(.heads(999_999_999_999_999_999, charts)).count <= ReplicationLimits.lineBytes)
    }
}
