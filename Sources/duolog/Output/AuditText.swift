import CareModel
import EventLog
import NodeAPI

extension Render {
    /// Comma-separated values, quoted where they must be (RFC 4180).
    static func csv(_ rows: [[String]]) -> String {
        rows.map { row in
            row.map { cell in
                cell.contains(where: { ",\"\n\r".contains($0) }) ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
            }.joined(separator: ",")
        }.joined(separator: "\r\n")
    }

    // MARK: Verification

    static func verification(_ report: VerifyReport) -> String {
        let titles = ["chart", "events", "heads", "receipts", "erased", "bytes", "found"]
        let rows = report.charts.map { chart in
            [
                chart.name ?? chart.chart.short, "\(chart.events)", "\(chart.heads)", "\(chart.receipts)", "\(chart.erased)",
                "\(chart.bytes)", chart.count + chart.unchecked == 0 ? "whole" : damage(chart),
            ]
        }
        let seconds = Double(max(1, report.ended.milliseconds - report.began.milliseconds)) / 1000
        var lines = [table([titles] + rows)]
        lines += report.charts.flatMap { chart in chart.findings.map { "DAMAGED  \(finding($0))" } }
        lines += report.log.map { "DAMAGED  \(finding($0))" }
        lines.append(
            "\(report.whole ? "All holds" : "NOT WHOLE"): \(report.events) events in \(report.charts.count) charts, \(report.commits) commits, \(report.bytes) bytes, \(tenths(seconds)) s\(report.quick ? "; projections were not derived anew (--quick)" : "")"
        )
        return lines.joined(separator: "\n")
    }

    private static func damage(_ chart: ChartFindings) -> String {
        "\(chart.count) findings" + (chart.unchecked > 0 ? ", \(chart.unchecked) not checkable behind them" : "")
    }

    private static func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// What, and where: chart, origin, number, arrival or line, byte.
    static func finding(_ finding: Finding) -> String {
        var place: [String] = []
        if let chart = finding.chart { place.append("chart \(chart.short)") }
        if let origin = finding.origin, let seq = finding.seq { place.append("\(origin)#\(seq)") }
        if let number = finding.place { place.append("place \(number)") }
        if let byte = finding.byte { place.append("byte \(byte)") }
        return "\(finding.kind.rawValue): \(finding.text)" + (place.isEmpty ? "" : "  (\(place.joined(separator: ", ")))")
    }

    static func bundle(_ report: BundleReport) -> String {
        var lines: [String] = []
        if let chart = report.chart, let exporter = report.exporter, let at = report.at {
            lines.append("Chart \(chart), exported by \(report.exporter_node.map { "\($0)" } ?? "\(exporter)") at \(at)")
        }
        if let found = report.findings {
            lines.append(
                "\(found.events) events, \(found.heads) heads and \(found.receipts) receipts that hold, \(found.erased) bodies erased"
            )
        }
        lines += report.file.map { "DAMAGED  \(finding($0))" }
        lines += (report.findings?.findings ?? []).map { "DAMAGED  \(finding($0))" }
        if let founder = report.founder { lines.append("founder's key \(founder)") }
        lines += report.keys.map { "writer's key  \($0)" }
        if !report.trusted {
            lines.append(
                "The keys came from the file itself: this shows that it is consistent, not who wrote it. Compare them with keys that you know, and name those: --trust KEY"
            )
        }
        lines.append(report.whole ? "All holds." : "DOES NOT VERIFY.")
        return lines.joined(separator: "\n")
    }

    // MARK: Replay

    static func replay(_ answer: ReplayAnswer) -> String {
        var lines: [String] = []
        if answer.fictional { lines.append("FICTIONAL: the patient is made up.") }
        if let difference = answer.difference, answer.replays.count == 2 {
            lines.append("Chart \(answer.chart.short), as node \(answer.node) tells it")
            for (title, replay) in zip(["before", "after "], answer.replays) {
                lines += ["\(title)  \(replay.question)"] + basis(replay)
            }
            lines.append(Self.difference(difference))
        } else {
            lines += answer.replays.map { replay($0, answer) }
        }
        return lines.joined(separator: "\n")
    }

