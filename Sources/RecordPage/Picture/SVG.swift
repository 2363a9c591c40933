/// Writes the elements of a picture. It sets classes and geometry only: colours are the style sheet's, and a strict policy for content
/// lets no style attribute pass.
final class SVG {
    private(set) var text = ""

    /// A length or a place, to a tenth.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private func element(_ name: String, _ attributes: [(String, String)], _ content: String? = nil) {
        let written = attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
        text += content.map { "<\(name)\(written)>\($0)</\(name)>\n" } ?? "<\(name)\(written)/>\n"
    }

    private static func titled(_ title: String?) -> String? { title.map { "<title>\(escaped($0))</title>" } }

    func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, title: String? = nil) {
        element(
            "line",
            [
                ("class", kind), ("x1", Self.number(x1)), ("y1", Self.number(y1)), ("x2", Self.number(x2)),
                ("y2", Self.number(y2)),
            ], Self.titled(title))
    }

    func box(
        _ kind: String, x: Double, y: Double, width: Double, height: Double, fill: String? = nil, title: String? = nil
    ) {
        var attributes = [
            ("class", kind), ("x", Self.number(x)), ("y", Self.number(y)), ("width", Self.number(max(0, width))),
            ("height", Self.number(max(0, height))),
        ]
        if let fill { attributes.append(("fill", fill)) }
        element("rect", attributes, Self.titled(title))
    }

    func circle(_ kind: String, _ x: Double, _ y: Double, _ radius: Double, title: String? = nil) {
        element(
            "circle", [("class", kind), ("cx", Self.number(x)), ("cy", Self.number(y)), ("r", Self.number(radius))],
            Self.titled(title))
    }

    /// A line through points, or a shape where it is closed.
    func path(_ kind: String, _ points: [(x: Double, y: Double)], closed: Bool = false, title: String? = nil) {
        guard points.count > 1 else { return }
        let steps = points.map { "\(Self.number($0.x)) \(Self.number($0.y))" }.joined(separator: "L")
        element("path", [("class", kind), ("d", "M" + steps + (closed ? "Z" : ""))], Self.titled(title))
    }

    /// Where words are held at their place.
    enum Anchor: String { case start, middle, end }

    func words(_ kind: String, _ x: Double, _ y: Double, _ words: String, _ anchor: Anchor = .start) {
        element(
            "text", [("class", kind), ("x", Self.number(x)), ("y", Self.number(y)), ("text-anchor", anchor.rawValue)],
            escaped(words))
    }

    /// Slanting lines, for what is disputed: seen without colour, and in print.
    func hatch(id: String) {
        text += """
            <defs><pattern id="\(escaped(id))" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
            <rect class="hatch-ground" width="7" height="7"/><line class="hatch-line" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>

            """
    }
}
