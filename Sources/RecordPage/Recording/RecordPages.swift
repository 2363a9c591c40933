import CareModel
import EventLog
import Foundation
import HTTPTypes
import NodeAPI

/// Recording: what there is to record, a form for each kind, and what was recorded.
struct RecordPages {
    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/record") { try await index($0) }
        routes.get("chart/:chart/record/:kind") { visit in
            try await show(visit, Self.started(visit))
        }
        routes.post("chart/:chart/record/:kind") { try await take($0) }
    }

    // MARK: What there is

    private struct IndexContent {
        struct Link { let title, path: String }
        struct Group {
            let title: String
            let links: [Link]
        }
        let patient, chart: String
        let groups: [Group]
    }

    private func index(_ visit: Visit) async throws -> Reply {
        let chart = try await ChartForForm(visit.chart(), visit)
        let base = "/chart/\(chart.chart)/record/"
        let groups = RecordableKinds.groups.map { group in
            IndexContent.Group(
                title: group.title,
                links: group.entries.filter { RecordableKinds.isFor(chart.scopes, $0.kind) }.map { entry in
                    let query = entry.preset.isEmpty ? "" : "?" + entry.preset.map { "\($0)=\($1)" }.joined(separator: "&")
                    // A correction begins from what is corrected.
                    let path = entry.kind == RecordAmended.kind ? "/chart/\(chart.chart)/mine" : base + entry.kind.name + query
                    return IndexContent.Link(title: entry.title, path: path)
                })
        }.filter { !$0.links.isEmpty }
        return .page(
            Page(
                "Record", "record-index",
                IndexContent(patient: Names.one(chart.timeline.patient), chart: "\(chart.chart)", groups: groups), at: .caseload))
    }

    // MARK: A form

    /// A form as somebody opens it.
    private static func started(_ visit: Visit) async -> Form {
        var form = Form()
        (form["when"], form["offset"]) = await now(visit)
        // An open form that looks whether something has come keeps the view that it was drawn from.
        form["view"] = visit.heldView
        for name in ["about", "instrument", "trigger"] { form[name] = visit.query(name) }
        return form
    }

    /// The time where the node stands, as a form asks for it.
    static func now(_ visit: Visit) async -> (when: String, offset: String) {
        let now = await visit.site.backend.face().now
        let minutes = TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)) / 60
        let time = ClinicalTime(instant: now, offsetMinutes: minutes).description
        return (String(time.prefix(16)), String(time.dropFirst(19)))
    }

    private func type(_ visit: Visit) throws -> any EventBody.Type {
        guard let kind = Kind(visit.part("kind")), let type = Catalogue.kind(kind), RecordableKinds.title(kind, "") != nil,
            kind != RecordAmended.kind
        else {
            throw NodeError(.notFound, "there is no form for this")
        }
        return type
    }

    private func show(
        _ visit: Visit, _ given: Form, problems: [String: String] = [:], problem: NodeError? = nil, isStopped: Bool = false
    ) async throws -> Reply {
        let type = try type(visit)
        let chart = try await ChartForForm(visit.chart(), visit)
        var form = given
        if form["view"].isEmpty { form["view"] = chart.timeline.view }
        let content = try await RecordContent(
            type, chart, form, visit, problems: problems, problem: problem, isStopped: isStopped)
        let status = ErrorPages.status(problem?.code ?? .content)
        return .page(
            Page(
                content.title, "record", content, status: problem == nil && problems.isEmpty ? .ok : status, at: .caseload))
    }

    // MARK: Recording it

    private func take(_ visit: Visit) async throws -> Reply {
        let (type, chart, form) = (try type(visit), try visit.chart(), visit.form)
        if form["keep"] == "yes" { return try await show(visit, form) }
        if form["fresh"] == "yes" {
            var again = form
            again["view"] = ""
            return try await show(visit, again)
        }
        let reader = RecordReader.read(type, form)
        guard reader.problems.isEmpty else { return try await show(visit, form, problems: reader.problems) }
        if try await Self.isUntold(visit, chart) { return try await show(visit, form, isStopped: true) }
        guard let when = ClinicalTime(FieldReader.time(form["when"], form["offset"])) else {
            return try await show(
                visit, form, problems: ["when": "is a day and a time, with the offset from universal time such as +01:00"])
        }
        let (refs, about) = Picker.chosen(type, form)
        do {
            let recorded = try await visit.ask(
                RecordRequest(
                    chart: chart, kind: type.kind,
                    body: String(decoding: try JSONEncoder().encode(JSONValue.object(reader.members)), as: UTF8.self),
                    refs: refs, about: about, when: when, view: form["view"], request: form["request"]))
            return try await Self.done(visit, recorded, form)
        } catch let error as NodeError where Self.isMendable(error) {
            let field = error.field.map { String($0.prefix { $0 != "." && $0 != "[" }) }
            return try await show(visit, form, problems: field.map { [$0: Self.beside($0, error.text)] } ?? [:], problem: error)
        }
    }

    /// True where something has come that the author was not told of: they are told before it is recorded; and after.
    static func isUntold(_ visit: Visit, _ chart: ChartID) async throws -> Bool {
        let told = visit.form["told"].nonEmpty ?? visit.form["view"]
        return !(try await visit.ask(UnseenRequest(chart: chart, view: told)).events.isEmpty)
    }

    /// True for what whoever fills the form in can do something about: it is told on the form.
    static func isMendable(_ error: NodeError) -> Bool {
        [.content, .disputed, .permission, .usage, .unavailable].contains(error.code)
    }

    /// What stands beside a field needs not name it again.
    static func beside(_ field: String, _ text: String) -> String {
        text.ranges(of: field + ": ").first.map { String(text[$0.upperBound...]) } ?? text
    }

    private struct DoneContent {
        let patient, chart, title, event: String
        let unseen: [String]
        let unseenCount: String
        let disputed, asksForScreening, hasUnseen: Bool
    }

    static func done(_ visit: Visit, _ recorded: RecordedEvent, _ form: Form) async throws -> Reply {
        let unseen = try await visit.ask(UnseenRequest(chart: recorded.chart, view: form["view"])).events
        let shown = try await visit.ask(ShowRequest<MembershipView>(chart: recorded.chart))
        let content = DoneContent(
            patient: Names.one(shown.patient), chart: "\(recorded.chart)",
            title: RecordableKinds.title(recorded.kind, form["instrument"]) ?? recorded.kind.name,
            event: recorded.event.short, unseen: unseen.map(ChartForForm.line),
            unseenCount: Words.count(unseen.count, "event", "events"), disputed: recorded.disputed,
            asksForScreening: form["instrument"] == "PHQ-9" && (Int(form["item-8"]) ?? 0) > 0, hasUnseen: !unseen.isEmpty)
        return .page(Page("Recorded", "recorded", content, at: .caseload))
    }
}

/// What the form of one kind says.
enum RecordReader {
    static func read(_ type: any EventBody.Type, _ form: Form) -> FieldReader {
        var reader = FieldReader(form)
        let fields = KindReference(type).fields
        switch type.kind {
        case ScaleCompleted.kind:
            ScaleForm.read(&reader)
            for field in fields where ["mode", "difficulty"].contains(field.name) { reader.read(field) }
        case ScreeningCompleted.kind:
            ScreenerForm.read(&reader)
            for field in fields where field.name == "note" { reader.read(field) }
        default: for field in fields { reader.read(field) }
        }
        if type.kind == DoseAdjusted.kind, form["looked"] != "yes" {
            reader.refuse("looked", "say that you have looked: a dose is not changed without it")
        }
        return reader
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}