    private static func basis(_ replay: Replay) -> [String] { replay.basis.map { "    \($0.certainty.rawValue): \($0.text)" } }

    private static func replay(_ replay: Replay, _ answer: ReplayAnswer) -> String {
        let record = replay.record
        var lines = ["Chart \(answer.chart.short), \(replay.question), as node \(answer.node) tells it"] + basis(replay)
        if let decision = replay.decision {
            lines.append(
                "  the decision: \(time(decision.when))  \(decision.event.short)  \(decision.kind) by \(decision.author), \(decision.practice)"
            )
        }
        lines.append("  record of \(record.timeline.entries.count) events, digest \(record.digest)")
        lines.append("  clock \(record.clock)")
        if record.last.count > 1 {
            lines.append(
                "  its last events did not know of each other: \(record.last.map(\.event.short).joined(separator: ", "))")
        }
        lines += ["Regimen", regimen(record.regimen)]
        if !record.conflicts.disputes.isEmpty {
            lines.append("Disputes")
            lines += record.conflicts.disputes.map { "  \($0.subject): \($0.headline)" }
        }
        lines += ["Members", membership(record.membership), "Events", timeline(record.timeline)]
        for (title, events) in [
            ("Erased since", record.erased), ("Of unknown kinds", record.unknown), ("Without effect", record.without_effect),
        ] where !events.isEmpty {
            lines.append("\(title): \(events.map(\.short).joined(separator: ", "))")
        }
        lines.append(outside(replay))
        return lines.joined(separator: "\n")
    }

    private static func outside(_ replay: Replay) -> String {
        var lines = ["Not in it"]
        for entry in replay.outside {
            lines.append(
                "  \(time(entry.label.when))  \(entry.label.event.short)  \(entry.label.author): \(entry.summary)  -- \(entry.relation.rawValue)"
            )
            lines.append(
                "      recorded \(entry.label.at) by its author's clock" + (entry.arrived.map { ", arrived here \($0)" } ?? ""))
        }
        lines.append(
            "  \(replay.outside.isEmpty ? "nothing that existed" : "\(replay.outside.count) of these"); \(replay.later) later events are here now"
        )
        return lines.joined(separator: "\n")
    }

    private static func difference(_ difference: ReplayDifference) -> String {
        func reading(_ reading: ReplayDifference.Reading) -> String {
            "  \(reading.subject): \(reading.before ?? "not there") -> \(reading.after ?? "not there")"
        }
        func entry(_ entry: TimelineView.Entry) -> String {
            "  \(time(entry.label.when))  \(entry.label.event.short)  \(entry.label.author): \(entry.summary)"
        }
        var lines: [String] = []
        for (title, rows) in [
            ("Medication", difference.medications.map(reading)), ("Disputes", difference.disputes.map(reading)),
            ("Only after", difference.added.map(entry)), ("Only before", difference.missing.map(entry)),
            (
                "Read otherwise",
                difference.changed.map { "  \($0.label.event.short)  \($0.before)\n      -> \($0.after)" }
            ),
        ] where !rows.isEmpty {
            lines += [title] + rows
        }
        return lines.isEmpty ? "No difference." : lines.joined(separator: "\n")
    }

    // MARK: One event

    static func trail(_ answer: TrailAnswer) -> String {
        let trail = answer.trail
        var lines: [String] = []
        if answer.fictional { lines.append("FICTIONAL: the patient is made up.") }
        let because = trail.because.map { ": \($0)" } ?? ""
        lines.append("Event \(trail.label.event) in chart \(answer.chart.short)")
        lines.append("  \(trail.label.kind): \(trail.summary)  [\(trail.standing.rawValue)\(because)]")
        lines.append(
            table(
                trail.steps.map { step in
                    [
                        "  \(step.at?.description ?? "-")", step.what.rawValue, step.certainty.rawValue,
                        step.text + (step.event.map { "  (\($0.short))" } ?? ""),
                    ]
                }))
        return lines.joined(separator: "\n")
    }
}
