import CareModel
import EventLog

/// The course of treatment as one picture: doses on top, under them how the patient did, then what was done and what went wrong, all
/// over one line of time.
struct CoursePicture {
    /// For which width it is drawn. Both are sent; the style sheet shows the one that fits.
    enum Format: String {
        case wide, narrow

        var width: Double { self == .wide ? 1120 : 366 }
        var left: Double { self == .wide ? 40 : 28 }
        var right: Double { self == .wide ? 1020 : 358 }
        /// How wide a letter is, about: what has no room is not written.
        var letter: Double { self == .wide ? 6.9 : 6.4 }
    }

    let course: CourseView
    let format: Format
    /// What the line of the day on which it is read is called: `today`, or `then` in a replay.
    let today: String
    let axis: TimeAxis
    let svg = SVG()
    /// How far down the picture reaches by now.
    private(set) var y: Double = 22

    init(_ course: CourseView, _ format: Format, today: String = "today") {
        self.course = course
        self.format = format
        self.today = today
        axis = TimeAxis(course, left: format.left, right: format.right)
    }

    /// The whole element.
    ///
    /// - Parameter id: what its parts are called by in the page, where several pictures stand.
    static func draw(_ course: CourseView, _ format: Format, id: String, today: String = "today") -> String {
        var picture = CoursePicture(course, format, today: today)
        let hatch = "\(id)-\(format.rawValue)-hatch"
        picture.svg.hatch(id: hatch)
        for medication in course.medications { picture.addDoses(medication, hatch: hatch) }
        picture.addScales()
        for series in course.observations { picture.addObservations(series) }
        picture.addLanes()
        return picture.framed(id: "\(id)-\(format.rawValue)")
    }

    /// Both formats, one after the other.
    static func draw(_ course: CourseView, id: String, today: String = "today") -> String {
        draw(course, .wide, id: id, today: today) + draw(course, .narrow, id: id, today: today)
    }

    // MARK: Frame

    private func framed(id: String) -> String {
        let frame = SVG()
        let bottom = y + 4
        for (day, name) in axis.ticks {
            frame.line("grid month", axis.x(day), 18, axis.x(day), bottom)
            frame.words("axis", axis.x(day) + 3, bottom + 13, name)
        }
        for day in Set(course.medications.flatMap { $0.spans.map(\.from) }).sorted() {
            frame.line("change", axis.x(day), 18, axis.x(day), bottom)
        }
        let x = axis.x(course.today)
        frame.line("today", x, 16, x, bottom)
        frame.words("today-name", x, 12, "\(today) \(TimeAxis.long(course.today))", x > format.width / 2 ? .end : .start)
        let size = "\(SVG.number(format.width)) \(SVG.number(bottom + 20))"
        return """
            <svg class="course format-\(format.rawValue)" role="img" aria-labelledby="\(escaped(id))-title \(escaped(id))-desc" viewBox="0 0 \(size)" \
            xmlns="http://www.w3.org/2000/svg">
            <title id="\(escaped(id))-title">The course of treatment</title>
            <desc id="\(escaped(id))-desc">\(escaped(course.description))</desc>
            \(frame.text)\(svg.text)</svg>

            """
    }

    /// Begins a panel: its name, and the room under it. Returns its upper edge.
    mutating func panel(_ name: String, height: Double) -> Double {
        svg.words("panel", 0, y + 13, fitted(name, format.width))
        let top = y + 20
        y = top + height + 14
        return top
    }

    func width(_ text: String) -> Double { Double(text.count) * format.letter }

    /// Text that ends where its room does.
    func fitted(_ text: String, _ room: Double, _ letter: Double? = nil) -> String {
        let most = max(4, Int(room / (letter ?? format.letter)))
        return text.count <= most ? text : text.prefix(most - 1) + "…"
    }
}

extension CourseView {
    /// What the picture shows, in one sentence. The tables beside it say all of it.
    var description: String {
        func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        let disputes = medications.reduce(0) { $0 + $1.disputes.count }
        let parts = [
            count(medications.reduce(0) { $0 + $1.spans.count }, "dose step", "dose steps"),
            count(scales.reduce(0) { $0 + $1.scores.count }, "score", "scores"),
            count(marks.count { $0.what == .session }, "session", "sessions"),
            count(marks.count { $0.what == .contact }, "contact", "contacts"),
            count(marks.count { $0.what == .sideEffect }, "side effect", "side effects"),
            count(disputes, "disputed stretch", "disputed stretches"),
        ]
        let span = first.map { "From \(TimeAxis.long($0)) to \(TimeAxis.long(today)): " } ?? "Nothing recorded yet: "
        return span + parts.joined(separator: ", ") + ". The same facts stand in the tables under the picture."
    }
}
