import CareModel
import EventLog
import Foundation
import HTTPTypes
import NodeAPI

/// The charts of the practice. What is searched for is sent as a form: an address would stand in histories and logs.
struct CaseloadPages {
    private struct Row {
        let patient, born, number, members, events, path: String
        let disputes: String?
        let incoming, incomplete: Bool
    }

    private struct Content {
        let search, summary, token: String
        let rows: [Row]
    }

    /// More are not shown at once: a page is read by people.
    private static let most = 200

    func add(to routes: SiteRoutes) {
        routes.get("caseload") { try await show("", $0) }
        routes.post("caseload") { try await show($0.form["search"], $0) }
        routes.get("chart/:chart/accept") { try await accepting($0, problem: nil) }
        routes.post("chart/:chart/accept") { visit in
            do {
                _ = try await visit.ask(
                    AcceptChartRequest(
                        chart: visit.chart(), patientNumber: visit.form["number"], request: visit.form["request"]))
            } catch let error as NodeError where error.code == .content {
                return try await accepting(visit, problem: error.text)
            }
            return .redirect("/chart/\(try visit.chart())/accept")
        }
        routes.post("chart/:chart/link") { visit in
            guard let other = ChartID(visit.form["other"]) else { throw NodeError(.notFound, "there is no such chart here") }
            _ = try await visit.ask(
                LinkChartsRequest(
                    chart: visit.chart(), other: other, same: visit.form["same"] == "yes", request: visit.form["request"]))
            return .redirect("/chart/\(try visit.chart())/accept")
        }
    }

    // MARK: What the practice keeps of a chart for itself

    private struct Accepting {
        struct Other { let chart, patient, born, because, request: String }
        let chart, patient, born, members, number, token, request: String
        let problem: String?
        let incoming: Bool
        let seconds, linked: [Other]
    }

    private func accepting(_ visit: Visit, problem: String?) async throws -> Reply {
        let id = try visit.chart()
        let charts = try await visit.ask(ListChartsRequest())
        guard let chart = charts.first(where: { $0.chart == id }) else {
            throw NodeError(.notFound, "there is no such chart here")
        }
        func other(_ id: ChartID, _ because: String) -> Accepting.Other {
            let found = charts.first { $0.chart == id }
            return Accepting.Other(
                chart: "\(id)", patient: Names.one(found?.patient ?? []), born: Self.born(found), because: because,
                request: Sessions.secret())
        }
        let content = Accepting(
            chart: "\(id)", patient: Names.one(chart.patient), born: Self.born(chart),
            members: chart.members.joined(separator: ", "),
            number: problem == nil ? chart.local.patient_number ?? "" : visit.form["number"], token: visit.formToken,
            request: Sessions.secret(), problem: problem, incoming: chart.local.incoming,
            seconds: chart.local.probable_second.map { other($0.chart, $0.because.map(\.rawValue).joined(separator: ", ")) },
            linked: chart.local.linked.map { other($0, "") })
        return .page(
            Page("Our number", "accept", content, status: problem == nil ? .ok : .badRequest, at: .caseload))
    }

    private static func born(_ chart: ChartSummary?) -> String {
        (chart?.birth_dates ?? []).map(\.description).joined(separator: " or ")
    }

    private func show(_ search: String, _ visit: Visit) async throws -> Reply {
        let charts = try await visit.ask(ListChartsRequest())
        let found = Search(search).matches(charts)
        let rows = found.prefix(Self.most).map { chart in
            Row(
                patient: Names.one(chart.patient), born: Self.born(chart),
                number: chart.local.patient_number ?? "", members: chart.members.joined(separator: ", "),
                events: "\(chart.events)", path: "/chart/\(chart.chart)",
                disputes: chart.disputes > 0 ? Words.count(chart.disputes, "dispute", "disputes") : nil,
                incoming: chart.local.incoming, incomplete: chart.incomplete)
        }
        let all = Words.count(charts.count, "chart", "charts")
        var summary = search.isEmpty ? "\(all)." : "\(found.count) of \(all) found."
        if found.count > rows.count { summary += " The first \(rows.count) are shown: search for fewer." }
        let content = Content(search: search, summary: summary, token: visit.formToken, rows: Array(rows))
        return .page(Page("Caseload", "caseload", content, at: .caseload))
    }
}

/// Finds charts by parts of the patient's name, a birth date, or the practice's own number.
struct Search {
    private let words: [String]

    init(_ text: String) { words = text.split(whereSeparator: \.isWhitespace).map { Self.plain(String($0)) } }

    /// Those in which every word is found, by name.
    func matches(_ charts: [ChartSummary]) -> [ChartSummary] {
        let found = charts.filter { chart in
            guard !words.isEmpty else { return true }
            let texts = (chart.patient + chart.birth_dates.map(\.description) + [chart.local.patient_number].compactMap { $0 })
                .map(Self.plain)
            return words.allSatisfy { word in texts.contains { $0.contains(word) } }
        }
        // Each name is made plain once, and not with every comparison.
        let named = found.map { (name: Self.plain(Names.one($0.patient)), chart: $0) }
        return named.sorted { ($0.name, $0.chart.chart) < ($1.name, $1.chart.chart) }.map(\.chart)
    }

    /// Without case and accents, as people search.
    private static func plain(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
    }
}
