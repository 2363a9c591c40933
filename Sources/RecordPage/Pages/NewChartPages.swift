import CareModel
import EventLog
import Foundation
import HTTPTypes
import NodeAPI

/// Opening a chart: who it is about, and what this practice does in it.
struct NewChartPages {
    private struct Content {
        let token, request: String
        let fields: [FieldInput]
        let scopes: [Option]
        let scopeProblem, problem: String?
    }

    func add(to routes: SiteRoutes) {
        routes.get("caseload/new") { page($0, Form()) }
        routes.post("caseload/new") { try await open($0) }
    }

    private static let fields = KindReference(PatientIdentified.self).fields
    /// What a practice does; it is the steward of what it opens in any case.
    private static let scopes: [Scope] = [.therapy, .prescribing, .primaryCare]

    private func page(_ visit: Visit, _ form: Form, problems: [String: String] = [:], problem: String? = nil) -> Reply {
        let content = Content(
            token: visit.formToken, request: form["request"].nonEmpty ?? Sessions.secret(),
            fields: Self.fields.map { FieldInput($0, of: PatientIdentified.kind, form, problems[$0.name], Named()) },
            scopes: Self.scopes.map {
                Option(value: $0.rawValue, label: $0.rawValue, isChosen: form["scope-\($0.rawValue)"] == "yes")
            }, scopeProblem: problems["scope"], problem: problem)
        let isGood = problem == nil && problems.isEmpty
        return .page(Page("Open a chart", "new-chart", content, status: isGood ? .ok : .badRequest, at: .caseload))
    }

    private func open(_ visit: Visit) async throws -> Reply {
        let form = visit.form
        var reader = FieldReader(form)
        for field in Self.fields { reader.read(field) }
        let chosen = Self.scopes.filter { form["scope-\($0.rawValue)"] == "yes" }
        if chosen.isEmpty { reader.refuse("scope", "say what this practice does") }
        guard reader.problems.isEmpty else { return page(visit, form, problems: reader.problems) }
        do {
            let opened = try await visit.ask(
                OpenChartRequest(
                    patient: String(decoding: try JSONEncoder().encode(JSONValue.object(reader.members)), as: UTF8.self),
                    scopes: chosen, when: nil, request: form["request"]))
            return .redirect("/chart/\(opened.chart)")
        } catch let error as NodeError where RecordPages.isMendable(error) {
            guard let field = error.field else { return page(visit, form, problem: error.text) }
            return page(visit, form, problems: [field: RecordPages.beside(field, error.text)])
        }
    }
}
