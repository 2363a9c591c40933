import CareModel
import EventLog
import Foundation

extension CoursePicture {
    /// A medicine: what was intended as steps, what was taken beside them, the days on which it was too early to judge shaded, and the
    /// days on which it was disputed hatched with every value.
    mutating func addDoses(_ medication: CourseView.Medication, hatch: String) {
        let scale = DoseScale(medication, top: panelTop + 16, height: 104)
        let unit = scale.unit.map { ", \($0)" } ?? ""
        let top = panel("\(medication.drug): daily dose\(unit)", height: 122)
        addWindows(medication, top: top)
        addDisputes(medication, top: top, hatch: hatch)
        for level in scale.levels {
            let y = scale.y(level)
            svg.line("grid", format.left, y, format.right, y)
            svg.words("axis", format.left - 4, y + 4, "\(level)", .end)
        }
        for span in medication.spans { addSpan(span, medication, scale) }
        addRisers(medication, scale)
        for taken in medication.taken { addTaken(taken, scale) }
    }

    private var panelTop: Double { y + 20 }

    private var end: CalendarDay { max(course.today, axis.first) }

    private func x(_ day: CalendarDay?) -> Double { axis.x(day ?? end) }

    // MARK: Judge window

    private mutating func addWindows(_ medication: CourseView.Medication, top: Double) {
        for span in medication.spans {
            guard let evaluable = span.evaluable, let full = span.full_trial else { continue }
            let limit = min(span.until ?? full, medication.disputes.first { $0.until == nil }?.from ?? full)
            let early = axis.x(min(evaluable, limit)) - axis.x(span.from)
            let title = "\(span.amount) from \(span.from): too early to judge until \(evaluable), a full trial from \(full)"
            svg.box("early", x: axis.x(span.from), y: top, width: early, height: 122, title: title)
            if width("too early to judge") + 8 < early {
                svg.words("window", axis.x(span.from) + 4, top + 118, "too early to judge")
            }
            guard limit > evaluable else { continue }
            let evaluated = axis.x(min(full, limit)) - axis.x(evaluable)
            svg.box("evaluable", x: axis.x(evaluable), y: top, width: evaluated, height: 122, title: title)
            if width("evaluable") + 8 < evaluated { svg.words("window", axis.x(evaluable) + 4, top + 118, "evaluable") }
        }
    }

    // MARK: Disputes

    private mutating func addDisputes(_ medication: CourseView.Medication, top: Double, hatch: String) {
        for dispute in medication.disputes {
            let (from, until) = (axis.x(dispute.from), x(dispute.until))
            let words = "DISPUTED \(dispute.values.joined(separator: " / "))"
            let settled = dispute.until.map { "settled \($0)" } ?? "open"
            let wide = max(4, until - from)
            svg.box(
                "disputed", x: from, y: top, width: wide, height: 122, fill: "url(#\(hatch))",
                title: "\(words), from \(dispute.from), \(settled)")
            let fits = from + wide + 4 + width(words) < format.right
            svg.words("disputed-name", fits ? from + wide + 4 : from - 4, top + 11, words, fits ? .start : .end)
        }
    }

    // MARK: Intended

    private mutating func addSpan(_ span: CourseView.Span, _ medication: CourseView.Medication, _ scale: DoseScale) {
        guard let number = span.daily?.number else {
            addWordsOnly(span, scale)
            return
        }
        let y = scale.y(number)
        let title = "\(span.amount) from \(span.from)\(span.until.map { " until \($0)" } ?? ""), \(span.label.author)"
        for (from, until, isDisputed) in pieces(of: span, medication) {
            svg.line(isDisputed ? "intended contested" : "intended", axis.x(from), y, axis.x(until), y, title: title)
        }
        let room = x(span.until) - axis.x(span.from)
        if width(span.amount) + 6 < room { svg.words("dose", axis.x(span.from) + 4, y - 5, span.amount) }
    }

    /// As needed, or erased: there is no height to draw it at.
    private mutating func addWordsOnly(_ span: CourseView.Span, _ scale: DoseScale) {
        let (from, until, y) = (axis.x(span.from), x(span.until), scale.y(0))
        svg.line("intended unsure", from, y, until, y, title: "\(span.amount) from \(span.from)")
        svg.words("dose", from + 4, y - 5, fitted(span.amount, max(until - from, 60)))
    }

    /// A span cut where a dispute begins and ends: nobody knew then which of the values held.
    private func pieces(
        of span: CourseView.Span, _ medication: CourseView.Medication
    ) -> [(from: CalendarDay, until: CalendarDay, isDisputed: Bool)] {
        let until = max(span.until ?? end, span.from)
        let inner = medication.disputes.filter { $0.decisions.contains(span.label) }
        let cuts = Set(
            [span.from, until] + inner.flatMap { [$0.from, $0.until ?? end] }.filter { $0 > span.from && $0 < until }
        )
        .sorted()
        guard cuts.count > 1 else { return [(span.from, CalendarDay(number: span.from.number + 1), !inner.isEmpty)] }
        return zip(cuts, cuts.dropFirst()).map { from, until in
            (from, until, inner.contains { $0.from <= from && until <= ($0.until ?? end) })
        }
    }

    /// The upright parts of the steps.
    private mutating func addRisers(_ medication: CourseView.Medication, _ scale: DoseScale) {
        for span in medication.spans {
            let before = medication.spans.filter { $0.until == span.from }.compactMap { $0.daily?.number }
            guard let number = span.daily?.number else { continue }
            for old in before where old != number {
                svg.line("riser", axis.x(span.from), scale.y(old), axis.x(span.from), scale.y(number))
            }
        }
    }

    // MARK: Taken

    private mutating func addTaken(_ taken: CourseView.Taken, _ scale: DoseScale) {
        let title = "taken: \(taken.amount) since \(taken.from), as reported on \(taken.until)"
        let (from, until) = (axis.x(taken.from), max(axis.x(taken.until), axis.x(taken.from) + 3))
        // A little below the dose that was intended, so that both are seen where they are the same.
        let y = scale.y(taken.daily?.number ?? 0) + 5
        svg.line("taken", from, y, until, y, title: title)
        svg.circle("taken-report", until, y, 4, title: title)
        let words = "taken: \(taken.amount)"
        if until + 8 + width(words) < format.right { svg.words("taken-name", until + 8, y + 15, words) }
    }
}

/// How high a daily dose stands.
private struct DoseScale {
    let unit: String?
    let levels: [Decimal]
    private let most: Decimal
    private let top: Double
    private let height: Double

    init(_ medication: CourseView.Medication, top: Double, height: Double) {
        let doses =
            medication.spans.compactMap(\.daily) + medication.taken.compactMap(\.daily)
            + medication.disputes.flatMap { $0.daily.compactMap { $0 } }
        let numbers = Set(doses.compactMap(\.number)).sorted()
        unit = doses.first?.unit
        most = max(numbers.last ?? 1, 1)
        // A tenth of the height apart at the least, so that no number covers another.
        levels = ([0] + numbers).reduce(into: []) { kept, next in
            if kept.last.map({ (next - $0) * 8 >= (numbers.last ?? 1) }) ?? true { kept.append(next) }
        }
        self.top = top
        self.height = height
    }

    func y(_ dose: Decimal) -> Double {
        top + height - height * NSDecimalNumber(decimal: dose / most).doubleValue
    }
}
