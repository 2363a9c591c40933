import CareModel
import EventLog
import LogStore
import NodeAPI

/// What the practice keeps of its charts for itself, in the journal.
extension RunningNode {
    /// All charts with what the practice keeps of them.
    func shelf() async throws -> ChartShelf {
        let (charts, generation) = try await keptShelf.reading(log) { [log] in try await ShelvedChart($0, log) }
        let local = try await journal.localCharts()
        if let shelf, shelf.of == generation, shelf.local == local { return shelf.shelf }
        let made = ChartShelf(node: log.node, charts: charts, kept: local)
        shelf = (generation, local, made)
        return made
    }

    /// How many disputes are open across all charts, and when the oldest came about.
    func openDisputes() async throws -> (count: Int, oldest: Timestamp?) {
        let charts = try await keptShelf.all(log) { [log] in try await ShelvedChart($0, log) }
        return (charts.values.reduce(0) { $0 + $1.disputes.count }, charts.values.lazy.flatMap(\.disputes).min())
    }

    func localChart(_ request: LocalChartRequest, _ caller: Caller) async throws -> LocalChart {
        try await noteAccess(caller, "show links", chart: request.chart)
        return try await localChart(request.chart)
    }

    private func localChart(_ chart: ChartID) async throws -> LocalChart {
        let shelf = try await shelf()
        guard shelf.charts[chart] != nil else {
            throw NodeError(.notFound, "no chart \(chart.short) here; see: duolog chart list")
        }
        return shelf.local(chart)
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

/// What of a chart is needed where all of them are looked at.
struct ShelvedChart: Sendable {
    /// In the order in which charts came here.
    let number: Int
    let founder: NodeID?
    let events: Int
    let patient: [MembershipView.Patient]
    /// Those that belong to it, or did.
    let practices: [Practice]
    let isIncomplete: Bool
    /// When each open dispute came about.
    let disputes: [Timestamp]

    struct Practice: Sendable {
        let node: NodeID
        let name: String
        let isRemoved: Bool
    }

    init(_ chart: ChartID, _ log: LogStore) async throws {
        let entry = try await log.entry(of: chart)
        (number, founder, events) = (entry?.number ?? 0, entry?.founder, entry?.events ?? 0)
        let membership = try await log.stored(MembershipView.self, of: chart)
        patient = membership?.patient ?? []
        practices = (membership?.members ?? []).map { Practice(node: $0.node, name: $0.name, isRemoved: $0.removed) }
        isIncomplete = membership?.incomplete ?? false
        disputes = try await log.stored(ConflictsView.self, of: chart)?.disputes.map(\.since) ?? []
    }
}

/// The charts of a practice, with its own numbers and links.
struct ChartShelf: Sendable {
    let charts: [ChartID: ShelvedChart]
    private let node: NodeID
    private let kept: LocalCharts
    private let seconds: SecondCharts

    init(node: NodeID, charts: [ChartID: ShelvedChart], kept: LocalCharts) {
        self.node = node
        self.charts = charts
        self.kept = kept
        seconds = SecondCharts(charts.mapValues(\.patient), kept)
    }

    func local(_ chart: ChartID) -> LocalChart {
        LocalChart(
            chart: chart, incoming: isIncoming(chart), patient_number: kept.numbers[chart],
            linked: kept.linked(to: chart), probable_second: seconds.seconds(of: chart))
    }

    /// A chart that another practice opened, and that nobody here has put under a number of its own.
    private func isIncoming(_ chart: ChartID) -> Bool {
        charts[chart]?.founder != node && kept.numbers[chart] == nil && isMember(of: chart)
    }

    private func isMember(of chart: ChartID) -> Bool {
        charts[chart]?.practices.contains { $0.node == node && !$0.isRemoved } ?? false
    }

    private func patient(_ chart: ChartID) -> [String] { charts[chart]?.patient.map(\.name) ?? [] }

    /// What of it needs a person.
    func items(_ now: Timestamp) -> [TodayItem] {
        let incoming = charts.keys.filter(isIncoming).sorted().map { chart in
            let founder =
                charts[chart].flatMap { shelved in shelved.practices.first { $0.node == shelved.founder }?.name }
                ?? "another practice"
            return TodayItem(
                what: .incoming, chart: chart, patient: patient(chart),
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
