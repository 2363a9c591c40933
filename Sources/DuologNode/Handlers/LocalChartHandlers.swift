import CareModel
import EventLog
import LogStore
import NodeAPI

/// What the practice keeps of its charts for itself, in the journal.
extension RunningNode {
    /// All charts with what the practice keeps of them.
    func shelf() async throws -> ChartShelf {
        let entries = try await log.charts()
        var memberships: [ChartID: MembershipView] = [:]
        for entry in entries { memberships[entry.chart] = try await log.stored(MembershipView.self, of: entry.chart) }
        return ChartShelf(node: log.node, entries: entries, memberships: memberships, kept: try await journal.localCharts())
    }

    func localChart(_ request: LocalChartRequest, _ caller: Caller) async throws -> LocalChart {
        try await noteAccess(caller, "show links", chart: request.chart)
        return try await localChart(request.chart)
    }

    private func localChart(_ chart: ChartID) async throws -> LocalChart {
        let shelf = try await shelf()
        guard let entry = shelf.entries.first(where: { $0.chart == chart }) else {
            throw NodeError(.notFound, "no chart \(chart.short) here; see: duolog chart list")
        }
        return shelf.local(entry)
    }

    func acceptChart(_ request: AcceptChartRequest, _ caller: Caller) async throws -> LocalChart {
        let author = try await practitioner(caller)
        _ = try await localChart(request.chart)
        let accepted = ChartAccepted(chart: request.chart, patient_number: request.patientNumber, who: author.author.text)
        do {
            try accepted.check()
        } catch {
            throw NodeError(.content, "not accepted: \(error)")
        }
        try await journal.note(accepted, request: request.request)
        return try await localChart(request.chart)
    }

    func linkCharts(_ request: LinkChartsRequest, _ caller: Caller) async throws -> LocalChart {
        let author = try await practitioner(caller)
        let (one, other) = (try await localChart(request.chart), try await localChart(request.other))
        guard let pair = LocalCharts.Pair(one.chart, other.chart) else {
            throw NodeError(.usage, "a chart is not linked to itself")
        }
        try await journal.note(
            NodeChanged(
                what: request.same ? .chartsLinked : .chartsUnlinked, detail: "by \(author.author)",
                charts: [pair.first, pair.second]), request: request.request)
        let after = try await localChart(request.chart)
        guard request.same || !after.linked.contains(request.other) else {
            throw NodeError(
                .content,
                "taken back, but the two are still linked by way of others: \(after.linked.map(\.short).joined(separator: ", "))")
        }
        return after
    }
}

/// The charts of a practice, with its own numbers and links.
struct ChartShelf {
    let entries: [LogStore.ChartEntry]
    let memberships: [ChartID: MembershipView]
    private let node: NodeID
    private let kept: LocalCharts
    private let seconds: SecondCharts

    init(node: NodeID, entries: [LogStore.ChartEntry], memberships: [ChartID: MembershipView], kept: LocalCharts) {
        self.node = node
        self.entries = entries
        self.memberships = memberships
        self.kept = kept
        seconds = SecondCharts(memberships.mapValues(\.patient), kept)
    }

    func local(_ entry: LogStore.ChartEntry) -> LocalChart {
        LocalChart(
            chart: entry.chart, incoming: isIncoming(entry), patient_number: kept.numbers[entry.chart],
            linked: kept.linked(to: entry.chart), probable_second: seconds.seconds(of: entry.chart))
    }

    /// A chart that another practice opened, and that nobody here has put under a number of its own.
    private func isIncoming(_ entry: LogStore.ChartEntry) -> Bool {
        entry.founder != node && kept.numbers[entry.chart] == nil && isMember(of: entry.chart)
    }

    private func isMember(of chart: ChartID) -> Bool {
        memberships[chart]?.members.contains { $0.node == node && !$0.removed } ?? false
    }

    private func patient(_ chart: ChartID) -> [String] { memberships[chart]?.patient.map(\.name) ?? [] }

    /// What of it needs a person.
    func items(_ now: Timestamp) -> [TodayItem] {
        let incoming = entries.filter(isIncoming).map { entry in
            let founder = memberships[entry.chart]?.members.first { $0.node == entry.founder }?.name ?? "another practice"
            return TodayItem(
                what: .incoming, chart: entry.chart, patient: patient(entry.chart),
                text: "opened by \(founder), not accepted", command: "duolog chart accept", since: now)
        }
        let pairs = seconds.pairs.filter { isMember(of: $0.pair.first) && isMember(of: $0.pair.second) }
        return incoming
            + pairs.map { pair, because in
                TodayItem(
                    what: .secondChart, chart: pair.first, patient: patient(pair.first),
                    text: "chart \(pair.second.short): \(because.map(\.rawValue).joined(separator: ", "))",
                    command: "duolog chart link or unlink", since: now)
            }
    }
}
