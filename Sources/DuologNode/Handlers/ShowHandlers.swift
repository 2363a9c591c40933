import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func show<Content: Projection>(_ request: ShowRequest<Content>, _ caller: Caller) async throws -> Viewed<Content> {
        try await requireReader(caller)
        let record = try await record(of: request.chart)
        let shown: Viewed<Content> = viewed(record, at: request.now ?? clock.now)
        try await noteAccess(caller, "show \(Content.name)", chart: request.chart, view: shown.view)
        return shown
    }

    func listConflicts(_ request: ListConflictsRequest, _ caller: Caller) async throws -> [Viewed<ConflictsView>] {
        try await requireReader(caller)
        let charts = try await self.charts(request.chart)
        var worklist: [Viewed<ConflictsView>] = []
        for chart in charts {
            let stored = try await log.stored(ConflictsView.self, of: chart)
            guard request.chart != nil || stored?.disputes.isEmpty == false else { continue }
            let shown: Viewed<ConflictsView> = viewed(try await record(of: chart), at: clock.now)
            try await noteAccess(caller, "show conflicts", chart: chart, view: shown.view)
            worklist.append(shown)
        }
        // The oldest open dispute leads.
        return worklist.sorted { left, right in
            (left.content.disputes.first?.since.milliseconds ?? .max, left.chart)
                < (right.content.disputes.first?.since.milliseconds ?? .max, right.chart)
        }
    }

    func viewed<Content: Projection>(_ record: ChartRecord, at now: Timestamp) -> Viewed<Content> {
        let fold = Fold(record, Fold.Scope(now: now))
        return viewed(record, fold, now, Content(fold))
    }

    /// What was read of a chart, with the view that it was read from.
    func viewed<Content>(_ record: ChartRecord, _ fold: Fold, _ now: Timestamp, _ content: Content) -> Viewed<Content> {
        Viewed(
            chart: record.graph.chart, view: record.graph.view.token, clock: record.graph.clock, now: now,
            fictional: isFictional, incomplete: record.isIncomplete, patient: MembershipView(fold).patient.map(\.name),
            content: content)
    }

    func timelinePage(_ request: TimelinePageRequest, _ caller: Caller) async throws -> Viewed<TimelinePage> {
        try await requireReader(caller)
        let record = try await record(of: request.chart)
        try await noteAccess(caller, "show timeline", chart: request.chart, view: record.graph.view.token)
        let fold = Fold(record, Fold.Scope(now: clock.now))
        let page = TimelinePage(fold, group: request.group, skipping: request.skipping, count: min(request.count, 500))
        return viewed(record, fold, clock.now, page)
    }

    func readEvent(_ request: ReadEventRequest, _ caller: Caller) async throws -> Viewed<EventReading> {
        let reader = try await practitioner(caller)
        let record = try await record(of: request.chart)
        try await noteAccess(
            caller, "show event", chart: request.chart, view: record.graph.view.token, event: request.event)
        let fold = Fold(record, Fold.Scope(now: clock.now))
        let seat = Membership.Seat(node: log.node, author: reader.author)
        guard let reading = EventReading(request.event, fold, for: seat) else {
            throw NodeError(.notFound, "no event \(request.event.short) in this chart; see: duolog show timeline")
        }
        return viewed(record, fold, clock.now, reading)
    }

    func record(of chart: ChartID) async throws -> ChartRecord {
        guard let record = try await log.record(of: chart) else {
            throw NodeError(.notFound, "no chart \(chart.short) here; see: duolog chart list")
        }
        return record
    }

    private func charts(_ one: ChartID?) async throws -> [ChartID] {
        if let one { return [one] }
        return try await log.charts().map(\.chart)
    }

    // MARK: For those who look behind

    func rebuild(_ caller: Caller) async throws -> RebuildReport {
        try await requireAdministrator(caller, "rebuild projections")
        let differences = try await log.rebuild()
        return RebuildReport(
            charts: try await log.charts().count, differences: differences.map { "\($0.chart) \($0.projection)" })
    }

    func digest(_ request: DigestRequest, _ caller: Caller) async throws -> [ChartDigest] {
        try await requireReader(caller)
        let charts = try await self.charts(request.chart)
        var digests: [ChartDigest] = []
        for chart in charts {
            let record = try await record(of: chart)
            digests.append(
                ChartDigest(
                    chart: chart, digest: Projections.digest(Fold(record)), events: record.graph.nodes.count,
                    clock: record.graph.clock))
        }
        return digests
    }
}
