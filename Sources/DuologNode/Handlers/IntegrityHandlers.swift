import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func listIntegrity(_ request: ListIntegrityRequest, _ caller: Caller) async throws -> [IntegrityReport] {
        try await requireReader(caller)
        let charts = if let one = request.chart { [one] } else { try await log.forkedCharts() }
        var reports: [IntegrityReport] = []
        for chart in charts {
            let record = try await record(of: chart)
            try await noteAccess(caller, "show integrity", chart: chart, view: record.graph.view.token)
            reports.append(
                IntegrityReport(viewed: viewed(record, at: clock.now), evidence: try await evidence(record)))
        }
        return reports
    }

    /// The signed heads of both branches: nobody but the writer can have made them.
    private func evidence(_ record: ChartRecord) async throws -> [IntegrityReport.Evidence] {
        let forks = IntegrityView(Fold(record)).forks
        let heads = try await log.signedHeads(of: record.graph.chart, among: forks.flatMap(\.branches).map(\.tip))
        return heads.map { head in
            let keys = record.graph.position(of: head.hash).flatMap { record.authority.keys(for: $0, in: record.graph) }
            return IntegrityReport.Evidence(
                event: head.hash, origin: head.dot.origin, seq: head.dot.seq, at: head.at,
                signature: Base64URL.encode(head.signature), valid: keys.map { head.isValid(for: $0) } ?? false)
        }
    }

    /// Open forks in words, for whoever asks how the node is.
    func integrityAlerts() async throws -> [String] {
        var alerts: [String] = []
        for chart in try await log.forkedCharts() {
            for fork in try await log.stored(IntegrityView.self, of: chart)?.forks ?? [] where fork.isOpen {
                alerts.append(
                    "chart \(chart.short): \(fork.branches.count) different events of \(fork.practice) carry number \(fork.seq) of \(fork.origin); a copy of that node ran beside it. All are kept; see: duolog audit integrity show"
                )
            }
        }
        return alerts
    }
}
