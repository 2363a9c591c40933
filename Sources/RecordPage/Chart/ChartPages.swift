import CareModel
import EventLog
import NodeAPI

/// A chart: the picture, and under it what is prescribed, planned, hoped for and asked for.
struct ChartPages {
    private struct Content {
        let head: ChartHead
        let isLatest: Bool
        let banners: [Banner]
        let picture, key: String
        let tables: [CourseWords.Table]
        let medicines: [Medicine]
        let care: Care
        let timeline: TimelineContent
    }

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart") { visit in
            let chart = try visit.chart()
            let shown = try await visit.ask(TimedShowRequest<ChartReading>(chart: chart))
            let timeline = try await TimelineContent.ask(visit, chart)
            let reading = shown.content
            let content = Content(
                head: ChartHead(shown), isLatest: timeline.isFirst, banners: Banner.of(shown),
                picture: CoursePicture.draw(reading.course, id: "course"), key: PictureKey.html,
                tables: CourseWords.tables(reading.course) { CourseTablePage.path("/chart/\(chart)/course", table: $0) },
                medicines: Medicine.of(reading), care: Care(reading), timeline: timeline)
            return .page(Page("Chart", "chart", content))
        }
        routes.get("chart/:chart/course") { visit in
            let chart = try visit.chart()
            let shown = try await visit.ask(TimedShowRequest<CourseView>(chart: chart))
            let page = try CourseTablePage(shown.content, visit, path: "/chart/\(chart)/course", back: "/chart/\(chart)")
            return .page(Page("Course in words", "course", page))
        }
        routes.get("chart/:chart/print") { visit in
            let shown = try await visit.ask(TimedShowRequest<ChartReading>(chart: try visit.chart()))
            return .page(Page("Chart summary", "chart-print", Summary(shown, by: visit.visitor.name)))
        }
    }

    /// What a referral can carry on paper.
    private struct Summary {
        let head: ChartHead
        let by, at: String
        let banners: [Banner]
        let picture, key: String
        let medicines: [Medicine]
        let care: Care
        let tables: [CourseWords.Table]
        let notice: [String]

        init(_ shown: Viewed<ChartReading>, by name: String) {
            head = ChartHead(shown)
            by = name
            at = Words.moment(shown.now)
            banners = Banner.of(shown)
            picture = CoursePicture.draw(shown.content.course, .wide, id: "course")
            key = PictureKey.html
            medicines = Medicine.of(shown.content)
            care = Care(shown.content)
            tables = CourseWords.tables(shown.content.course, path: nil)
            notice = shown.content.notice?.lines ?? []
        }
    }
}

/// Whom a page is about, at its head.
struct ChartHead {
    let chart, path, patient, born, contact: String
    let allergies, reasons: [String]
    let coverage, members, events: String

    init(_ shown: Viewed<ChartReading>) {
        let reading = shown.content
        chart = "\(shown.chart)"
        path = "/chart/\(shown.chart)"
        patient = Names.one(shown.patient)
        let births = Set(reading.membership.patient.map(\.birth_date)).sorted()
        let today = reading.course.today
        born = births.map { "\(TimeAxis.long($0)), \($0.age(on: today)) years" }.joined(separator: " or ")
        contact = reading.membership.patient.compactMap(\.contact).joined(separator: " or ")
        allergies = reading.allergies.map { allergy in
            "\(allergy.substance) (\(allergy.criticality))" + (allergy.reaction.map { ", \($0)" } ?? "")
        }
        reasons = reading.conditions
        coverage = reading.coverage.coverage.words
        members = reading.membership.members.filter { !$0.removed }.map(\.name).joined(separator: ", ")
        events = Words.count(reading.events, "event", "events")
    }
}

extension CoverageView.Coverage {
    /// In words.
    var words: String {
        switch self {
        case .none: "neither therapy nor medication has begun"
        case .therapy: "therapy"
        case .medication: "medication"
        case .combined: "therapy and medication"
        }
    }
}

extension CalendarDay {
    /// Whole years from this day to another.
    func age(on day: CalendarDay) -> Int {
        let hadBirthday = (day.parts.month, day.parts.day) >= (parts.month, parts.day)
        return day.parts.year - parts.year - (hadBirthday ? 0 : 1)
    }
}

/// What must be seen before anything else.
struct Banner {
    let kind, title, text: String
    let path, action: String?

    /// So many concerns, and so many alerts, stand above a chart.
    private static let most = 8

    static func of(_ shown: Viewed<ChartReading>) -> [Banner] {
        let reading = shown.content
        let path = "/chart/\(shown.chart)"
        var banners = reading.conflicts.disputes.map { dispute in
            Banner(
                kind: "dispute", title: dispute.urgency == .urgent ? "URGENT DISPUTE" : "DISPUTE",
                text: "\(dispute.subject): \(dispute.headline)", path: path + "/dispute", action: "Look at both and settle it")
        }
        banners += reading.safety.open.prefix(most).map { concern in
            Banner(
                kind: "safety", title: "SAFETY",
                text: "open since \(concern.since.day): \(concern.because.joined(separator: ", "))",
                path: path + "/record/\(SafetyAcknowledged.kind.name)", action: "Take it up")
        }
        if shown.incomplete {
            banners.append(
                Banner(
                    kind: "warning", title: "INCOMPLETE",
                    text: "this chart holds events of a newer Duolog; install it before you decide anything here", path: nil,
                    action: nil))
        }
        if reading.followup.state == .overdue {
            banners.append(
                Banner(
                    kind: "warning", title: "OVERDUE",
                    text:
                        "follow-up was due \(reading.followup.due?.description ?? ""), \(reading.followup.days_overdue) days ago",
                    path: path + "/record/\(FollowupHeld.kind.name)", action: "Record the follow-up"))
        }
        banners += reading.alerts.alerts.prefix(most).map {
            Banner(kind: "warning", title: $0.rule.title, text: $0.text, path: nil, action: nil)
        }
        let more = max(0, reading.safety.open.count - most) + max(0, reading.alerts.alerts.count - most)
        if more > 0 {
            banners.append(
                Banner(
                    kind: "warning", title: "AND MORE", text: "\(more) further concerns and alerts: see Safety below", path: nil,
                    action: nil))
        }
        return banners
    }
}

extension AlertsView.Rule {
    /// As a heading.
    var title: String { rawValue.replacing("-", with: " ").uppercased() }
}
