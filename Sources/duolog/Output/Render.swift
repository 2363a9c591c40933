import CareModel
import EventLog
import Foundation
import NodeAPI

/// Text for people.
enum Render {
    /// Columns of even width.
    static func table(_ rows: [[String]]) -> String {
        guard let columns = rows.map(\.count).max() else { return "" }
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The lines above and below everything that a decision can be made from.
    static func framed<Content>(_ viewed: Viewed<Content>, _ body: String) -> String {
        var lines: [String] = []
        if viewed.fictional { lines.append("FICTIONAL: the patient is made up.") }
        if viewed.incomplete {
            lines.append("INCOMPLETE: this chart holds events of a newer Duolog; install it before you decide anything here.")
        }
        lines.append("Chart \(viewed.chart.short)  \(viewed.patient.joined(separator: " / "))")
        lines.append(body)
        lines.append("view: \(viewed.view)")
        return lines.joined(separator: "\n")
    }

    /// A span of time in its largest units.
    static func age(from start: Timestamp, to end: Timestamp) -> String {
        let minutes = max(0, (end.milliseconds - start.milliseconds) / 60_000)
        if minutes < 60 { return "\(minutes) min" }
        return minutes < 2880 ? "\(minutes / 60) h" : "\(minutes / 1440) d"
    }

    /// A time as people read it.
    static func time(_ when: ClinicalTime) -> String {
        String(when.description.prefix(16)).replacing("T", with: " ")
    }

    static func timeline(_ view: TimelineView) -> String {
        guard !view.entries.isEmpty else { return "  nothing recorded" }
        return view.entries.map { entry in
            var line = "  \(time(entry.label.when))  \(entry.label.event.short)  \(entry.label.author): \(entry.summary)"
            switch entry.standing {
            case .inEffect, .replaced: break
            case .withoutEffect: line += "  -- without effect: \(entry.because ?? "")"
            default: line += "  -- \(entry.standing.rawValue)\(entry.because.map { ": \($0)" } ?? "")"
            }
            for correction in entry.corrections {
                line += "\n      corrected \(time(correction.label.when)) by \(correction.label.author): \(correction.summary)"
            }
            if !entry.probable_duplicates.isEmpty {
                let named = entry.probable_duplicates.map(\.short).joined(separator: ", ")
                let more = entry.more_probable_duplicates.map { " and \($0) more" } ?? ""
                line += "\n      probably recorded twice: \(named)\(more)"
            }
            return line
        }.joined(separator: "\n")
    }

    static func regimen(_ view: RegimenView) -> String {
        guard !view.medications.isEmpty else { return "  no medication" }
        return view.medications.map { lineage($0) }.joined(separator: "\n")
    }

    private static func lineage(_ lineage: RegimenView.Lineage) -> String {
        var lines = ["  \(lineage.drug?.display ?? "[erased]")  (\(lineage.root.short))", "    now: \(lineage.headline)"]
        for waiting in lineage.awaiting_adoption {
            lines.append("    awaiting adoption: \(waiting.value?.amount ?? "[erased]") by \(waiting.label.author)")
        }
        if let intake = lineage.intake.first {
            lines.append(
                "    taken: \(intake.taking?.description ?? "none") since \(intake.since), as reported \(time(intake.label.when))"
            )
        }
        for step in lineage.history {
            var line = "    \(time(step.label.when))  \(step.label.event.short)  \(step.label.author): \(step.summary)"
            if step.standing != .inEffect { line += "  [\(step.standing.rawValue)\(step.because.map { ": \($0)" } ?? "")]" }
            for report in step.made_without_seeing {
                line += "\n      made without seeing the side effect reported \(time(report.when)) by \(report.author)"
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    static func membership(_ view: MembershipView) -> String {
        view.members.map { member in
            let scopes = member.scopes.map(\.rawValue).joined(separator: ", ")
            let consent = member.consent ? "consent" + (member.consent_until.map { " until \($0)" } ?? "") : "no consent"
            var lines = ["  \(member.node)  \(member.name): \(member.removed ? "REMOVED" : scopes); \(consent)"]
            for person in member.practitioners {
                lines.append("    \(person.author)  \(person.name), \(person.credential.rawValue)")
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    static func conflicts(_ view: ConflictsView, now: Timestamp) -> String {
        guard !view.disputes.isEmpty else { return "  no open dispute" }
        return view.disputes.map { dispute($0, now: now) }.joined(separator: "\n")
    }

    private static func dispute(_ dispute: ConflictsView.Dispute, now: Timestamp) -> String {
        let hours = max(0, (now.milliseconds - dispute.since.milliseconds) / 3_600_000)
        var lines = [
            "  \(dispute.subject)  (\(dispute.root.short))\(dispute.urgency == .urgent ? "  URGENT" : "")",
            "    \(dispute.headline)", "    open for \(hours / 24) d \(hours % 24) h, by the authors' clocks",
        ]
        for (index, sibling) in dispute.siblings.enumerated() {
            lines.append(
                "    \(index + 1). \(sibling.value)  by \(sibling.label.author), \(sibling.label.practice), \(time(sibling.label.when)): \(sibling.summary)"
            )
            if !sibling.had_not_seen.isEmpty {
                lines.append("       had not seen \(sibling.had_not_seen.map(\.short).joined(separator: ", "))")
            }
            if !sibling.saw.isEmpty {
                lines.append("       had seen, and did not name, \(sibling.saw.map(\.short).joined(separator: ", "))")
            }
        }
        for label in dispute.acknowledged { lines.append("    noted by \(label.author) \(time(label.when))") }
        return lines.joined(separator: "\n")
    }
}
