import CareModel
import EventLog
import Foundation
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
    }

    private func show(_ search: String, _ visit: Visit) async throws -> Reply {
        let charts = try await visit.ask(ListChartsRequest())
        let found = Search(search).matches(charts)
        let rows = found.prefix(Self.most).map { chart in
            Row(
                patient: Names.one(chart.patient), born: chart.birth_dates.map(\.description).joined(separator: " or "),
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
        charts.filter { chart in
            let texts = (chart.patient + chart.birth_dates.map(\.description) + [chart.local.patient_number].compactMap { $0 })
                .map(Self.plain)
            return words.allSatisfy { word in texts.contains { $0.contains(word) } }
        }.sorted { (Self.plain(Names.one($0.patient)), $0.chart) < (Self.plain(Names.one($1.patient)), $1.chart) }
    }

    /// Without case and accents, as people search.
    private static func plain(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
    }
}
