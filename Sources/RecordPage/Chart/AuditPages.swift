import CareModel
import EventLog
import NodeAPI

/// The check of the whole log: it goes on in the daemon, and the page says how far it is.
struct AuditPages {
    private struct Content {
        let token, progress, done, total: String
        let isRunning: Bool
        let report: Report?
    }

    private struct Report {
        let kind, verdict, ended, events: String
        let findings: [String]
        let more: String?
    }

    private static let most = 100

    func add(to routes: SiteRoutes) {
        routes.get("audit") { visit in
            let state = try await visit.ask(VerifyRequest(start: false, quick: false))
            let content = Content(
                token: visit.formToken, progress: "\(state.done) of \(state.total) events", done: "\(state.done)",
                total: "\(max(1, state.total))", isRunning: state.running, report: state.report.map(Self.report))
            return .page(Page("Check of the log", "audit", content))
        }
        routes.post("audit") { visit in
            _ = try await visit.ask(VerifyRequest(start: true, quick: false))
            return .redirect("/audit")
        }
    }

    private static func report(_ report: VerifyReport) -> Report {
        let findings = report.log.map(\.text) + report.charts.flatMap { chart in chart.findings.map(\.text) }
        return Report(
            kind: report.whole ? "good" : "safety", verdict: report.whole ? "All holds." : "Something does not hold.",
            ended: Words.moment(report.ended),
            events: "\(Words.count(report.events, "event", "events")) in \(Words.count(report.charts.count, "chart", "charts"))",
            findings: Array(findings.prefix(most)),
            more: findings.count > most ? "\(findings.count - most) more: duolog audit verify" : nil)
    }
}
