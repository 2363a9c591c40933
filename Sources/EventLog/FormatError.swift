/// A line that is not of the one permitted form. Names the field and the byte, never the content.
public struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong with the line.
    public enum Reason: String, Sendable {
        /// A byte stands where the grammar wants another.
        case unexpectedByte = "unexpected byte"
        /// The line ends too early.
        case unexpectedEnd = "unexpected end of line"
        /// Something follows after the end of the object.
        case trailingBytes = "bytes after the end of the object"
        /// The line exceeds ``Limits/lineBytes``.
        case lineTooLong = "line too long"
        /// A number is out of its range, or has a leading zero.
        case numberOutOfRange = "number out of range"
        /// A float: quantities are decimal strings with a unit.
        case float = "float (a quantity is a decimal string with a unit)"
        /// The same key twice in one object.
        case duplicateKey = "duplicate key"
        /// Bytes that are not UTF-8, or an escape that names half a character.
        case invalidUTF8 = "invalid UTF-8"
        /// Nesting beyond ``Limits/bodyDepth``.
        case tooDeep = "nested too deep"
        /// Keys or hashes that are not in ascending order, or not unique.
        case notAscending = "not in ascending order"
        /// More entries than the format permits.
        case tooMany = "too many entries"
        /// An identifier, hash or time that is not of its form.
        case badIdentifier = "not of the form of this field"
        /// Space outside of strings, which the format does not have.
        case space = "space outside of a string"
        /// A date that the calendar does not have.
        case badDate = "no such date or time"
    }

    /// The field that was being read, such as `seen`, or a path such as `items`.
    public let field: String
    /// The position in the line, counted from 0.
    public let byte: Int
    /// What was wrong.
    public let reason: Reason

    /// Names a field, a position and a reason.
    public init(field: String, byte: Int, reason: Reason) {
        self.field = field
        self.byte = byte
        self.reason = reason
    }

    /// The error in words.
    public var description: String { "\(field), byte \(byte): \(reason.rawValue)" }
}
