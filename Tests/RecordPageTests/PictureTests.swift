import CareModel
import EventLog
import Foundation
import FoundationXML
import Testing

@testable import RecordPage

/// What the picture shows is what the course says, in a form that a strict policy for content lets pass.
@Suite struct PictureTests {
    private let theCase: TheCase

    init() throws { theCase = try TheCase() }

    /// The elements of a picture, as a parser of XML reads them.
    private func elements(_ picture: String) throws -> [Elements.Element] {
        let reader = Elements()
        let parser = XMLParser(data: Data(picture.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(parser.parserError?.localizedDescription ?? "")")
        return reader.found
    }

    @Test(arguments: [CoursePicture.Format.wide, .narrow]) func showsEveryFactOfTheCase(_ format: CoursePicture.Format) throws {
        let course = try theCase.course(182)
        let elements = try elements(CoursePicture.draw(course, format, id: "course"))
        func count(_ kind: String) -> Int { elements.count { $0.classes.contains(kind) } }
        func points(_ kind: String) -> Int { elements.count { $0.classes.contains("point") && $0.classes.contains(kind) } }
        #expect(points("phq9") == 10 && points("gad7") == 5 && points("observed") == 3 && count("baseline") == 2)
        #expect(count("session") == 16 && count("session-not-held") == 2, "a cross has two lines")
        #expect(count("side-effect") == 3 && count("safety-concern") == 1 && count("screening") == 1)
        #expect(count("taken") == 1 && count("disputed") == 1 && count("contested") == 2)
        let words = elements.map(\.text).filter { !$0.isEmpty }
        #expect(words.contains("DISPUTED 100 mg / 50 mg"))
        #expect(words.contains { $0.contains("today 7 Jul 2031") })
    }

    /// While it is disputed there is no line of one dose.
    @Test func neverDrawsADisputedDoseAsOne() throws {
        let elements = try elements(CoursePicture.draw(try theCase.course(102, "09:05:00"), .wide, id: "course"))
        let hatch = try #require(elements.first { $0.classes.contains("disputed") })
        let (start, width) = (try #require(hatch.number("x")), try #require(hatch.number("width")))
        let solid = elements.filter { $0.name == "line" && $0.classes == ["intended"] }
        #expect(!solid.isEmpty && solid.allSatisfy { ($0.number("x2") ?? .infinity) <= start + 0.1 })
        let contested = elements.filter { $0.classes.contains("contested") }
        #expect(Set(contested.compactMap { $0.number("y1") }).count == 2, "each value at its own height")
        #expect(contested.allSatisfy { ($0.number("x2") ?? .infinity) <= start + width + 0.1 })
        #expect(!elements.contains { $0.text.contains("75 mg") && ($0.number("x") ?? 0) > start })
    }

    @Test func setsNoStyle() throws {
        let text = CoursePicture.draw(try theCase.course(182), id: "course")
        #expect(!text.contains("style") && !text.contains("<script") && !text.contains("onload"))
    }

    /// What people typed stays text.
    @Test func keepsMarkupAsText() throws {
        let hostile = "</title><script>alert(1)</script> \u{202E}abc\u{0} \"'&"
        let json = try JSONEncoder().encode(try theCase.course(182))
        var text = String(decoding: json, as: UTF8.self)
        let quoted = String(decoding: try JSONEncoder().encode(hostile), as: UTF8.self)
        for known in ["sertraline 25 MG Oral Tablet", "nausea (mild)", "sleep duration"] {
            text = text.replacing("\"\(known)\"", with: quoted)
        }
        let course = try JSONDecoder().decode(CourseView.self, from: Data(text.utf8))
        #expect(course.medications.first?.drug == hostile)
        let picture = CoursePicture.draw(course, .wide, id: "course")
        #expect(!picture.contains("<script"))
        #expect(try elements(picture).contains { $0.text.contains("</title><script>") })
    }

    /// However many events there are, a picture does not grow beyond what has room in it.
    @Test(arguments: [CoursePicture.Format.wide, .narrow]) func staysSmall(_ format: CoursePicture.Format) throws {
        let course = try theCase.course(182)
        let (many, more) = (try Self.again(course, 100), try Self.again(course, 300))
        #expect(many.marks.count > 3000 && more.scales.reduce(0) { $0 + $1.scores.count } > 4000)
        let sizes = [many, more].map { CoursePicture.draw($0, format, id: "course").utf8.count }
        #expect(sizes[1] < 250_000 && Double(sizes[1]) < 1.3 * Double(sizes[0]), "\(sizes)")
        // What lies on one another is one mark, and says how many it stands for.
        let elements = try elements(CoursePicture.draw(more, format, id: "course"))
        let titles = elements.filter { $0.name == "title" }.map(\.text)
        #expect(titles.contains { $0.contains("sessions, ") } && titles.contains { $0.contains("scores of the PHQ-9, ") })
        #expect(elements.contains { $0.classes.contains("spread") })
    }

    /// The same course with everything that was observed or happened, again on each of so many days before.
    private static func again(_ course: CourseView, _ days: Int) throws -> CourseView {
        func shifted(_ value: Any, _ by: Int) -> Any {
            switch value {
            case let list as [Any]: return list.map { shifted($0, by) }
            case let object as [String: Any]: return object.mapValues { shifted($0, by) }
            case let text as String:
                guard text.count >= 10, let day = CalendarDay(String(text.prefix(10))) else { return text }
                return "\(CalendarDay(number: day.number - by))\(text.dropFirst(10))"
            default: return value
            }
        }
        func repeated(_ value: Any?) -> [Any] {
            let list = value as? [Any] ?? []
            func when(_ value: Any) -> String {
                ((value as? [String: Any])?["label"] as? [String: Any])?["when"] as? String ?? ""
            }
            return (0..<days).flatMap { day in list.map { shifted($0, day) } }.sorted { when($0) < when($1) }
        }
        var object = try #require(
            try JSONSerialization.jsonObject(with: try JSONEncoder().encode(course)) as? [String: Any])
        object["marks"] = repeated(object["marks"])
        object["first"] = shifted(object["first"] ?? "", days)
        for (list, values) in [("scales", "scores"), ("observations", "values")] {
            object[list] = (object[list] as? [[String: Any]] ?? []).map { series in
                series.merging([values: repeated(series[values])]) { $1 }
            }
        }
        return try JSONDecoder().decode(CourseView.self, from: try JSONSerialization.data(withJSONObject: object))
    }
}

private final class Elements: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let classes: [String]
        let attributes: [String: String]
        var text = ""

        func number(_ name: String) -> Double? { attributes[name].flatMap { Double($0) } }
    }

    private(set) var found: [Element] = []
    private var open: [Int] = []

    func parser(
        _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
        attributes: [String: String]
    ) {
        open.append(found.count)
        found.append(
            Element(
                name: name, classes: (attributes["class"] ?? "").split(separator: " ").map(String.init), attributes: attributes))
    }

    func parser(_: XMLParser, didEndElement _: String, namespaceURI _: String?, qualifiedName _: String?) { open.removeLast() }

    func parser(_: XMLParser, foundCharacters text: String) {
        guard let last = open.last else { return }
        found[last].text += text
    }
}
