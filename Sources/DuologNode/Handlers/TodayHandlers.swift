import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func show<Content: TimedProjection>(
        _ request: TimedShowRequest<Content>, _ caller: Caller
    ) async throws -> Viewed<Content> {
        let record = try await record(of: request.chart)
        let now = request.now ?? clock.now
        try await noteAccess(caller, "show \(Content.name)", chart: request.chart, view: record.graph.view.token)
        let fold = Fold(record, Fold.Scope(now: now))
        return viewed(record, fold, now, Content(fold, now: now))
    }

    func today(_ request: TodayRequest, _ caller: Caller) async throws -> TodayAnswer {
        let now = request.now ?? clock.now
        try await noteAccess(caller, "today")
        var items: [TodayItem] = []
        for entry in try await log.charts() {
            guard let record = try await log.record(of: entry.chart) else { continue }
            items += TodayReader(record, now, log.node).items
        }
        items += try await shelf().items(now)
        let rank = Dictionary(uniqueKeysWithValues: TodayItem.What.allCases.enumerated().map { ($1, $0) })
        items.sort { left, right in
            (rank[left.what] ?? 0, left.since, left.chart, left.text) < (
                rank[right.what] ?? 0, right.since, right.chart, right.text
            )
        }
        return TodayAnswer(now: now, fictional: isFictional, items: items, behind: try await peersBehind())
    }

    /// Those that are connected get what they have not: only who is away can stay behind.
    private func peersBehind() async throws -> [PeerBehind] {
        var behind: [PeerBehind] = []
        for summary in try await peerSummaries() where !summary.connected {
            let unconfirmed = try await log.unconfirmed(by: summary.node, on: clock.today)
            guard unconfirmed.events > 0 else { continue }
            behind.append(
                PeerBehind(
                    node: summary.node, name: summary.name, events: unconfirmed.events, charts: unconfirmed.charts,
                    state: summary.state, confirmed: try await log.lastReceipt(of: summary.node)?.at))
        }
        return behind
    }
}

/// What of one chart needs a person.
private struct TodayReader {
    /// Two decisions close to each other are past when nothing has come of them for so long.
    private static let intervalAlertDays = 14

    private let record: ChartRecord
    private let now: Timestamp
    private let fold: Fold
    private let patient: [String]
    private let node: NodeID

    init(_ record: ChartRecord, _ now: Timestamp, _ node: NodeID) {
        self.record = record
        self.now = now
        self.node = node
        fold = Fold(record, Fold.Scope(now: now))
        patient = MembershipView(fold).patient.map(\.name)
    }

    private func item(
        _ what: TodayItem.What, _ text: String, since: Timestamp?, command: String? = nil
    ) -> TodayItem {
        TodayItem(
            what: what, chart: record.graph.chart, patient: patient, text: text, command: command, since: since ?? now)
    }

    /// Nothing of a chart that this practice has left: it could not act on it.
    var items: [TodayItem] {
        guard fold.membership.removals[node] == nil else { return [] }
        return disputes + safety + followup + integrity + alerts + consent + requests + referrals
    }

    private var disputes: [TodayItem] {
        ConflictsView(fold).disputes.map { dispute in
            item(
                dispute.urgency == .urgent ? .urgentDispute : .dispute, "\(dispute.subject): \(dispute.headline)",
                since: dispute.since)
        }
    }

    private var safety: [TodayItem] {
        SafetyView(fold, now: now).concerns.flatMap { concern in
            let words = concern.because.joined(separator: ", ")
            return (concern.open ? [item(.concern, words, since: concern.since.instant)] : [])
                + (concern.needs_screening ? [item(.screening, "C-SSRS after: \(words)", since: concern.since.instant)] : [])
        }
    }

    private var followup: [TodayItem] {
        let view = FollowupView(fold, now: now)
        guard let due = view.due, view.state == .overdue || view.state == .due else { return [] }
        let text = view.state == .overdue ? "follow-up was due \(due), \(view.days_overdue) days ago" : "follow-up is due today"
        let midnight = ClinicalTime("\(due)T00:00:00+00:00")?.instant
        return [item(view.state == .overdue ? .overdue : .due, text, since: midnight)]
    }

    private var integrity: [TodayItem] {
        let forks = IntegrityView(fold).forks.filter(\.isOpen).map { fork in
            item(
                .integrity,
                "number \(fork.seq) of \(fork.practice) names \(fork.branches.count) events", since: nil,
                command: "duolog audit integrity show")
        }
        guard record.isIncomplete else { return forks }
        return forks + [item(.incomplete, "the chart holds events of a newer Duolog: install it", since: nil)]
    }

    private var alerts: [TodayItem] {
        // A decision on which somebody has decided again is past.
        let current = Set(RegimenView(fold).medications.flatMap { $0.values.map(\.label.event) })
        return AlertsView(fold, now: now).alerts.filter { alert in
            guard [.interval, .madeWithoutSeeing, .intake].contains(alert.rule) else { return true }
            let age = now.milliseconds - (alert.events.first?.when.instant.milliseconds ?? 0)
            if alert.rule == .interval, age > Self.intervalAlertDays * 86_400_000 { return false }
            return alert.events.contains { current.contains($0.event) }
        }.map { item(.alert, $0.text, since: $0.events.first?.at) }
    }

    /// A consent of another member that ends soon, or has ended: nothing is sent to it any more, and only the patient can change that.
    private var consent: [TodayItem] {
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

    private var requests: [TodayItem] {
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

    private var referrals: [TodayItem] {
        ReferralsView(fold, now: now).referrals.filter { $0.state.contains(.requested) && !$0.disputed }.map { referral in
            let state = referral.state.map(\.rawValue).joined(separator: ", ")
            return item(
                .referral, "\(referral.service ?? "[erased]") at \(referral.to ?? "[erased]"): \(state), \(referral.days) days",
                since: referral.requested.when.instant)
        }
    }
}
