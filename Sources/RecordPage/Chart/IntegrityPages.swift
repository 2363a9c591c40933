import CareModel
import EventLog
import HTTPTypes
import NodeAPI

/// Numbers that name two events: both branches with what their writer signed, and the review that closes the alert.
struct IntegrityPages {
    private struct Content {
        struct Branch {
            let number, last, built: String
            let events: [String]
            let heads: [String]
        }
        struct Fork {
            let practice, origin, seq, tips: String
            let branches: [Branch]
            let reviewed: [String]
            let isOpen: Bool
        }
        let chart, patient, token, view, request, rationale: String
        let forks: [Fork]
        let said, problem: String?
    }

    /// So many events of a branch are shown.
    private static let most = 50

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/integrity") { .page(try await page($0, said: nil, problem: nil)) }
        routes.post("chart/:chart/integrity") { visit in
            let form = visit.form
            let tips = form["tips"].split(separator: " ").compactMap { EventHash(String($0)) }
            do {
                _ = try await visit.ask(
                    RecordRequest(
                        chart: visit.chart(), kind: BranchAdopted.kind, body: Self.body(form["rationale"]), refs: tips,
                        view: form["view"], request: form["request"]))
                return .page(try await page(visit, said: "Reviewed. The alert is closed on every node.", problem: nil))
            } catch let error as NodeError where RecordPages.isMendable(error) {
                return .page(try await page(visit, said: nil, problem: error.text))
            }
        }
    }

    private static func body(_ rationale: String) -> String {
        String(decoding: BranchAdopted(rationale: rationale).members, as: UTF8.self)
    }

    private func page(_ visit: Visit, said: String?, problem: String?) async throws -> Page {
        let chart = try visit.chart()
        guard let report = try await visit.ask(ListIntegrityRequest(chart: chart)).first else {
            throw NodeError(.notFound, "there is no such chart here")
        }
        let content = Content(
            chart: "\(chart)", patient: Names.one(report.viewed.patient), token: visit.formToken,
            view: problem == nil ? report.viewed.view : visit.form["view"],
            request: problem == nil ? Sessions.secret() : visit.form["request"],
            rationale: problem == nil ? "" : visit.form["rationale"],
            forks: report.viewed.content.forks.map { Self.fork($0, report.evidence) }, said: said, problem: problem)
        return Page("Integrity", "integrity", content, status: problem == nil ? .ok : .badRequest, at: .caseload)
    }

    private static func fork(_ fork: IntegrityView.Fork, _ evidence: [IntegrityReport.Evidence]) -> Content.Fork {
        let branches = fork.branches.enumerated().map { index, branch in
            let heads = evidence.filter { $0.event == branch.tip }.map {
                "signed \(Words.moment($0.at)); the signature \($0.valid ? "holds" : "DOES NOT HOLD")"
            }
            let events = branch.events.prefix(most).map {
                "\(Words.local($0.when)), \($0.person): \(RecordableKinds.title($0.kind, "") ?? $0.kind.name)"
            }
            return Content.Branch(
                number: "\(index + 1)", last: "\(branch.seq)",
                built: Words.count(branch.built_on, "event of others builds", "events of others build"), events: Array(events),
                heads: heads)
        }
        return Content.Fork(
            practice: fork.practice, origin: "\(fork.origin)", seq: "\(fork.seq)",
            tips: fork.branches.map { "\($0.tip)" }.joined(separator: " "), branches: branches,
            reviewed: fork.adopted.map { "\(Words.local($0.when)), \($0.person)" }, isOpen: fork.isOpen)
    }
}
