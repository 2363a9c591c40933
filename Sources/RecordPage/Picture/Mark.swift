import CareModel

/// The shape of a mark: each kind of thing has its own, so that none is told by colour alone.
enum MarkShape {
    case tick, cross, pin, triangle(Double), diamond, ring, square, shield

    init(_ mark: CourseView.Mark) {
        self =
            switch mark.what {
            case .session: .tick
            case .sessionNotHeld, .contactMissed: .cross
            case .contact: .pin
            case .sideEffect:
                switch mark.severity {
                case .severe: .triangle(7)
                case .moderate: .triangle(5.5)
                case .mild, nil: .triangle(4)
                }
            case .concern: .diamond
            case .takenUp: .ring
            case .screening: .square
            case .plan: .shield
            }
    }

    /// Draws it around a point.
    func draw(_ svg: SVG, _ kind: String, _ x: Double, _ y: Double, title: String) {
        switch self {
        case .tick: svg.line(kind, x, y - 7, x, y + 7, title: title)
        case .cross:
            svg.line(kind, x - 4, y - 4, x + 4, y + 4, title: title)
            svg.line(kind, x - 4, y + 4, x + 4, y - 4)
        case .pin:
            svg.line(kind, x, y - 3, x, y + 7)
            svg.circle(kind, x, y - 4, 3.5, title: title)
        case .triangle(let size):
            svg.path(kind, [(x, y - size), (x + size, y + size * 0.8), (x - size, y + size * 0.8)], closed: true, title: title)
        case .diamond: svg.path(kind, [(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], closed: true, title: title)
        case .ring: svg.circle(kind, x, y, 4.5, title: title)
        case .square: svg.box(kind, x: x - 4.5, y: y - 4.5, width: 9, height: 9, title: title)
        case .shield:
            svg.path(
                kind, [(x - 5, y - 5), (x + 5, y - 5), (x + 5, y + 1), (x, y + 6), (x - 5, y + 1)], closed: true, title: title)
        }
    }
}

extension CourseView.Mark {
    /// Of several that are drawn as one, the shape of the gravest is.
    var gravity: Int {
        switch severity {
        case .severe: 2
        case .moderate: 1
        case .mild, nil: 0
        }
    }
}

extension CourseView.Mark.What {
    /// Its class in the style sheet.
    var style: String { rawValue.replacing(" ", with: "-") }

    /// Several of them.
    var many: String {
        switch self {
        case .session: "sessions"
        case .sessionNotHeld: "sessions that were not held"
        case .contact: "contacts"
        case .contactMissed: "follow-ups that were missed"
        case .sideEffect: "side effects"
        case .concern: "safety concerns"
        case .takenUp: "concerns that were taken up"
        case .screening: "screenings"
        case .plan: "safety plans"
        }
    }
}
