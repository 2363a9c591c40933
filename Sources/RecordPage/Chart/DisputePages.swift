import CareModel
import EventLog
import FoundationEssentials
import HTTPTypes
import NodeAPI

/// A dispute: the values side by side, who gave each and what they had seen and had not, and the choice between them.
struct DisputePages {
    private struct Content {
        let head: ChartHead
        let disputes: [Dispute]
        let settled: Settled?
        let problem: String?
    }

    func add(to routes: SiteRoutes) {
        routes.get("chart/:chart/dispute") { .page(try await page($0, settled: nil, problem: nil)) }
        routes.post("chart/:chart/dispute") { visit in
            let chart = try visit.chart()
            // A page that locked itself sends what stood in its form, to have it back afterwards.
            if visit.form["keep"] == "yes" { return .page(try await page(visit, settled: nil, problem: nil)) }
            let choice = Choice(visit.form)
            do {
                let shown = try await visit.ask(TimedShowRequest<ChartReading>(chart: chart))
                let recorded = try await visit.ask(choice.request(chart, shown.content))
                return .page(try await page(visit, settled: Settled.of(recorded, visit), problem: nil))
            } catch let error as NodeError where [.usage, .content, .disputed, .permission].contains(error.code) {
                // What was typed stays in the form, with the view that it was decided from.
                return .page(try await page(visit, settled: nil, problem: error.text))
            }
        }
    }

    private func page(_ visit: Visit, settled: Settled?, problem: String?) async throws -> Page {
        let chart = try visit.chart()
        let shown = try await visit.ask(TimedShowRequest<ChartReading>(chart: chart))
        var disputes: [Dispute] = []
        for dispute in shown.content.conflicts.disputes {
            var unseen: [EventHash: [Replay.Outside]] = [:]
            for sibling in dispute.siblings {
                var moment = MomentQuestion()
                moment.as_seen_by = sibling.label.event
                let answer = try await visit.ask(ReplayRequest(chart: chart, moments: [moment]))
                unseen[sibling.label.event] = answer.replays.first?.outside ?? []
            }
            disputes.append(Dispute(dispute, shown, unseen, visit, keeps: settled == nil))
        }
        let content = Content(head: ChartHead(shown), disputes: disputes, settled: settled, problem: problem)
        return Page("Dispute", "dispute", content, status: problem == nil ? .ok : .unprocessableContent)
    }
}

/// What somebody chose in the form.
private struct Choice {
    private let form: Form

    init(_ form: Form) { self.form = form }

    private struct Outcome: Encodable {
        var dose: Quantity?
        var frequency: Frequency?
        var route: String?
        var status: String
        var effective_from: CalendarDay?
        var as_needed: Bool?
        var max_dose: Quantity?
    }

    private struct Body: Encodable {
        let outcome: Outcome
        let rationale: String
        let patient_contacted: Bool?
    }

    /// What settles it: it names the values that the form showed, and no other.
    ///
    /// - Throws: `NodeError` where something is missing.
    func request(_ chart: ChartID, _ reading: ChartReading) throws -> RecordRequest {
        let refs = form["refs"].split(separator: " ").compactMap { EventHash(String($0)) }
        guard !refs.isEmpty, !form["view"].isEmpty else {
            throw NodeError(.usage, "the form was not complete; open the dispute again")
        }
        let rationale = form["rationale"]
        guard !rationale.isEmpty else { throw NodeError(.content, "rationale: say why, so that the others can follow") }
        let contacted = form["patient_contacted"].isEmpty ? nil : form["patient_contacted"] == "yes"
        let body = Body(outcome: try outcome(reading), rationale: rationale, patient_contacted: contacted)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return RecordRequest(
            chart: chart, kind: ConflictResolved.kind, body: String(decoding: try encoder.encode(body), as: UTF8.self),
            refs: refs,
            view: form["view"], request: form["request"])
    }

    private func outcome(_ reading: ChartReading) throws -> Outcome {
        guard !form["choice"].isEmpty else { throw NodeError(.content, "choice: take one of the values, or give another") }
        guard form["register"] == HoldRegister.medication.rawValue else {
            return Outcome(status: form["choice"] == "other" ? form["status"] : form["choice"])
        }
        guard let from = CalendarDay(form["effective_from"]) else {
            throw NodeError(.content, "from which day: a day such as 2031-04-18")
        }
        guard form["choice"] == "other" else { return try outcome(of: form["choice"], from, reading) }
        guard let times = Int(form["times"]), let period = Int(form["period"]),
            let unit = Frequency.PeriodUnit(rawValue: form["period_unit"])
        else { throw NodeError(.content, "how often: so many times in so many days") }
        return Outcome(
            dose: Quantity(value: form["dose"], unit: form["unit"]),
            frequency: Frequency(times: times, period: period, unit: unit),
            route: form["route"], status: form["status"], effective_from: from)
    }

    /// The whole value of one of the decisions, from the day that the form says.
    private func outcome(of choice: String, _ from: CalendarDay, _ reading: ChartReading) throws -> Outcome {
        let steps = reading.regimen.medications.flatMap(\.history)
        guard let event = EventHash(choice), let value = steps.first(where: { $0.label.event == event })?.value else {
            throw NodeError(.content, "choice: that value cannot be read any more; give another")
        }
        return Outcome(
            dose: value.dose, frequency: value.frequency, route: value.route, status: value.status.rawValue, effective_from: from,
            as_needed: value.as_needed, max_dose: value.max_dose)
    }
}

/// What was recorded, and what its author had not seen.
struct Settled {
    let words: String
    let unseen: [String]

    static func of(_ recorded: RecordedEvent, _ visit: Visit) async throws -> Settled {
        var moment = MomentQuestion()
        moment.as_seen_by = recorded.event
        let replay = try await visit.ask(ReplayRequest(chart: recorded.chart, moments: [moment])).replays.first
        let unseen = Set(recorded.not_seen)
        return Settled(
            words: recorded.disputed ? "Recorded. The values still contradict each other: see below." : "Settled and recorded.",
            unseen: (replay?.outside ?? []).filter { unseen.contains($0.label.event) }.map(\.line))
    }
}

extension Replay.Outside {
    /// In one line.
    var line: String { "\(Words.local(label.when)), \(label.person): \(summary)" }
}
