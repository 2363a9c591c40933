/// Takes a file apart into resources while it is read: a Bundle by its entries, newline-delimited JSON by its lines. No more than one
/// resource is held at a time. Once a line has held a whole object, lines count: one that is broken off, or is no object, spoils no other.
public struct ResourceReader: Sendable {
    /// A part of the file.
    public enum Piece: Sendable, Equatable {
        /// An entry of a Bundle: an object with `resource` and mostly `fullUrl`.
        case entry([UInt8])
        /// A resource that stands by itself.
        case resource([UInt8])
        /// A line that is no object, or the end of one that was cut off.
        case broken([UInt8])
    }

    /// The file is not what it should be. The text names the place, and nothing of what stands there.
    public struct ReadError: Error, Equatable, CustomStringConvertible {
        /// What is wrong, and at which byte.
        public let description: String
    }

    /// The longest resource, in bytes.
    public static let longest = 32 * 1024 * 1024

    private enum Place { case outside, top, entries, entry, garbage }

    private var place = Place.outside
    private var depth = 0
    private var inString = false
    private var isEscaped = false
    private var offset = 0
    /// An object has ended on the line on which it began: this file is one of lines.
    private var isLines = false
    private var isWithinLine = true
    /// The object that is being read; of a Bundle, without its entries.
    private var top: [UInt8] = []
    private var element: [UInt8] = []
    /// The last string at the top of an object: a name, once a colon follows.
    private var lastString: [UInt8] = []
    private var name: [UInt8] = []

    /// Nothing read yet.
    public init() {}

    /// Reads on; returns what has become complete.
    public mutating func feed(_ bytes: some Sequence<UInt8>) throws(ReadError) -> [Piece] {
        var pieces: [Piece] = []
        for byte in bytes {
            if let piece = try take(byte) { pieces.append(piece) }
            offset += 1
        }
        return pieces
    }

    /// The file is at its end. Returns what was left on its last line.
    public mutating func finish() throws(ReadError) -> Piece? {
        guard place != .outside else { return nil }
        guard isLines else { throw ReadError(description: "the file ends at byte \(offset), in the middle of a resource") }
        return breakOff()
    }

    /// Gives up what was begun on this line.
    private mutating func breakOff() -> Piece {
        defer { (place, depth, inString, isEscaped, top, element) = (.outside, 0, false, false, [], []) }
        return .broken(top)
    }

    private mutating func take(_ byte: UInt8) throws(ReadError) -> Piece? {
        if byte == UInt8(ascii: "\n"), place != .outside {
            if isLines { return breakOff() }
            isWithinLine = false
        }
        keep(byte)
        guard element.count <= Self.longest, top.count <= Self.longest else {
            throw ReadError(description: "the resource at byte \(offset) is longer than \(Self.longest) bytes")
        }
        if inString {
            string(byte)
            return nil
        }
        if place == .garbage { return nil }
        switch byte {
        case UInt8(ascii: "\"") where place != .outside:
            inString = true
            lastString = []
        case UInt8(ascii: ":"): if depth == 1 { name = lastString }
        case UInt8(ascii: ","): if depth == 1 { name = [] }
        case UInt8(ascii: "{"), UInt8(ascii: "["): try begin(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"): return try end(byte)
        default:
            let isSpace = [0x20, 0x09, 0x0A, 0x0D].contains(byte)
            // A mark of byte order at the begin is passed over.
            let isMark = offset < 3 && [0xEF, 0xBB, 0xBF].contains(byte)
            if place == .outside, !isSpace, !isMark { try beginGarbage(byte) }
        }
        return nil
    }

    /// What is no object spoils a file of lines no more than a line.
    private mutating func beginGarbage(_ byte: UInt8) throws(ReadError) {
        guard isLines else { throw ReadError(description: "no JSON object begins at byte \(offset)") }
        (place, top, depth, inString) = (.garbage, [byte], 0, false)
    }

    private mutating func keep(_ byte: UInt8) {
        switch place {
        case .top, .garbage: top.append(byte)
        case .entry: element.append(byte)
        case .outside, .entries: break
        }
    }

    private mutating func string(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            inString = false
            return
        }
        if depth == 1, lastString.count < 16 { lastString.append(byte) }
    }

    private mutating func begin(_ byte: UInt8) throws(ReadError) {
        depth += 1
        switch place {
        case .outside:
            guard byte == UInt8(ascii: "{") else { return try beginGarbage(byte) }
            place = .top
            isWithinLine = true
            top = [byte]
            name = []
        case .top:
            if depth == 2, byte == UInt8(ascii: "["), name == Array("entry".utf8) {
                place = .entries
            }
        case .entries:
            place = .entry
            element = [byte]
        case .entry, .garbage: break
        }
    }

    private mutating func end(_ byte: UInt8) throws(ReadError) -> Piece? {
        guard place != .outside else {
            try beginGarbage(byte)
            return nil
        }
        depth -= 1
        switch place {
        case .entry where depth == 2:
            place = .entries
            return .entry(element)
        case .entries where depth == 1:
            place = .top
            top.append(byte)
        case .top where depth == 0:
            place = .outside
            isLines = isLines || isWithinLine
            // Of a Bundle its entries were handed over one by one; other resources too may have something that is called so.
            return (try? FHIRValue(json: top))?["resourceType"]?.text == "Bundle" ? nil : .resource(top)
        default: break
        }
        return nil
    }
}
