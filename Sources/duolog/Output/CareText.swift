import CareModel
import EventLog
import NodeAPI

extension Render {
    private static func percent(_ permille: Int) -> String {
        let size = abs(permille)
        return "\(permille < 0 ? "-" : "+")\(size / 10).\(size % 10) %"
    }

    static func trend(_ view: TrendView) -> String {
        var lines: [String] = []
        for series in view.series {
            let latest = series.scores.last
            var line = "  \(series.instrument.rawValue): \(latest?.total ?? 0), \(latest?.severity ?? "")"
            if let baseline = series.baseline, let change = series.change {
                line += "; \(percent(change.permille)) (\(change.points) points) since the baseline of \(baseline.total)"
                if change.remission {
                    line += "; REMISSION"
                } else if change.response {
                    line += "; response"
                } else if change.important {
                    line += "; important change, not a response"
                }
            }
            lines.append(line)
            lines += series.scores.map {
                "    \(time($0.label.when))  \($0.total)  \(String(repeating: "*", count: $0.total))\($0.counts ? "" : "  (filled in again within a day)")"
            }
        }
        lines += view.observations.map { "  \(time($0.label.when))  \($0.code.display): \($0.value)" }
        for judgement in view.judgements {
            let since = judgement.since.map { ", since \($0), \(judgement.days ?? 0) days" } ?? ""
            lines.append("  \(judgement.drug): \(judgement.window.rawValue)\(since); most take 4 to 6 weeks")
            if judgement.window == .tooEarly, let signal = judgement.early_signal {
                lines.append(
                    "    \(signal ? "an early sign: a fall by a fifth or more" : "no early sign yet; a third of those without it still respond")"
                )
            }
        }
        return lines.isEmpty ? "  nothing measured" : lines.joined(separator: "\n")
    }

    static func followup(_ view: FollowupView) -> String {
        var line = "  \(view.state.rawValue)"
        if let due = view.due { line += ": \(due) (\(view.because ?? ""))" }
        if view.days_overdue > 0 { line += ", \(view.days_overdue) days ago" }
        let contact = view.last_contact.map { "\n  last contact \(time($0.when)) by \($0.author), \($0.kind)" } ?? ""
        return line + contact
    }

    static func safety(_ view: SafetyView) -> String {
        var lines = ["  \(view.headline)"]
        for concern in view.concerns {
            lines.append(
                "  \(concern.open ? "OPEN" : "taken up") since \(time(concern.since)): \(concern.because.joined(separator: ", "))"
            )
            lines += concern.acknowledged.map { "    by \($0.author) \(time($0.when))" }
            if concern.needs_screening { lines.append("    a C-SSRS is asked for") }
        }
        if let screening = view.screening, let summary = view.screening_summary {
            lines.append("  last screening \(time(screening.when)), \(summary)")
        }
        return lines.joined(separator: "\n")
    }

    static func referrals(_ view: ReferralsView) -> String {
        guard !view.referrals.isEmpty else { return "  no referral" }
        return view.referrals.map { referral in
            let state =
                referral.disputed
                ? "DISPUTED {\(referral.state.map(\.rawValue).joined(separator: ", "))}" : referral.state.map(\.rawValue).joined()
            let twice = referral.duplicates.isEmpty ? "" : "; requested twice"
            return
                "  \(referral.service ?? "[erased]") at \(referral.to ?? "[erased]"), \(referral.priority?.rawValue ?? ""): \(state), \(referral.days) days\(twice)"
        }.joined(separator: "\n")
    }

    static func coverage(_ view: CoverageView) -> String {
        var lines = [
            "  \(view.coverage.rawValue)",
            "  \(view.sessions) sessions" + (view.last_session.map { ", the last \(time($0.when))" } ?? ""),
        ]
        lines += view.medications.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    static func course(_ view: CourseView) -> String {
        guard !view.tables.isEmpty else { return "  nothing recorded" }
        return view.tables.map { section in
            "  \(section.title)\n" + table(([section.columns] + section.rows).map { ["    \($0[0])"] + $0.dropFirst() })
        }.joined(separator: "\n\n")
    }

    static func goals(_ view: GoalsView) -> String {
        var lines = view.goals.map { goal in
            let words = [goal.measure, goal.target, goal.due.map { "by \($0)" }].compactMap { $0 }.map { "; \($0)" }.joined()
            let state = goal.met ? "met" : goal.overdue ? "OVERDUE" : "open"
            return "  \(state): \(goal.text ?? "[erased]")\(words)  (\(goal.latest.author), \(time(goal.latest.when)))"
        }
        if let plan = view.safety_plan {
            lines.append("  safety plan \(time(plan.when)) by \(plan.author): \(view.safety_plan_text ?? "[erased]")")
        }
        return lines.isEmpty ? "  no goal" : lines.joined(separator: "\n")
    }

    static func alerts(_ view: AlertsView) -> String {
        let lines = view.alerts.map {
            "  \($0.rule.rawValue): \($0.text)  (\($0.events.map(\.event.short).joined(separator: ", ")))"
        }
        return (lines.isEmpty ? ["  no rule points at anything"] : lines).joined(separator: "\n") + "\n  by rules \(view.rules)"
    }

    static func today(_ answer: TodayAnswer) -> String {
        let rows = answer.items.map { item in
            [
                "  \(item.what.rawValue)", item.patient.joined(separator: " / "),
                item.text + (item.command.map { ": \($0)" } ?? ""),
                age(from: item.since, to: answer.now), item.chart.short,
            ]
        }
        let behind = answer.behind.map { peer in
            ["  PEER BEHIND", peer.name, peer.text, peer.confirmed.map { age(from: $0, to: answer.now) } ?? "", "\(peer.node)"]
        }
        let head = (answer.fictional ? "FICTIONAL: the patients are made up.\n" : "") + "\(answer.now)"
        return head + "\n" + ((rows + behind).isEmpty ? "  Nothing needs a person now." : table(rows + behind))
    }
}
