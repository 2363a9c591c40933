import CareModel
import EventLog
import Foundation

extension CoursePicture {
    /// PHQ-9 and GAD-7 on one scale, with the cut-offs that both share.
    mutating func addScales() {
        guard !course.scales.isEmpty else { return }
        let (height, most) = (150.0, 27.0)
        let names = course.scales.map { series in
            "\(series.instrument == .phq9 ? "●" : "■") \(series.instrument.rawValue) \(series.scores.last.map { "\($0.total)" } ?? "")"
        }
        let top = panel("Symptoms, lower is better:  \(names.joined(separator: "   "))", height: height)
        func y(_ total: Int) -> Double { top + height - height * Double(total) / most }
        for cut in [0, 5, 10, 15, 20] {
            svg.line("grid", format.left, y(cut), format.right, y(cut))
            svg.words("axis", format.left - 4, y(cut) + 4, "\(cut)", .end)
        }
        if format == .wide {
            for (name, middle) in [("minimal", 2), ("mild", 7), ("moderate", 12), ("mod. severe", 17), ("severe", 22)] {
                svg.words("band", format.right + 6, y(middle), name)
            }
        }
        for series in course.scales { addSeries(series, y) }
    }

    private mutating func addSeries(_ series: TrendView.Series, _ y: (Int) -> Double) {
        let isPHQ = series.instrument == .phq9
        let style = isPHQ ? "phq9" : "gad7"
        let name = series.instrument.rawValue
        let clumps = Clump.all(series.scores, axis) { $0.label.when.day }
        /// The score that a clump is drawn at: the last that counts.
        func shown(_ clump: Clump<TrendView.Score>) -> TrendView.Score { clump.items.last { $0.counts } ?? clump.items[0] }
        svg.path("series \(style)", clumps.map(shown).filter(\.counts).map { (axis.x($0.label.when.day), y($0.total)) })
        var free = -Double.infinity
        for clump in clumps {
            let score = shown(clump)
            let (x, height) = (axis.x(score.label.when.day), y(score.total))
            let totals = clump.items.map(\.total)
            if let least = totals.min(), let most = totals.max(), least < most {
                svg.line("spread \(style)", x, y(least), x, y(most))
            }
            let many = "scores of the \(name), \(totals.min() ?? 0) to \(totals.max() ?? 0)"
            let title = clump.title(many) { score in
                "\(name) \(score.total), \(score.severity), \(score.label.when.day)\(score == series.baseline ? ", baseline" : "")\(score.counts ? "" : ", filled in again within a day")"
            }
            let kind = "point \(style)\(score.counts ? "" : " repeated")"
            if isPHQ {
                svg.circle(kind, x, height, 4, title: title)
            } else {
                svg.box(kind, x: x - 3.5, y: height - 3.5, width: 7, height: 7, title: title)
            }
            // A number that would cover its neighbour stands in the table only.
            guard x - free > 4 || score == series.scores.last else { continue }
            let words = "\(score.total)"
            svg.words("value \(style)", x, isPHQ ? height - 10 : height + 18, words, .middle)
            free = x + width(words)
        }
        if let baseline = series.baseline {
            svg.circle(
                "baseline \(style)", axis.x(baseline.label.when.day), y(baseline.total), 8,
                title: "\(name) \(baseline.total), baseline")
        }
    }

    /// Sleep, mood, energy: each on a scale of its own.
    mutating func addObservations(_ series: CourseView.Observations) {
        let unit = series.unit == "1" ? "" : ", \(series.unit)"
        // The number of the highest stands above it, and below the panel's name.
        let height = 48.0
        let top = panel("\(series.code.display)\(unit)", height: height)
        let numbers = series.values.map { $0.value.number.map { NSDecimalNumber(decimal: $0).doubleValue } }
        let (least, most) = (numbers.compactMap { $0 }.min() ?? 0, numbers.compactMap { $0 }.max() ?? 1)
        let range = most > least ? most - least : 1
        func y(_ value: Double) -> Double { top + height - 8 - (height - 26) * (value - least) / range }
        svg.line("grid", format.left, top + height, format.right, top + height)
        struct Point { let (value, number): (TrendView.Observation, Double) }
        let points = zip(series.values, numbers).compactMap { value, number in number.map { Point(value: value, number: $0) } }
        let clumps = Clump.all(points, axis) { $0.value.label.when.day }
        func last(_ clump: Clump<Point>) -> Point { clump.items[clump.items.count - 1] }
        svg.path("series observed", clumps.map { (axis.x(last($0).value.label.when.day), y(last($0).number)) })
        var free = -Double.infinity
        for clump in clumps {
            let (point, value) = (last(clump), last(clump).value)
            let (x, height) = (axis.x(value.label.when.day), y(point.number))
            let low = clump.items.min { $0.number < $1.number } ?? point
            let high = clump.items.max { $0.number < $1.number } ?? point
            if low.number < high.number { svg.line("spread observed", x, y(low.number), x, y(high.number)) }
            let title = clump.title("observations, \(low.value.value.value) to \(high.value.value)") {
                "\($0.value.code.display) \($0.value.value), \($0.value.label.when.day)"
            }
            svg.path(
                "point observed", [(x, height - 4.5), (x + 4.5, height), (x, height + 4.5), (x - 4.5, height)], closed: true,
                title: title)
            guard x > free else { continue }
            svg.words("value observed", x, height - 8, value.value.value, .middle)
            free = x + 6 + width(value.value.value)
        }
    }
}
