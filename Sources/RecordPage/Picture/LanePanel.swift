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

    /// Marks without words.
    private mutating func addTicks(_ name: String, _ kinds: Set<CourseView.Mark.What>) {
        let marks = marks(kinds)
        guard !marks.isEmpty else { return }
        let held = marks.count { [.session, .contact].contains($0.what) }
        let off = marks.count - held
        let y = panel("\(name): \(held)\(off > 0 ? ", and \(off) not held" : "")", height: 18) + 9
        svg.line("grid", format.left, y + 9, format.right, y + 9)
        addClumps(marks, y)
    }

    /// Marks without words at one height. Those that would lie on one another are one, as grave as the gravest of them.
    private mutating func addClumps(_ marks: [CourseView.Mark], _ y: Double) {
        for what in CourseView.Mark.What.allCases {
            for clump in Clump.all(marks.filter { $0.what == what }, axis, day: \.day) {
                guard let gravest = clump.items.max(by: { $0.gravity < $1.gravity }) else { continue }
                let title = clump.title(what.many) { "\($0.day): \($0.summary)" }
                MarkShape(gravest).draw(svg, "event \(what.style)", axis.x(clump.from), y, title: title)
            }
        }
    }

    /// Marks with words, in as many rows as it takes for none to cover another, up to five.
    private mutating func addNamed(_ name: String, _ kinds: Set<CourseView.Mark.What>) {
        let marks = marks(kinds)
        guard !marks.isEmpty else { return }
        let placed = rows(of: marks)
        let rows = (placed.map(\.row).max() ?? 0) + 1
        let top = panel("\(name): \(marks.count)", height: Double(rows) * 18)
        func y(_ row: Int) -> Double { top + 9 + Double(row) * 18 }
        // Those without words are all in the last row.
        addClumps(placed.filter { $0.side == nil }.map(\.mark), y(rows - 1))
        for (mark, row, side) in placed {
            guard let side else { continue }
            let x = axis.x(mark.day)
            MarkShape(mark).draw(svg, "event \(mark.what.style)", x, y(row), title: "\(mark.day): \(mark.summary)")
            let words = fitted(words(of: mark), (side == .start ? format.width - x : x) - 10, Self.letter)
            svg.words("event-name", side == .start ? x + 10 : x - 10, y(row) + 4, words, side)
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
