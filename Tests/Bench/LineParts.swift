import Foundation

/// What each member of an envelope costs, and the body beside it: bytes of each event, its name, its quotes and its comma included.
struct LineParts: Codable {
    /// By the member's name, bytes in all.
    var envelope: [String: Int] = [:]
    var body: [String: Int] = [:]
    var events = 0

    /// Takes the lines that the export wrote: envelope and body by turns.
    init(of lines: Data) throws {
        var isBody = false
        for line in lines.split(separator: 0x0A) {
            for (name, bytes) in try Self.members(of: line) {
                if isBody { body[name, default: 0] += bytes } else { envelope[name, default: 0] += bytes }
            }
            if !isBody { events += 1 }
            isBody.toggle()
        }
    }

    /// The members of an object: where one ends is seen by depth, since nothing but canonical JSON was ever stored.
    private static func members(of line: Data) throws -> [(String, Int)] {
        var members: [(String, Int)] = []
        var (depth, isText, isEscaped) = (0, false, false)
        var start = line.startIndex + 1
        for (index, byte) in zip(line.indices, line) {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = isText
            case UInt8(ascii: "\""): isText.toggle()
            case UInt8(ascii: "{") where !isText, UInt8(ascii: "[") where !isText: depth += 1
            case UInt8(ascii: "}") where !isText, UInt8(ascii: "]") where !isText: depth -= 1
            default: break
            }
            guard !isText, depth == 0 || (depth == 1 && byte == UInt8(ascii: ",")) else { continue }
            let member = line[start...index]
            let name = member.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
            guard !name.isEmpty else { throw BenchError("a line is no object") }
            members.append((String(decoding: name, as: UTF8.self), member.count))
            start = line.index(after: index)
        }
        return members
    }

    func text() -> String {
        func row(_ parts: [String: Int]) -> String {
            parts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \(String(format: "%.1f", Double($0.value) / Double(max(1, events))))" }.joined(separator: ", ")
        }
        return "bytes of an envelope: \(row(envelope))\nbytes of a body: \(row(body))"
    }
}
