import CareModel
import EventLog
import NodeAPI
import TestSupport
import Testing

@testable import DuologNode

/// What Today keeps of a chart holds as long as it says it does.
@Suite struct ChartTodayTests {
    private let record: ChartRecord

    init() throws { record = try RecordedCase.record() }

    /// Through the weeks of the case and two months beyond them, from one turn to the next.
    @Test func betweenTwoTurnsNothingReadsOtherwise() throws {
        let node = try #require(record.graph.nodes.first).envelope.origin.node
        let begin = try #require(ClinicalTime("2031-01-05T12:00:00-05:00")).instant
        let end = try #require(ClinicalTime("2031-09-05T12:00:00-05:00")).instant
        var (now, last, changes, turns) = (begin, [TodayItem](), 0, 0)
        while now < end {
            let turn = record.turn(after: now)
            let moment = turn.advanced(byMilliseconds: -1)
            let (here, there) = (ChartToday(record, now, node), ChartToday(record, moment, node))
            #expect(here.holds(at: now) && here.holds(at: moment))
            #expect(!here.holds(at: turn) && !here.holds(at: now.advanced(byMilliseconds: -1)))
            #expect(here.items(begin) == there.items(begin), "from \(now) to \(turn)")
            if here.items(begin) != last { changes += 1 }
            (now, last, turns) = (turn, here.items(begin), turns + 1)
        }
        // Not every turn turns something, and many do.
        #expect(turns > 400 && changes > 20, "\(turns) turns, \(changes) changes")
    }
}
