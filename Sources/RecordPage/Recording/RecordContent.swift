import CareModel
import EventLog
import NodeAPI

/// What has come into the chart since a form was opened.
struct News {
    let chart, told: String
    let count: String?
    let lines: [String]
}

/// A form for one kind, filled in as far as somebody has come.
struct RecordContent {
    let title, patient, chart, path, token: String
    let view, request, when, offset: String
    let whenProblem: String?
    /// What is wrong with the form as a whole.
    let problem: String?
    /// True where the register is disputed: it must be settled first.
    let isDisputed: Bool
    /// True where it was not recorded yet, since something has come that its author was not told of.
    let isStopped: Bool
    let problemCount: String?
    let picker: Picker?
    let fields: [FieldInput]
    let scale: ScaleForm?
    let scaleProblem: String?
    let screener: ScreenerForm?
    let correction: Correction?
    let dose: DoseBeside?
    /// Stands before the button of a dose change: nothing is submitted unread.
    let looking: Looking?
    let news: News
    let isDecision: Bool

    struct Looking {
        let isDone: Bool
        let fault: String?
    }

    /// Why something is corrected; the corrected kind may have a reason of its own.
    static let reason = "correction-reason"
    /// Who approved that.
    static let approver = "correction-approver"

    /// What stands around the form of something that was recorded before.
    struct Correction {
        /// How it reads now.
        let says: String
        /// Its members as they were when the form was drawn: what differs from them was corrected.
        let was: String
        let reason, approver: String
        let fault: String?
    }

    /// - Parameter correction: what is corrected; nil where something new is recorded.
    init(
        _ type: any EventBody.Type, _ chart: ChartForForm, _ form: Form, _ visit: Visit, problems: [String: String],
        problem: NodeError?, isStopped: Bool, correction: Correction? = nil
    ) async throws {
        let kind = type.kind
        let name = RecordableKinds.title(kind, form["instrument"]) ?? kind.name
        title = correction == nil ? name : "Correct: \(name)"
        self.correction = correction
        patient = Names.one(chart.timeline.patient)
        self.chart = "\(chart.chart)"
        path = visit.path
        token = visit.formToken
        view = form["view"]
        request = form["request"].nonEmpty ?? Sessions.secret()
        (when, offset) = (form["when"], form["offset"])
        whenProblem = problems["when"]
        isDecision = type.rule != .keepAll
        self.isStopped = isStopped
        isDisputed = problem?.code == .disputed
        let reference = KindReference(type).fields
        let known = Set(reference.map(\.name)).union([
            "refs", "when", "items", "answers", "total", "looked", Self.reason,
        ])
        let beside = problems.filter { !known.contains($0.key) }.map { "\($0.key): \($0.value)" }.sorted()
        self.problem = problem.flatMap { $0.field.map(known.contains) == true ? nil : $0.text } ?? beside.first
        problemCount = problems.isEmpty ? nil : Words.count(problems.count, "thing needs", "things need")
        picker = correction == nil ? chart.picker(type, form, visit.visitor, fault: problems["refs"]) : nil
        scale =
            kind == ScaleCompleted.kind ? ScaleForm(ScaleCompleted.Instrument(rawValue: form["instrument"]) ?? .phq9, form) : nil
        screener = kind == ScreeningCompleted.kind ? ScreenerForm(form) : nil
        scaleProblem = problems["items"] ?? problems["total"] ?? problems["answers"]
        dose = try await Self.beside(kind, chart, form, visit)
        looking =
            kind == DoseAdjusted.kind ? Looking(isDone: form["looked"] == "yes", fault: problems["looked"]) : nil
        fields = Self.fields(kind, reference, form, problems, chart, dose)
        news = try await Self.news(chart.chart, view, visit)
    }

    private static func fields(
        _ kind: Kind, _ reference: [KindField], _ given: Form, _ problems: [String: String], _ chart: ChartForForm,
        _ dose: DoseBeside?
    ) -> [FieldInput] {
        var form = given
        let own: Set<String> =
            switch kind {
            case ScaleCompleted.kind: ["instrument", "items", "total"]
            case ScreeningCompleted.kind: ["instrument", "answers", "level"]
            default: []
            }
        if kind == DoseAdjusted.kind, form["from-value"].isEmpty, let from = dose?.from {
            form["from-value"] = from.value
            form["from-unit"] = from.unit
        }
        if form["request"].isEmpty {
            // What most likely holds: today, from now.
            for name in ["effective_from", "since"] where form[name].isEmpty { form[name] = String(form["when"].prefix(10)) }
            if form["start"].isEmpty { form["start"] = form["when"] }
        }
        let named = chart.named(unit: dose?.unit ?? (kind == "symptom.observed" ? "" : "mg"))
        return reference.filter { !own.contains($0.name) }.map { FieldInput($0, of: kind, form, problems[$0.name], named) }
    }

    private static func beside(_ kind: Kind, _ chart: ChartForForm, _ form: Form, _ visit: Visit) async throws -> DoseBeside? {
        guard ["dose.adjusted", "medication.held", "medication.resumed", "medication.stopped"].contains(kind) else { return nil }
        let all = chart.regimen.medications.filter { $0.state != .void }
        guard let lineage = all.first(where: { "\($0.root)" == form["about"] }) ?? (all.count == 1 ? all[0] : nil) else {
            return nil
        }
        return DoseBeside(lineage, chart, try await visit.ask(TimedShowRequest<TrendView>(chart: chart.chart)).content)
    }

    private static func news(_ chart: ChartID, _ view: String, _ visit: Visit) async throws -> News {
        let unseen = try await visit.ask(UnseenRequest(chart: chart, view: view))
        return News(
            chart: "\(chart)", told: unseen.view,
            count: unseen.events.isEmpty ? nil : Words.count(unseen.events.count, "event has", "events have"),
            lines: unseen.events.map { "\(ChartForForm.line($0)) (\($0.label.practice))" })
    }
}
