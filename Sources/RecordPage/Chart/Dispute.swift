import CareModel
import EventLog
import NodeAPI

/// A dispute as the page shows it, with the form that settles it.
struct Dispute {
    struct Sibling {
        let id, event, value, who, when, recorded, reason, choice: String
        let whole: String?
        let isChosen: Bool
        let seen, unseen: [String]
    }

    struct Option {
        let value, name: String
        let isChosen: Bool
    }

    let id, about, subject, lastAgreed, since, count, token, refs, view, request, register: String
    let urgent, isMedication, isOtherChosen: Bool
    let acknowledged: [String]
    let siblings: [Sibling]
    let dose, unit, times, period, route, effectiveFrom, rationale: String
    let periodUnits, statuses, contacted: [Option]

    init(
        _ dispute: ConflictsView.Dispute, _ shown: Viewed<ChartReading>, _ unseen: [EventHash: [Replay.Outside]], _ visit: Visit,
        keeps: Bool
    ) {
        // Only the form that was sent comes back with what was typed.
        let form = keeps && visit.form["about"] == "\(dispute.root)" ? visit.form : Form()
        let isKept = !form["about"].isEmpty
        id = dispute.root.short
        about = "\(dispute.root)"
        count = Words.count(dispute.siblings.count, "decision", "decisions")
        subject = dispute.subject
        lastAgreed = dispute.last_agreed ?? "nothing"
        since = Words.age(dispute.since, shown.now)
        urgent = dispute.urgency == .urgent
        acknowledged = dispute.acknowledged.map { "\($0.person) on \($0.when.day)" }
        isMedication = dispute.register == .medication
        register = dispute.register.rawValue
        token = visit.formToken
        refs = isKept ? form["refs"] : dispute.siblings.map { "\($0.label.event)" }.joined(separator: " ")
        view = isKept ? form["view"] : shown.view
        request = isKept ? form["request"] : Sessions.secret()
        let lineage = shown.content.regimen.medications.first { $0.root == dispute.root }
        siblings = dispute.siblings.map { sibling in
            Sibling(
                sibling, dispute, lineage?.values.first { $0.label.event == sibling.label.event }?.value,
                unseen[sibling.label.event] ?? [], chosen: form["choice"])
        }
        isOtherChosen = form["choice"] == "other"
        let agreed = lineage?.last_agreed
        dose = isKept ? form["dose"] : ""
        unit = isKept ? form["unit"] : agreed?.dose?.unit ?? "mg"
        times = isKept ? form["times"] : "\(agreed?.frequency?.times ?? 1)"
        period = isKept ? form["period"] : "\(agreed?.frequency?.period ?? 1)"
        route = isKept ? form["route"] : agreed?.route ?? "oral"
        effectiveFrom = isKept ? form["effective_from"] : "\(shown.content.course.today)"
        rationale = form["rationale"]
        let unitNow = isKept ? form["period_unit"] : (agreed?.frequency?.period_unit ?? .days).rawValue
        periodUnits = [("h", "hours"), ("d", "days"), ("wk", "weeks"), ("mo", "months")].map {
            Option(value: $0.0, name: $0.1, isChosen: $0.0 == unitNow)
        }
        statuses = Self.statuses(of: dispute.register).map { Option(value: $0, name: $0, isChosen: $0 == form["status"]) }
        contacted = [("", "not said"), ("yes", "yes"), ("no", "no")].map {
            Option(value: $0.0, name: $0.1, isChosen: $0.0 == form["patient_contacted"])
        }
    }

    private static func statuses(of register: HoldRegister) -> [String] {
        switch register {
        case .medication: ["active", "on-hold", "stopped"]
        case .referral: ["requested", "accepted", "rejected", "completed", "failed", "cancelled"]
        case .episode: ["active", "finished"]
        }
    }
}

extension Dispute.Sibling {
    fileprivate init(
        _ sibling: ConflictsView.Sibling, _ dispute: ConflictsView.Dispute, _ value: MedicationValue?,
        _ outside: [Replay.Outside],
        chosen: String
    ) {
        event = "\(sibling.label.event)"
        id = sibling.label.event.short
        self.value = sibling.value
        whole =
            value.map { [$0.frequency?.description, $0.route, $0.effective_from.map { "from \($0)" }].compactMap { $0 } }?
            .joined(separator: ", ")
        who = sibling.label.person
        when = Words.local(sibling.label.when)
        recorded = Words.moment(sibling.label.at)
        reason = sibling.summary
        choice = dispute.register == .medication ? event : sibling.value
        isChosen = chosen == choice
        let others = Dictionary(dispute.siblings.map { ($0.label.event, $0) }, uniquingKeysWith: { one, _ in one })
        seen = sibling.saw.compactMap { others[$0] }.map { "\($0.value) by \($0.label.person)" }
        // What follows from other values of the dispute is told with them; what is told here is what the author did not have.
        unseen = outside.filter { $0.relation != .late }.prefix(12).map(\.line)
    }
}
