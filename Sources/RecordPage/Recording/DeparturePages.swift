import CareModel
import EventLog
import HTTPTypes
import NodeAPI

/// The end of care, and of a practice's part in a chart: discharge, hand over, leave. Nothing open is left behind that nobody has taken over.
struct DeparturePages {
    private struct Content {
        let patient, chart, token, view, request, reason, document: String
        let acts: [Option]
        let members: [Option]
        let successors: [Option]
        let goesOn: [String]
        let problem, said: String?
    }

    private static let acts = [
        ("discharge", "the episodes of care: discharge"), ("hand-over", "this practice's part: hand it over"),
        ("leave", "this practice's part: leave the chart"),
    ]

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/leave") { .page(try await page($0)) }
        routes.post("chart/:chart/leave") { visit in
            do {
                let (said, goesOn) = try await act(visit)
                return .page(try await page(visit, said: said, goesOn: goesOn))
            } catch let error as NodeError where RecordPages.isMendable(error) || error.code == .notFound {
                return .page(try await page(visit, problem: error.text))
            }
        }
    }

    /// Carries out what was chosen; returns what became of it, and the medication that goes on.
    private func act(_ visit: Visit) async throws -> (said: String, goesOn: [String]) {
        let (chart, form) = (try visit.chart(), visit.form)
        let (view, request, reason) = (form["view"], form["request"], form["reason"])
        let taker = NodeID(form["taker"])
        guard !reason.isEmpty else { throw NodeError(.content, "say why") }
        switch form["act"] {
        case "discharge":
            let answer = try await visit.ask(
                DischargeRequest(chart: chart, reason: reason, handOpenItemsTo: taker, view: view, request: request))
            return (
                "The open episodes are closed.", answer.medications.map { "\($0.drug ?? "[erased]"): \($0.state)" }
            )
        case "hand-over":
            guard let successor = NodeID(form["successor"]) else {
                throw NodeError(.usage, "choose who takes this practice's place")
            }
            let consent = try form["document"].nonEmpty.map { _ in
                HandOverChartRequest.Consent(
                    purpose: "TREAT", signedDocument: try SharingPages.document(form), until: try SharingPages.lastDay(form),
                    part2: form["part2"] == "yes" ? true : nil)
            }
            _ = try await visit.ask(
                HandOverChartRequest(
                    chart: chart, to: successor, reason: reason, handOpenItemsTo: taker, consent: consent, view: view,
                    request: request))
            return ("The chart is handed over. This practice keeps what it has, and gets nothing more.", [])
        case "leave":
            _ = try await visit.ask(
                LeaveChartRequest(chart: chart, reason: reason, handOpenItemsTo: taker, view: view, request: request))
            return ("This practice has left the chart. It keeps what it has, and gets nothing more.", [])
        default: throw NodeError(.usage, "say what is to be done")
        }
    }

    private func page(
        _ visit: Visit, said: String? = nil, goesOn: [String] = [], problem: String? = nil
    ) async throws -> Page {
        let chart = try visit.chart()
        let shown = try await visit.ask(ShowRequest<MembershipView>(chart: chart))
        let status = try await visit.ask(StatusRequest())
        let form = problem == nil ? Form() : visit.form
        let others = shown.content.members.filter { !$0.removed && $0.node != status.node }
        func options(_ nodes: [(node: NodeID, name: String)], _ field: String) -> [Option] {
            nodes.map { Option(value: "\($0.node)", label: $0.name, isChosen: form[field] == "\($0.node)") }
        }
        let members = others.map { ($0.node, $0.name) }
        let inside = Set(others.map(\.node))
        let peers = status.peers.filter { !inside.contains($0.node) }.map { ($0.node, $0.name) }
        let content = Content(
            patient: Names.one(shown.patient), chart: "\(chart)", token: visit.formToken,
            view: form["view"].nonEmpty ?? shown.view, request: form["request"].nonEmpty ?? Sessions.secret(),
            reason: form["reason"], document: form["document"],
            acts: Self.acts.map { Option(value: $0, label: $1, isChosen: form["act"] == $0) }, members: options(members, "taker"),
            successors: options(members + peers, "successor"), goesOn: goesOn, problem: problem, said: said)
        return Page("End of care", "leave", content, status: problem == nil ? .ok : .badRequest, at: .caseload)
    }
}
