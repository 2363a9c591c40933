import EventLog

extension CourseView {
    /// Facts of the course in rows, for those who read it rather than look at it.
    public struct Table: Hashable, Sendable {
        /// What it is about.
        public let title: String
        /// What each column holds.
        public let columns: [String]
        /// From the earliest on.
        public let rows: [[String]]
    }

    /// Everything that a picture of the course shows, in words. Tables without a row are left out.
    public var tables: [Table] {
        (medications.flatMap(\.tables) + scales.map(\.table) + observations.map(\.table) + happenings).filter { !$0.rows.isEmpty }
    }

    private var happenings: [Table] {
        let groups: [(String, [Mark.What])] = [
            ("Therapy sessions", [.session, .sessionNotHeld]), ("Contacts about the medication", [.contact, .contactMissed]),
            ("Side effects", [.sideEffect]), ("Safety", [.concern, .takenUp, .screening, .plan]),
        ]
        return groups.map { title, kinds in
            let marks = marks.filter { kinds.contains($0.what) }
            return Table(
                title: title, columns: ["Day", "What", "By"],
                rows: marks.map { [$0.day.description, $0.summary, $0.label.person] })
        }
    }
}

extension CourseView.Medication {
    fileprivate var tables: [CourseView.Table] {
        [
            CourseView.Table(
                title: "\(drug): doses as intended",
                columns: ["From", "Until", "Dose", "A day", "Can be judged from", "Full trial from", "Decided by"],
                rows: spans.map { span in
                    // The dose in force was replaced before it could be judged.
                    func day(_ day: String?, _ isReached: Bool) -> String { day.map { isReached ? $0 : "not reached" } ?? "" }
                    return [
                        span.from.description, span.until?.description ?? "now", span.amount, span.daily?.description ?? "",
                        day(span.evaluable?.description, span.lasts(to: span.evaluable)),
                        day(span.full_trial?.description, span.lasts(to: span.full_trial)), span.label.person,
                    ]
                }),
            CourseView.Table(
                title: "\(drug): DISPUTED", columns: ["From", "Until", "Values", "Decided by"],
                rows: disputes.map { dispute in
                    [
                        dispute.from.description, dispute.until?.description ?? "open", dispute.values.joined(separator: " / "),
                        dispute.decisions.map(\.person).joined(separator: " / "),
                    ]
                }),
            CourseView.Table(
                title: "\(drug): taken, as the patient said", columns: ["Since", "Reported on", "Dose", "A day", "Reported by"],
                rows: taken.map {
                    [
                        $0.from.description, $0.until.description, $0.amount, $0.daily?.description ?? "", $0.label.person,
                    ]
                }),
        ]
    }
}

extension CourseView.Span {
    fileprivate func lasts(to day: CalendarDay?) -> Bool { day.map { day in until.map { day < $0 } ?? true } ?? false }
}

extension TrendView.Series {
    fileprivate var table: CourseView.Table {
        CourseView.Table(
            title: "\(instrument.rawValue) total", columns: ["Day", "Score", "Severity", "Remark", "By"],
            rows: scores.map { score in
                let remarks = [score == baseline ? "baseline" : nil, score.counts ? nil : "filled in again within a day"]
                return [
                    score.label.when.day.description, "\(score.total)", score.severity,
                    remarks.compactMap { $0 }.joined(separator: ", "), score.label.person,
                ]
            })
    }
}

extension CourseView.Observations {
    fileprivate var table: CourseView.Table {
        CourseView.Table(
            title: code.display, columns: ["Day", "Value", "By"],
            rows: values.map { [$0.label.when.day.description, $0.value.description, $0.label.person] })
    }
}

extension EventLabel {
    /// Who, and of which practice.
    public var person: String { "\(author), \(practice)" }
}
