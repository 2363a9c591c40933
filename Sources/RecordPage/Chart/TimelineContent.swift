import CareModel
import EventLog
import NodeAPI

/// A part of the timeline, with links to the other parts. An address holds a group of kinds and a number, never a value.
struct TimelineContent {
    struct Filter {
        let name, path, events: String
        let isCurrent: Bool
    }

    struct Entry {
        let when, who, what, kind, path: String
        let standing, remark: String?
        let corrections: [String]
    }

    static let most = 50

    let filters: [Filter]
    let entries: [Entry]
    let summary: String
    let newer, older: String?
    let isFirst: Bool

    static func ask(_ visit: Visit, _ chart: ChartID) async throws -> TimelineContent {
        let group = TimelineGroup(rawValue: visit.query("show"))
        let page = min(max(1, Int(visit.query("page")) ?? 1), 100_000)
        let shown = try await visit.ask(
            TimelinePageRequest(chart: chart, group: group, skipping: (page - 1) * most, count: most))
        return TimelineContent(shown.content, chart, group, page)
    }

    private init(_ part: TimelinePage, _ chart: ChartID, _ group: TimelineGroup?, _ page: Int) {
        func path(_ group: TimelineGroup?, _ page: Int) -> String {
            let query = [group.map { "show=\($0.rawValue)" }, page > 1 ? "page=\(page)" : nil].compactMap { $0 }
            return "/chart/\(chart)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")) + "#timeline"
        }
        let all = part.groups.reduce(0) { $0 + $1.events }
        filters =
            [Filter(name: "everything", path: path(nil, 1), events: "\(all)", isCurrent: group == nil)]
            + part.groups.map {
                Filter(name: $0.group.rawValue, path: path($0.group, 1), events: "\($0.events)", isCurrent: $0.group == group)
            }
        entries = part.entries.map { Entry($0, chart) }
        let first = (page - 1) * Self.most
        summary =
            part.entries.isEmpty
            ? "Nothing here." : "\(first + 1) to \(first + part.entries.count) of \(part.total), the newest first."
        newer = page > 1 ? path(group, page - 1) : nil
        older = first + part.entries.count < part.total ? path(group, page + 1) : nil
        isFirst = page == 1
    }
}

extension TimelineContent.Entry {
    init(_ entry: TimelineView.Entry, _ chart: ChartID) {
        path = "/chart/\(chart)/event/\(entry.label.event)"
        when = Words.local(entry.label.when)
        who = entry.label.person
        what = entry.summary
        standing = entry.standing == .inEffect ? nil : entry.standing.rawValue
        let twice = entry.probable_duplicates.isEmpty ? nil : "probably recorded twice"
        remark = [entry.because, twice].compactMap { $0 }.joined(separator: "; ").unlessEmpty
        kind = entry.standing == .disputed ? "dispute" : entry.standing == .replaced ? "notice" : "warning"
        corrections = entry.corrections.map { "\(Words.local($0.label.when)), \($0.label.person): \($0.summary)" }
    }
}
