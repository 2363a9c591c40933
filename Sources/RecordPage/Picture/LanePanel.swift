import CareModel
import EventLog

extension CoursePicture {
    /// What was done, and what went wrong: a lane for each.
    mutating func addLanes() {
        addTicks("Therapy sessions", [.session, .sessionNotHeld])
        addTicks("Contacts about the medication", [.contact, .contactMissed])
        addNamed("Side effects", [.sideEffect])
        addNamed("Safety", [.concern, .takenUp, .screening, .plan])
    }

    private func marks(_ kinds: Set<CourseView.Mark.What>) -> [CourseView.Mark] {
        course.marks.filter { kinds.contains($0.what) }
    }

    /// Marks without words. Those that would lie on one another are one.
    private mutating func addTicks(_ name: String, _ kinds: Set<CourseView.Mark.What>) {
        let marks = marks(kinds)
        guard !marks.isEmpty else { return }
        let held = marks.count { [.session, .contact].contains($0.what) }
        let off = marks.count - held
        let y = panel("\(name): \(held)\(off > 0 ? ", and \(off) not held" : "")", height: 18) + 9
        svg.line("grid", format.left, y + 9, format.right, y + 9)
        struct Place: Hashable { let (x, what): (Int, CourseView.Mark.What) }
        let places = Dictionary(grouping: marks) { Place(x: Int(axis.x($0.day).rounded()), what: $0.what) }
        for (place, marks) in places.sorted(by: { ($0.key.x, $0.key.what.rawValue) < ($1.key.x, $1.key.what.rawValue) }) {
            guard let first = marks.first else { continue }
            let title = marks.prefix(4).map { "\($0.day): \($0.summary)" }.joined(separator: "; ")
            let more = marks.count > 4 ? "; and \(marks.count - 4) more" : ""
            MarkShape(first).draw(svg, "event \(place.what.style)", axis.x(first.day), y, title: title + more)
        }
    }

    /// Marks with words, in as many rows as it takes for none to cover another, up to five.
    private mutating func addNamed(_ name: String, _ kinds: Set<CourseView.Mark.What>) {
        let marks = marks(kinds)
        guard !marks.isEmpty else { return }
        let placed = rows(of: marks)
        let rows = (placed.map(\.row).max() ?? 0) + 1
        let top = panel("\(name): \(marks.count)", height: Double(rows) * 18)
        for (mark, row, side) in placed {
            let (x, y) = (axis.x(mark.day), top + 9 + Double(row) * 18)
            MarkShape(mark).draw(svg, "event \(mark.what.style)", x, y, title: "\(mark.day): \(mark.summary)")
            guard let side else { continue }
            let words = fitted(words(of: mark), (side == .start ? format.width - x : x) - 10, Self.letter)
            svg.words("event-name", side == .start ? x + 10 : x - 10, y + 4, words, side)
        }
        svg.line("grid", format.left, top + Double(rows) * 18 + 1, format.right, top + Double(rows) * 18 + 1)
    }

    /// Words of marks are a little smaller than others.
    private static let letter = 5.9

    private func words(of mark: CourseView.Mark) -> String { "\(TimeAxis.short(mark.day)): \(mark.short)" }

    /// For each mark its row, and on which side its words stand; nil where there is no room for them.
    private func rows(of marks: [CourseView.Mark]) -> [(mark: CourseView.Mark, row: Int, side: SVG.Anchor?)] {
        let most = 5
        var taken: [[ClosedRange<Double>]] = Array(repeating: [], count: most)
        return marks.map { mark in
            let x = axis.x(mark.day)
            let long = Double(words(of: mark).count) * Self.letter + 16
            let right = x - 7...x + long
            let left = x - long...x + 7
            let (side, range): (SVG.Anchor, ClosedRange<Double>) =
                right.upperBound <= format.width || x < format.width - x ? (.start, right) : (.end, left)
            if let row = taken.firstIndex(where: { $0.allSatisfy { !$0.overlaps(range) } }) {
                taken[row].append(range)
                return (mark, row, side)
            }
            return (mark, most - 1, nil)
        }
    }
}
