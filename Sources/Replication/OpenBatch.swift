import EventLog

/// Events that were sent and are not followed by their commit yet.
struct OpenBatch: Sendable {
    private(set) var events = 0
    private var bytes = 0
    /// Charts with events in it: each stands there once.
    private var charts: Set<ChartID> = []
    private var last: ChartID?

    var isEmpty: Bool { events == 0 }

    /// What goes in beside what is there.
    var room: (events: Int, bytes: Int) {
        (ReplicationLimits.batchEvents - events, ReplicationLimits.batchBytes - bytes)
    }

    /// True where hardly another commit fits: to look for one that does costs more than it brings.
    var isNearlyFull: Bool { room.events < ReplicationLimits.batchEvents / 16 }

    func contains(_ chart: ChartID) -> Bool { charts.contains(chart) }

    /// True where events of a chart may follow what is there.
    func takes(_ chart: ChartID) -> Bool { chart == last || !contains(chart) }

    /// Sends events of a chart, and the heads that vouch for them. Returns the bytes that count against credit.
    mutating func send(_ run: ChartRun, _ step: inout Step) -> Int {
        let before = bytes
        for event in run.events {
            step.directives.append(.send(event.envelope))
            if let body = event.body {
                step.directives.append(.send(body))
            } else if let hash = EnvelopeText.body(of: event.envelope) {
                step.send(.absent(hash))
            }
            bytes += event.byteCount
        }
        if !run.events.isEmpty {
            charts.insert(run.chart)
            last = run.chart
        }
        events += run.events.count
        for head in run.heads { step.send(.head(head)) }
        return bytes - before
    }
}
