import CareModel
import EventLog
import Foundation
import HTTPTypes
import NodeAPI

/// Corrections: the form of what was recorded, filled in as it reads now. What is changed in it is what is corrected.
struct CorrectionPages {
    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/event/:event/correct") { visit in
            let target = try await Target(visit)
            var form = FormFiller(target.type, target.members, offset: await RecordPages.now(visit).offset).form
            form["was"] = target.body
            form["request"] = Sessions.secret()
            form["view"] = visit.heldView
            return try await show(visit, target, form)
        }
        routes.post("chart/:chart/event/:event/correct") { try await take($0) }
    }

    /// What is corrected.
    private struct Target {
        let event: EventHash
        let entry: TimelineView.Entry
        let type: any EventBody.Type
        let body: String

        /// - Throws: `NodeError` permission where it is not the visitor's to correct.
        init(_ visit: Visit) async throws {
            event = try visit.event()
            let reading = try await visit.ask(ReadEventRequest(chart: visit.chart(), event: event)).content
            entry = reading.entry
            guard let type = Catalogue.kind(entry.label.kind), let body = reading.body, reading.may.contains(.correct) else {
                throw NodeError(
                    .permission,
                    "this is not yours to correct: only who recorded something corrects it, and what holds in a register is decided anew"
                )
            }
            (self.type, self.body) = (type, body)
        }

        var members: [String: JSONValue] { CorrectionPages.members(body) }
    }

    private static func members(_ text: String) -> [String: JSONValue] {
        (try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))) ?? [:]
    }

    private func show(
        _ visit: Visit, _ target: Target, _ given: Form, problems: [String: String] = [:], problem: NodeError? = nil,
        isStopped: Bool = false
    ) async throws -> Reply {
        let chart = try await ChartForForm(visit.chart(), visit)
        var form = given
        if form["view"].isEmpty { form["view"] = chart.timeline.view }
        let correction = RecordContent.Correction(
            says: target.entry.summary, was: form.raw("was"), reason: form[RecordContent.reason],
            approver: form[RecordContent.approver], fault: problems[RecordContent.reason])
        let content = try await RecordContent(
            target.type, chart, form, visit, problems: problems, problem: problem, isStopped: isStopped, correction: correction)
        let status = problem == nil && problems.isEmpty ? HTTPResponse.Status.ok : ErrorPages.status(problem?.code ?? .content)
        return .page(Page("Correct", "record", content, status: status, at: .caseload))
    }

    private func take(_ visit: Visit) async throws -> Reply {
        let (target, chart, form) = (try await Target(visit), try visit.chart(), visit.form)
        if form["keep"] == "yes" { return try await show(visit, target, form) }
        if form["fresh"] == "yes" {
            var again = form
            again["view"] = ""
            return try await show(visit, target, again)
        }
        var reader = RecordReader.read(target.type, form)
        if form[RecordContent.reason].isEmpty { reader.refuse(RecordContent.reason, "is needed") }
        guard reader.problems.isEmpty else { return try await show(visit, target, form, problems: reader.problems) }
        let changes = reader.changes(from: Self.members(form.raw("was")), of: target.type)
        guard !changes.isEmpty else {
            return try await show(
                visit, target, form, problem: NodeError(.content, "nothing was changed: say what it should have said"))
        }
        if try await RecordPages.isUntold(visit, chart) { return try await show(visit, target, form, isStopped: true) }
        var members: [String: JSONValue] = ["fields": .object(changes), "reason": .string(form[RecordContent.reason])]
        if let approver = form[RecordContent.approver].nonEmpty { members["approver"] = .string(approver) }
        do {
            let recorded = try await visit.ask(
                RecordRequest(
                    chart: chart, kind: RecordAmended.kind,
                    body: String(decoding: try JSONEncoder().encode(JSONValue.object(members)), as: UTF8.self),
                    refs: [target.event], view: form["view"], request: form["request"]))
            return try await RecordPages.done(visit, recorded, form)
        } catch let error as NodeError where RecordPages.isMendable(error) {
            // A place in the corrected event is a field of this form.
            let place = error.field.map { $0.hasPrefix("fields.") ? String($0.dropFirst(7)) : $0 }
            let field = place.map { String($0.prefix { $0 != "." && $0 != "[" }) }
            return try await show(
                visit, target, form, problems: field.map { [$0: RecordPages.beside(place ?? $0, error.text)] } ?? [:],
                problem: field == nil ? error : NodeError(error.code, error.text, field: field))
        }
    }
}
