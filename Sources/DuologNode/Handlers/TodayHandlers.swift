import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func show<Content: TimedProjection>(
        _ request: TimedShowRequest<Content>, _ caller: Caller
    ) async throws -> Viewed<Content> {
        let record = try await record(of: request.chart)
        let now = request.now ?? clock.now
        try await noteAccess(caller, "show \(Content.name)", chart: request.chart, view: record.graph.view.token)
        let fold = Fold(record, Fold.Scope(now: now))
        return viewed(record, fold, now, Content(fold, now: now))
    }

    func today(_ request: TodayRequest, _ caller: Caller) async throws -> TodayAnswer {
        let now = request.now ?? clock.now
        try await noteAccess(caller, "today")
        let read: @Sendable (ChartID) async throws -> ChartToday = { [log] chart in
            ChartToday(try await self.record(of: chart), now, log.node)
        }
        var items = try await shelf().items(now)
        if request.now == nil {
            let charts = try await keptToday.all(log, holds: { $0.holds(at: now) }, read: read)
            for chart in charts.values { items += chart.items(now) }
        } else {
            // Another moment than now is asked for once.
            for entry in try await log.charts() { items += try await read(entry.chart).items(now) }
        }
        let rank = Dictionary(uniqueKeysWithValues: TodayItem.What.allCases.enumerated().map { ($1, $0) })
        items.sort { left, right in
            (rank[left.what] ?? 0, left.since, left.chart, left.text) < (
                rank[right.what] ?? 0, right.since, right.chart, right.text
            )
        }
        return TodayAnswer(now: now, fictional: isFictional, items: items, behind: try await peersBehind())
    }

    /// Those that are connected get what they have not: only who is away can stay behind.
    private func peersBehind() async throws -> [PeerBehind] {
        var behind: [PeerBehind] = []
        for summary in try await peerSummaries() where !summary.connected {
            let unconfirmed = try await log.unconfirmed(by: summary.node, on: clock.today)
            guard unconfirmed.events > 0 else { continue }
            behind.append(
                PeerBehind(
                    node: summary.node, name: summary.name, events: unconfirmed.events, charts: unconfirmed.charts,
                    state: summary.state, confirmed: try await log.lastReceipt(of: summary.node)?.at))
        }
        return behind
    }
}
