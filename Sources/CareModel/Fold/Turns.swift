public import EventLog

extension ChartRecord {
    /// The first moment after `now` at which the same events may read otherwise.
    ///
    /// What people read goes by the time in two ways only: by which events have happened, and by which calendar day it is, in the offset of
    /// an event or in UTC. So between one turn and the next nothing changes, and what was read may be kept.
    public func turn(after now: Timestamp) -> Timestamp {
        var offsets: Set<Int> = [0]
        var turn = Int.max
        for position in graph.nodes.indices {
            let when = when(position)
            offsets.insert(when.offsetMinutes)
            if when.instant > now { turn = min(turn, when.instant.milliseconds) }
        }
        let day = 86_400_000
        for offset in offsets.map({ $0 * 60_000 }) {
            let local = now.milliseconds + offset
            let passed = (local % day + day) % day
            turn = min(turn, now.milliseconds - passed + day)
        }
        return now.advanced(byMilliseconds: turn - now.milliseconds)
    }
}
