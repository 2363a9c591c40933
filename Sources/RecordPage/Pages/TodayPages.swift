import EventLog
import NodeAPI

/// What needs a person now, across charts.
struct TodayPages {
    private struct Item {
        let label, urgency, subject, place, text, age, path, action: String
    }

    private struct Content {
        let now: String
        let summary: String
        let items: [Item]
    }

    /// Nobody looks at more in a day; the gravest come first.
    private static let most = 200

    func add(to routes: SiteRoutes) {
        routes.get("today") { visit in
            let today = try await visit.ask(TodayRequest())
            let peers = today.behind.map { Self.item($0, today.now) }
            let items = today.items.prefix(Self.most).map { Self.item($0, today.now) } + peers
            let all = today.items.count + peers.count
            var summary = all == 0 ? "Nothing waits." : "\(Words.count(all, "thing", "things")) to look at."
            if today.items.count > Self.most { summary += " The \(Self.most) gravest are shown." }
            let content = Content(now: Words.moment(today.now), summary: summary, items: items)
            return .page(Page("Today", "today", content, at: .today))
        }
    }

    private static func item(_ item: TodayItem, _ now: Timestamp) -> Item {
        let (path, action) = way(item)
        return Item(
            label: item.what.rawValue, urgency: urgency(item.what), subject: Names.one(item.patient),
            place: "/chart/\(item.chart)", text: item.text, age: Words.age(item.since, now), path: path, action: action)
    }

    private static func item(_ peer: PeerBehind, _ now: Timestamp) -> Item {
        Item(
            label: "PEER BEHIND", urgency: "notice", subject: peer.name, place: "/peers", text: peer.text,
            age: peer.confirmed.map { Words.age($0, now) } ?? "", path: "/peers", action: "Look at the peers")
    }

    /// Where one does something about it.
    private static func way(_ item: TodayItem) -> (path: String, action: String) {
        let chart = "/chart/\(item.chart)"
        return switch item.what {
        case .urgentDispute, .dispute: (chart + "/dispute", "Settle")
        case .screening: (chart + "/record/screening.completed", "Record the screening")
        case .overdue, .due: (chart + "/record/followup.held", "Record the follow-up")
        case .incoming: (chart + "/accept", "Accept")
        case .secondChart: (chart + "/accept", "Compare")
        case .integrity: (chart + "/integrity", "Review")
        case .concern: (chart + "/record/safety.acknowledged", "Take it up")
        case .incomplete, .alert, .consent, .handedOver, .request, .referral: (chart, "Open the chart")
        }
    }

    private static func urgency(_ what: TodayItem.What) -> String {
        switch what {
        case .urgentDispute, .dispute: "dispute"
        case .concern, .screening: "safety"
        case .overdue, .incomplete, .integrity: "warning"
        case .alert, .due, .consent, .handedOver, .request, .referral, .incoming, .secondChart: "notice"
        }
    }
}

/// The name of a patient, who may have several where corrections differ.
enum Names {
    static func one(_ names: [String]) -> String { names.isEmpty ? "Nobody named yet" : names.joined(separator: " or ") }
}
