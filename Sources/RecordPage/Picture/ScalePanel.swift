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
        let counting = series.scores.filter(\.counts)
        svg.path("series \(style)", counting.map { (axis.x($0.label.when.day), y($0.total)) })
        var free = -Double.infinity
        for score in series.scores {
            let (x, y) = (axis.x(score.label.when.day), y(score.total))
            let isBaseline = score == series.baseline
            let title =
                "\(series.instrument.rawValue) \(score.total), \(score.severity), \(score.label.when.day)\(isBaseline ? ", baseline" : "")\(score.counts ? "" : ", filled in again within a day")"
            let kind = "point \(style)\(score.counts ? "" : " repeated")"
            if isPHQ {
                svg.circle(kind, x, y, 4, title: title)
            } else {
                svg.box(kind, x: x - 3.5, y: y - 3.5, width: 7, height: 7, title: title)
            }
            if isBaseline { svg.circle("baseline \(style)", x, y, 8, title: title) }
            // A number that would cover its neighbour stands in the table only.
            guard x - free > 4 || score == series.scores.last else { continue }
            let words = "\(score.total)"
            svg.words("value \(style)", x, isPHQ ? y - 10 : y + 18, words, .middle)
            free = x + width(words)
        }
    }

    /// Sleep, mood, energy: each on a scale of its own.
    mutating func addObservations(_ series: CourseView.Observations) {
        let unit = series.unit == "1" ? "" : ", \(series.unit)"
        let height = 40.0
        let top = panel("\(series.code.display)\(unit)", height: height)
        let numbers = series.values.map { $0.value.number.map { NSDecimalNumber(decimal: $0).doubleValue } }
        let (least, most) = (numbers.compactMap { $0 }.min() ?? 0, numbers.compactMap { $0 }.max() ?? 1)
        let range = most > least ? most - least : 1
        func y(_ value: Double) -> Double { top + height - 8 - (height - 18) * (value - least) / range }
        svg.line("grid", format.left, top + height, format.right, top + height)
        let points = zip(series.values, numbers).compactMap { value, number in
            number.map { (value, axis.x(value.label.when.day), y($0)) }
        }
        svg.path("series observed", points.map { ($0.1, $0.2) })
        var free = -Double.infinity
        for (value, x, y) in points {
            svg.path(
                "point observed", [(x, y - 4.5), (x + 4.5, y), (x, y + 4.5), (x - 4.5, y)], closed: true,
                title: "\(value.code.display) \(value.value), \(value.label.when.day)")
            guard x > free else { continue }
            svg.words("value observed", x, y - 8, value.value.value, .middle)
            free = x + 6 + width(value.value.value)
        }
    }
}
