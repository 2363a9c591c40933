import CareModel
import EventLog
import NodeAPI

/// What of one chart needs a person, and for how long that reading holds where nothing comes into the chart.
struct ChartToday: Sendable {
    /// A thing to look at. Without `since` it is so as long as somebody looks.
    struct Thing: Sendable {
        let what: TodayItem.What
        let text: String
        let since: Timestamp?
        let command: String?
    }

    private let chart: ChartID
    private let patient: [String]
    private let things: [Thing]
    private let from: Timestamp
    private let turn: Timestamp

    init(_ record: ChartRecord, _ now: Timestamp, _ node: NodeID) {
        let fold = Fold(record, Fold.Scope(now: now))
        chart = record.graph.chart
        things = TodayReader(fold: fold, now: now, node: node).things
        patient = things.isEmpty ? [] : MembershipView(fold).patient.map(\.name)
        (from, turn) = (now, record.turn(after: now))
    }

    /// True while the same is read of the same events.
    func holds(at now: Timestamp) -> Bool { from <= now && now < turn }

    func items(_ now: Timestamp) -> [TodayItem] {
        things.map {
            TodayItem(
                what: $0.what, chart: chart, patient: patient, text: $0.text, command: $0.command, since: $0.since ?? now)
        }
    }
}

/// Goes by the time only as ``ChartRecord/turn(after:)`` says: by what has happened, and by calendar days.
private struct TodayReader {
    /// Two decisions close to each other are past when nothing has come of them for so long.
    private static let intervalAlertDays = 14

    let fold: Fold
    let now: Timestamp
    let node: NodeID

    private func item(
        _ what: TodayItem.What, _ text: String, since: Timestamp?, command: String? = nil
    ) -> ChartToday.Thing {
        ChartToday.Thing(what: what, text: text, since: since, command: command)
    }

    /// Nothing of a chart that this practice has left: it could not act on it.
    var things: [ChartToday.Thing] {
        guard fold.membership.removals[node] == nil else { return [] }
        return disputes + safety + followup + integrity + alerts + consent + requests + referrals
    }

    private var disputes: [ChartToday.Thing] {
        ConflictsView(fold).disputes.map { dispute in
            item(
                dispute.urgency == .urgent ? .urgentDispute : .dispute, "\(dispute.subject): \(dispute.headline)",
                since: dispute.since)
        }
    }

    private var safety: [ChartToday.Thing] {
        SafetyView(fold, now: now).concerns.flatMap { concern in
            let words = concern.because.joined(separator: ", ")
            return (concern.open ? [item(.concern, words, since: concern.since.instant)] : [])
                + (concern.needs_screening ? [item(.screening, "C-SSRS after: \(words)", since: concern.since.instant)] : [])
        }
    }

    private var followup: [ChartToday.Thing] {
        let view = FollowupView(fold, now: now)
        guard let due = view.due, view.state == .overdue || view.state == .due else { return [] }
        let text = view.state == .overdue ? "follow-up was due \(due), \(view.days_overdue) days ago" : "follow-up is due today"
        let midnight = ClinicalTime("\(due)T00:00:00+00:00")?.instant
        return [item(view.state == .overdue ? .overdue : .due, text, since: midnight)]
    }

    private var integrity: [ChartToday.Thing] {
        let forks = IntegrityView(fold).forks.filter(\.isOpen).map { fork in
            item(
                .integrity,
                "number \(fork.seq) of \(fork.practice) names \(fork.branches.count) events", since: nil,
                command: "duolog audit integrity show")
        }
        guard fold.record.isIncomplete else { return forks }
        return forks + [item(.incomplete, "the chart holds events of a newer Duolog: install it", since: nil)]
    }

    private var alerts: [ChartToday.Thing] {
        // A decision on which somebody has decided again is past.
        let current = Set(RegimenView(fold).medications.flatMap { $0.values.map(\.label.event) })
        return AlertsView(fold, now: now).alerts.filter { alert in
            guard [.interval, .madeWithoutSeeing, .intake].contains(alert.rule) else { return true }
            if alert.rule == .interval, alert.events.first.map({ days(since: $0.when) > Self.intervalAlertDays }) ?? true {
                return false
            }
            return alert.events.contains { current.contains($0.event) }
        }.map { item(.alert, $0.text, since: $0.events.first?.at) }
    }

    /// Calendar days, where it happened.
    private func days(since when: ClinicalTime) -> Int {
        ClinicalTime(instant: now, offsetMinutes: when.offsetMinutes).day.number - when.day.number
    }

    /// A consent of another member that ends soon, or has ended: nothing is sent to it any more, and only the patient can change that.
    private var consent: [ChartToday.Thing] {
        ConsentView(fold, now: now).members.filter { $0.member.node != node }.compactMap { coverage in
            guard let left = coverage.days_left, let until = coverage.until, left <= ConsentView.warningDays else { return nil }
            let name = coverage.member.name
            let text =
                left < 0
                ? "consent for \(name) ended on \(until): nothing is sent to it"
                : "consent for \(name) ends on \(until), \(left == 0 ? "today" : "in \(left) days")"
            let first = CalendarDay(number: until.number - ConsentView.warningDays)
            return item(
                .consent, text, since: ClinicalTime("\(first)T00:00:00+00:00")?.instant,
                command: left < 0 ? nil : "duolog consent grant")
        }
    }

    private var requests: [ChartToday.Thing] {
        let open = OpenItems(fold, now: now)
        return OpenRequests(fold, now: now).requests.map { request in
            guard request.to == node, !request.names.isEmpty else {
                let whom = request.to.map { " (of \(fold.membership.members[$0]?.name ?? $0.description))" } ?? ""
                return item(.request, request.text + whom, since: request.label.when.instant)
            }
            let handed = open.items.filter { !Set($0.events).isDisjoint(with: request.names) }
            let words = ["by \(request.label.practice)"] + handed.map { "\($0.what.rawValue): \($0.text)" }
            return item(.handedOver, words.joined(separator: "; "), since: request.label.when.instant)
        }
    }

    private var referrals: [ChartToday.Thing] {
        ReferralsView(fold, now: now).referrals.filter { $0.state.contains(.requested) && !$0.disputed }.map { referral in
            let state = referral.state.map(\.rawValue).joined(separator: ", ")
            return item(
                .referral, "\(referral.service ?? "[erased]") at \(referral.to ?? "[erased]"): \(state), \(referral.days) days",
                since: referral.requested.when.instant)
        }
    }
}
