import EventLog
import Foundation
import NodeAPI

extension Render {
    /// How it stands with a peer.
    static func peer(_ report: PeerReport) -> String {
        var lines = ["\(report.summary.name)  \(report.summary.node)  \(report.summary.state)"]
        if let since = report.connected_since {
            lines.append(row("connected", "since \(clock(since)) (\(age(since, report.now)))"))
        } else {
            let next = report.next_attempt.map {
                "next attempt in \(duration(max(0, $0.milliseconds - report.now.milliseconds)))"
            }
            lines.append(row("connected", ["no", next].compactMap { $0 }.joined(separator: ", ")))
        }
        lines.append(row("behind", report.behind.map { backlog($0, "to come") } ?? "unknown while it is not connected"))
        lines.append(row("ahead", backlog(report.ahead, report.connected_since == nil ? "it has not confirmed" : "to go")))
        if report.connected_since != nil {
            lines.append(
                row(
                    "rate",
                    "\(rate(report.received_per_second)) in, \(rate(report.sent_per_second)) out; \(report.received) received, \(report.sent) sent since then"
                ))
        }
        if let seconds = report.seconds_left { lines.append(row("in step", "in about \(duration(seconds * 1000)) at this rate")) }
        lines.append(
            row(
                "last receipt",
                report.last_receipt.map {
                    "\(clock($0.at)) by its clock: chart \($0.chart.short), number \($0.seq) of \($0.origin)"
                } ?? "none yet"))
        if let offset = report.clock_offset { lines.append(row("its clock", clockOffset(offset))) }
        if let version = report.protocol_version { lines.append(row("protocol", "\(version)")) }
        lines.append(
            row(
                "charts",
                "\(report.shared_charts) shared"
                    + (report.refused_charts > 0 ? ", \(report.refused_charts) REFUSED; see the log" : "")))
        if let error = report.last_error { lines.append(row("last error", error)) }
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ text: String) -> String {
        "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + text
    }

    private static func backlog(_ backlog: PeerReport.Backlog, _ what: String) -> String {
        backlog.events == 0
            ? "nothing"
            : "\(backlog.events) event\(backlog.events == 1 ? "" : "s") in \(backlog.charts) chart\(backlog.charts == 1 ? "" : "s") \(what)"
    }

    private static func rate(_ perSecond: Double) -> String { "\((perSecond * 10).rounded() / 10) events/s" }

    private static func clock(_ time: Timestamp) -> String {
        String(time.description.prefix(19)).replacing("T", with: " ") + " UTC"
    }

    private static func age(_ since: Timestamp, _ now: Timestamp) -> String {
        duration(max(0, now.milliseconds - since.milliseconds))
    }

    /// A length of time in its two largest units.
    static func duration(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }

    /// How far another clock is from ours; a warning beyond a minute, since times are shown as their authors' clocks had them.
    static func clockOffset(_ milliseconds: Int) -> String {
        guard abs(milliseconds) >= 1000 else { return "with ours" }
        let words = "\(duration(abs(milliseconds))) \(milliseconds > 0 ? "ahead of" : "behind") ours"
        return abs(milliseconds) >= 60_000 ? "WRONG? \(words)" : words
    }
}
