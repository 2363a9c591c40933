/// What is about to stand in a line of JSON.
indirect enum LineValue {
    case null
    case bool(Bool)
    case number(Int)
    case text(String)
    case list(List)
    case object(Members)
    /// What is said after the place for it was asked for.
    case later(Place)

    /// Where one value is going to stand.
    final class Place {
        var value: LineValue?

        /// The object that stands here: where two ask for one, they say its members together.
        var members: Members {
            if case .object(let members) = value { return members }
            let members = Members()
            value = .object(members)
            return members
        }
    }

    /// The elements of a list, one after another.
    final class List { var elements: [LineValue] = [] }

    /// The members of an object, in the order in which they were said.
    final class Members {
        private var members: [(name: String, value: LineValue)] = []

        func add(_ name: String, _ value: LineValue) { members.append((name, value)) }

        /// By the bytes of their names; of two of one name the last counts.
        var sorted: [(name: String, value: LineValue)] {
            let isAscending = zip(members, members.dropFirst()).allSatisfy { Self.precedes($0.name, $1.name) }
            guard !isAscending else { return members }
            var sorted: [(name: String, value: LineValue)] = []
            sorted.reserveCapacity(members.count)
            // Stable, so that the last of one name comes last.
            for member in members.sorted(by: { Self.precedes($0.name, $1.name) }) {
                if sorted.last?.name == member.name { sorted.removeLast() }
                sorted.append(member)
            }
            return sorted
        }

        private static func precedes(_ left: String, _ right: String) -> Bool {
            left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }

    /// Writes the value, without spaces.
    func write(to line: inout [UInt8]) {
        switch self {
        case .null: line += "null".utf8
        case .bool(let bool): line += (bool ? "true" : "false").utf8
        case .number(let number): line += String(number).utf8
        case .text(let text): Self.write(text, to: &line)
        case .list(let list):
            line.append(UInt8(ascii: "["))
            for (index, element) in list.elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                element.write(to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .object(let members):
            line.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &line)
                line.append(UInt8(ascii: ":"))
                member.value.write(to: &line)
            }
            line.append(UInt8(ascii: "}"))
        case .later(let place): (place.value ?? .object(Members())).write(to: &line)
        }
    }

    private static func write(_ text: String, to line: inout [UInt8]) {
        var text = text
        line.append(UInt8(ascii: "\""))
        text.withUTF8 { text in
            var start = 0
            while start < text.count {
                let end = PlainText.end(in: text, from: start)
                line.append(contentsOf: text[start..<end])
                guard end < text.count else { return }
                write(text[end], to: &line)
                start = end + 1
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Writes a byte that does not stand for itself, or is one of several of a letter.
    private static func write(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): line += #"\""#.utf8
        case UInt8(ascii: "\\"): line += #"\\"#.utf8
        case 0x08: line += #"\b"#.utf8
        case 0x0C: line += #"\f"#.utf8
        case 0x0A: line += #"\n"#.utf8
        case 0x0D: line += #"\r"#.utf8
        case 0x09: line += #"\t"#.utf8
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            line += #"\u00"#.utf8
            line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: line.append(byte)
        }
    }
}
