import CareModel

/// What the lines and marks of the picture mean.
enum PictureKey {
    private static let items: [(words: String, draw: @Sendable (SVG) -> Void)] = [
        ("dose as intended", { $0.line("intended", 2, 9, 28, 9) }),
        (
            "dose taken, as the patient said",
            {
                $0.line("taken", 2, 9, 22, 9)
                $0.circle("taken-report", 22, 9, 4)
            }
        ),
        (
            "disputed: no one dose holds",
            { svg in
                svg.box("disputed-key", x: 2, y: 1, width: 26, height: 16)
                for x in [4.0, 11, 18] { svg.line("hatch-line", x, 16, x + 8, 2) }
            }
        ),
        ("too early to judge: under 28 days", { $0.box("early", x: 2, y: 1, width: 26, height: 16) }),
        ("evaluable: 28 to 41 days, then a full trial", { $0.box("evaluable", x: 2, y: 1, width: 26, height: 16) }),
        (
            "PHQ-9",
            {
                $0.line("series phq9", 2, 9, 28, 9)
                $0.circle("point phq9", 15, 9, 4)
            }
        ),
        (
            "GAD-7",
            {
                $0.line("series gad7", 2, 9, 28, 9)
                $0.box("point gad7", x: 11.5, y: 5.5, width: 7, height: 7)
            }
        ),
        ("baseline: the latest score at the first prescription", { $0.circle("baseline phq9", 15, 9, 7) }),
        ("session", { MarkShape.tick.draw($0, "event session", 15, 9, title: "") }),
        ("contact", { MarkShape.pin.draw($0, "event contact", 15, 9, title: "") }),
        ("not held", { MarkShape.cross.draw($0, "event session-not-held", 15, 9, title: "") }),
        ("side effect, larger where it is worse", { MarkShape.triangle(6).draw($0, "event side-effect", 15, 9, title: "") }),
        ("safety concern", { MarkShape.diamond.draw($0, "event safety-concern", 15, 9, title: "") }),
        ("concern taken up", { MarkShape.ring.draw($0, "event concern-taken-up", 15, 9, title: "") }),
        ("screening", { MarkShape.square.draw($0, "event screening", 15, 9, title: "") }),
        ("safety plan", { MarkShape.shield.draw($0, "event safety-plan", 15, 9, title: "") }),
    ]

    /// A list, each item with a small picture that those who hear the page do not need.
    static var html: String {
        let rows = items.map { words, draw in
            let svg = SVG()
            draw(svg)
            return
                "<li><svg class=\"course key\" viewBox=\"0 0 30 18\" aria-hidden=\"true\" focusable=\"false\">\(svg.text)</svg> \(escaped(words))</li>"
        }
        return "<ul class=\"picture-key\">\(rows.joined(separator: "\n"))</ul>"
    }
}
