import CareModel
import EventLog
import NIOCore
import NodeAPI

/// A chart as it would have looked: as of a time, as known here, or as seen by the author of a decision. Three questions, never mixed up.
struct ReplayPages {
    /// Which question.
    enum Mode: String, CaseIterable {
        case asOf = "as-of"
        case known
        case seen

        var name: String {
            switch self {
            case .asOf: "As of a day"
            case .known: "As known here"
            case .seen: "As seen by an author"
            }
        }

        var help: String {
            switch self {
            case .asOf: "What had happened up to a day, with all that is known here now."
            case .known: "What this node held at a moment: what had not arrived yet is missing."
            case .seen: "What the author of a decision had before them, and what existed without their knowing."
            }
        }
    }

    private struct Link {
        let name, path: String
        let isCurrent: Bool
    }

    private struct Content {
        let chart, path, patient, token, picture, key: String
        let modes: [Link]
        let mode, help, place: String
        let at, last: Int
        let earlier, later: String?
        let isEmpty: Bool
        let then: Then?
        let tables: [CourseWords.Table]
    }

    /// What is asked for, and where that stands among what can be asked.
    private struct Asked {
        let chart: ChartID
        let patient: [String]
        let mode: Mode
        let stops: Stops
        let at: Int
        let picture: ReplayPicture?

        init(_ visit: Visit) async throws {
            chart = try visit.chart()
            let shown = try await visit.ask(ReplayMomentsRequest(chart: chart))
            patient = shown.patient
            mode = Mode(rawValue: visit.query("mode")) ?? .seen
            stops = Stops(shown.content, mode)
            let asked = stops.place(of: visit.query("event")) ?? Int(visit.query("at")) ?? stops.last
            at = min(max(0, asked), stops.last)
            let moment = stops.moment(at)
            picture = if let moment { try await visit.ask(ReplayPictureRequest(chart: chart, moment: moment)) } else { nil }
        }

        func path(_ page: String, at: Int) -> String { "/chart/\(chart)/\(page)?mode=\(mode.rawValue)&at=\(at)" }
    }

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/replay") { visit in
            let asked = try await Asked(visit)
            let path = "/chart/\(asked.chart)"
            let words = asked.path("replay/course", at: asked.at)
            let content = Content(
                chart: "\(asked.chart)", path: path, patient: Names.one(asked.patient), token: visit.formToken,
                picture: asked.picture.map { CoursePicture.draw($0.course, id: "then", today: "then:") } ?? "",
                key: PictureKey.html,
                modes: Mode.allCases.map {
                    Link(name: $0.name, path: "\(path)/replay?mode=\($0.rawValue)", isCurrent: $0 == asked.mode)
                },
                mode: asked.mode.rawValue, help: asked.mode.help, place: asked.stops.words(asked.at), at: asked.at,
                last: asked.stops.last, earlier: asked.at > 0 ? asked.path("replay", at: asked.at - 1) : nil,
                later: asked.at < asked.stops.last ? asked.path("replay", at: asked.at + 1) : nil,
                isEmpty: asked.picture == nil, then: asked.picture.map { Then($0) },
                tables: asked.picture.map { picture in
                    CourseWords.tables(picture.course) { CourseTablePage.path(words, table: $0) }
                } ?? [])
            return .page(Page("Replay", "replay", content))
        }
        routes.get("chart/:chart/replay/course") { visit in
            let asked = try await Asked(visit)
            guard let picture = asked.picture else { throw NodeError(.notFound, "there is nothing to go back to yet") }
            let page = try CourseTablePage(
                picture.course, visit, path: asked.path("replay/course", at: asked.at), back: asked.path("replay", at: asked.at))
            return .page(Page("Course in words", "course", page))
        }
        routes.post("chart/:chart/export") { visit in
            let chart = try visit.chart()
            var lines: [String] = []
            var part = try await visit.ask(ExportRequest(chart: chart, cut: nil, from: 0))
            lines += part.lines
            while let next = part.next {
                part = try await visit.ask(ExportRequest(chart: chart, cut: part.cut, from: next))
                lines += part.lines
            }
            let text = lines.joined(separator: "\n") + "\n"
            return .file(
                Reply.File(name: "duolog-\(chart.short).ndjson", type: "application/x-ndjson", bytes: ByteBuffer(string: text)))
        }
    }
}

