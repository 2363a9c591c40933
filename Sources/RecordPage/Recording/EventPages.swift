import CareModel
import EventLog
import HTTPTypes
import NodeAPI

/// One event: what it says, how it stands, its life, and what may be done about it. And what somebody recorded, to choose from.
struct EventPages {
    private struct Content {
        struct Step { let at, text, certainty: String }
        let chart, event, patient, path, what, kind, when, who, recorded, standing: String
        let because: String?
        let corrections: [String]
        let mayCorrect, mayWithdraw, mayErase: Bool
        let steps: [Step]
    }

    private struct ErasureContent {
        let chart, path, what, token, request, authority: String
        let problem: String?
        let done: Done?

        struct Done { let erased, awaiting: String }
    }

    private struct OwnContent {
        struct Row { let when, what, path, standing: String }
        let chart, patient, summary: String
        let rows: [Row]
    }

    /// A list to choose from is at most so long: a chart's own timeline shows the rest.
    private static let most = 200

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/mine") { try await own($0) }
        routes.get("chart/:chart/event/:event") { try await show($0) }
        routes.get("chart/:chart/event/:event/erase") { try await erasure($0, problem: nil) }
        routes.post("chart/:chart/event/:event/erase") { try await erase($0) }
    }

    private static func path(_ chart: ChartID, _ event: EventHash) -> String { "/chart/\(chart)/event/\(event)" }

    private func show(_ visit: Visit) async throws -> Reply {
        let (chart, event) = (try visit.chart(), try visit.event())
        let shown = try await visit.ask(ReadEventRequest(chart: chart, event: event))
        let trail = try await visit.ask(TrailRequest(event: event)).trail
        let (entry, may) = (shown.content.entry, shown.content.may)
        let content = Content(
            chart: "\(chart)", event: "\(event)", patient: Names.one(shown.patient), path: Self.path(chart, event),
            what: entry.summary,
            kind: RecordableKinds.title(entry.label.kind, "") ?? entry.label.kind.name, when: Words.local(entry.label.when),
            who: entry.label.person, recorded: Words.moment(entry.label.at), standing: entry.standing.rawValue,
            because: entry.because,
            corrections: entry.corrections.map { "\(Words.local($0.label.when)), \($0.label.person): \($0.summary)" },
            mayCorrect: may.contains(.correct), mayWithdraw: may.contains(.withdraw), mayErase: may.contains(.erase),
            steps: trail.steps.suffix(Self.most).map {
                Content.Step(at: $0.at.map(Words.moment) ?? "", text: $0.text, certainty: $0.certainty.rawValue)
            })
        return .page(Page("An event", "event", content, at: .caseload))
    }

    private func own(_ visit: Visit) async throws -> Reply {
        let chart = try visit.chart()
        let shown = try await visit.ask(ShowRequest<TimelineView>(chart: chart))
        let own = shown.content.entries.reversed().filter { $0.label.author == visit.visitor.name }
        let rows = own.prefix(Self.most).map {
            OwnContent.Row(
                when: Words.local($0.label.when), what: $0.summary, path: Self.path(chart, $0.label.event),
                standing: $0.standing == .inEffect ? "" : $0.standing.rawValue)
        }
        let summary =
            own.count > rows.count
            ? "The newest \(rows.count) of \(own.count); the timeline leads to the others."
            : "\(Words.count(own.count, "event", "events"))."
        return .page(
            Page(
                "What you recorded", "own-events",
                OwnContent(chart: "\(chart)", patient: Names.one(shown.patient), summary: summary, rows: Array(rows)),
                at: .caseload))
    }

    // MARK: Erasing

    private func erasure(_ visit: Visit, problem: String?, done: ErasureContent.Done? = nil) async throws -> Reply {
        let (chart, event) = (try visit.chart(), try visit.event())
        let reading = try await visit.ask(ReadEventRequest(chart: chart, event: event)).content
        guard done != nil || reading.may.contains(.erase) else {
            throw NodeError(
                .permission,
                "this is not yours to erase: who recorded it may, or a steward of the chart; who belongs to it and consent are never erased"
            )
        }
        let content = ErasureContent(
            chart: "\(chart)", path: Self.path(chart, event), what: reading.entry.summary, token: visit.formToken,
            request: visit.form["request"].nonEmpty ?? Sessions.secret(), authority: visit.form["authority"], problem: problem,
            done: done)
        return .page(Page("Erase", "erase", content, status: problem == nil ? .ok : .badRequest, at: .caseload))
    }

    private func erase(_ visit: Visit) async throws -> Reply {
        guard visit.form["sure"] == "yes" else {
            return try await erasure(visit, problem: "say that you know that it cannot be taken back")
        }
        do {
            let answer = try await visit.ask(
                EraseRequest(
                    event: visit.event(), authority: visit.form["authority"], request: visit.form["request"]))
            let done = ErasureContent.Done(
                erased: Words.count(answer.erased.count, "event says", "events say"),
                awaiting: answer.awaiting.isEmpty
                    ? "No other practice has it." : "To confirm it: \(answer.awaiting.joined(separator: ", ")).")
            return try await erasure(visit, problem: nil, done: done)
        } catch let error as NodeError where RecordPages.isMendable(error) {
            return try await erasure(visit, problem: error.text)
        }
    }
}

extension Visit {
    /// The event that the path names.
    ///
    /// - Throws: `NodeError` not found where it names none.
    func event() throws -> EventHash {
        guard let event = EventHash(part("event")) else { throw NodeError(.notFound, "there is no such event here") }
        return event
    }
}