/// The places that the slider can stop at.
private struct Stops {
    private let moments: ReplayMoments
    private let mode: ReplayPages.Mode

    init(_ moments: ReplayMoments, _ mode: ReplayPages.Mode) { (self.moments, self.mode) = (moments, mode) }

    private var count: Int {
        switch mode {
        case .asOf: moments.days.count
        case .known: moments.arrivals.count
        case .seen: moments.decisions.count
        }
    }

    var last: Int { max(0, count - 1) }

    /// Where an event's decision stands; nil where it is none, or the question is another.
    func place(of event: String) -> Int? {
        guard mode == .seen, !event.isEmpty else { return nil }
        return moments.decisions.firstIndex { "\($0.label.event)" == event }
    }

    /// Nil where there is nothing to stop at.
    func moment(_ at: Int) -> MomentQuestion? {
        guard at < count else { return nil }
        var question = MomentQuestion()
        switch mode {
        case .asOf: question.as_of = moments.days[at].end
        case .known: question.as_known_at = moments.arrivals[at].at
        case .seen: question.as_seen_by = moments.decisions[at].label.event
        }
        return question
    }

    func words(_ at: Int) -> String {
        guard at < count else { return "nothing yet" }
        let place = "\(at + 1) of \(count): "
        switch mode {
        case .asOf: return place + TimeAxis.long(moments.days[at].day)
        case .known:
            let arrival = moments.arrivals[at]
            return place + "\(Words.moment(arrival.at)), when \(Words.count(arrival.events, "event", "events")) came"
        case .seen:
            let decision = moments.decisions[at]
            return place + "\(Words.local(decision.label.when)), \(decision.label.person): \(decision.summary)"
        }
    }
}

/// What the record said then, what it lacked, and what differs from now.
struct Then {
    struct Fact {
        let certainty, text: String
    }

    struct Reading {
        let subject, before, after: String
    }

    let clock: String
    let basis: [Fact]
    let medicines, disputes, outside, added: [String]
    let changed, readings: [Reading]
    let events, addedCount, later: String
    let moreOutside, moreAdded, moreChanged: String?

    init(_ picture: ReplayPicture) {
        let (replay, record, difference) = (picture.replay, picture.replay.record, picture.difference)
        basis =
            [Fact(certainty: "asked", text: replay.question)]
            + replay.basis.map { Fact(certainty: $0.certainty.rawValue, text: $0.text) }
        clock = record.clock.description
        medicines = record.regimen.medications.map { "\($0.drug?.display ?? "[erased]"): \($0.headline)" }
        disputes = record.conflicts.disputes.map { "\($0.subject): \($0.headline)" }
        moreOutside = Folded.rest(of: replay.outside.count, "more", "more")
        outside = replay.outside.prefix(Folded.most).map { outside in
            let arrived = outside.arrived.map { "; arrived here \(Words.moment($0))" } ?? ""
            return "\(outside.relation.rawValue): \(outside.line)\(arrived)"
        }
        events = Words.count(record.timeline.entries.count, "event", "events")
        later = Words.count(replay.later, "event", "events")
        addedCount = Words.count(difference.added.count, "event", "events")
        added = difference.added.prefix(Folded.most).map { "\(Words.local($0.label.when)), \($0.label.person): \($0.summary)" }
        moreAdded = Folded.rest(of: difference.added.count, "more", "more")
        moreChanged = Folded.rest(of: difference.changed.count, "more", "more")
        changed = difference.changed.prefix(Folded.most).map {
            Reading(
                subject: "\(Words.local($0.label.when)), \($0.label.person)", before: $0.before, after: $0.after)
        }
        readings = (difference.medications + difference.disputes).map {
            Reading(subject: $0.subject, before: $0.before ?? "not there", after: $0.after ?? "not there")
        }
    }
}
