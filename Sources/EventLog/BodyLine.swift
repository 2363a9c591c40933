/// The second line of an event: what is said, and may be erased.
///
/// It begins with a random salt, so that its hash reveals nothing once it is erased, and with the clinical time; the other members
/// belong to the event's kind. The line is kept byte for byte as it was written.
public struct BodyLine: Hashable, Sendable {
    /// Bytes of salt.
    public static let saltBytes = 16
    private static let saltLetters = 22
    private static let headKeys: [StaticString] = ["salt", "when"]

    /// The line, without a line feed.
    public let line: [UInt8]
    /// Clinical time: when it happened.
    public let when: ClinicalTime

    /// Reads a line and checks its structure: grammar, limits, salt and `when`. What the kind's members mean is not looked at.
    public init(line: [UInt8]) throws(FormatError) { try self.init(line: line, isAdmitted: false) }

    /// Reads back a line that was admitted before: its grammar was checked then.
    init(line: [UInt8], isAdmitted: Bool) throws(FormatError) {
        guard line.count <= Limits.lineBytes else {
            throw FormatError(field: "body", byte: Limits.lineBytes, reason: .lineTooLong)
        }
        when = try ByteScanner.read(line, field: "salt") { scanner throws(FormatError) in
            try scanner.expect("{\"salt\":\"")
            try scanner.base64URL(letters: Self.saltLetters)
            try scanner.expect(UInt8(ascii: "\""))
            scanner.field = .fixed("when")
            try scanner.expect(",\"when\":\"")
            let when = try scanner.clinicalTime()
            try scanner.expect(UInt8(ascii: "\""))
            scanner.field = .fixed("body")
            if !isAdmitted { try JSONGrammar(allowsSpace: false).checkMembers(&scanner, known: Self.headKeys) }
            return when
        }
        self.line = line
    }

    /// Writes a body. `members` is a JSON object (`{…}`) without spaces; its members follow the salt and the time.
    public init(salt: [UInt8], when: ClinicalTime, members: [UInt8]) throws(FormatError) {
        let line = ByteWriter.write(atMost: 128 + Base64URL.letters(for: salt.count) + members.count) { output in
            output.put("{\"salt\":\"")
            salt.withUnsafeBytes { Base64URL.write($0, to: &output) }
            output.put("\",\"when\":\"")
            when.write(to: &output)
            output.put("\"")
            let inner = members.dropFirst()
            if inner.first != UInt8(ascii: "}") { output.put(",") }
            output.put(inner)
        }
        // The rest says what is wrong with what has no form.
        guard salt.count == Self.saltBytes, when.hasForm else {
            try self.init(line: line)
            return
        }
        guard line.count <= Limits.lineBytes else {
            throw FormatError(field: "body", byte: Limits.lineBytes, reason: .lineTooLong)
        }
        try ByteScanner.read(line, field: "body") { scanner throws(FormatError) in
            scanner.pass(Self.headBytes)
            try JSONGrammar(allowsSpace: false).checkMembers(&scanner, known: Self.headKeys)
        }
        self.init(checked: line, when: when)
    }

    private init(checked line: [UInt8], when: ClinicalTime) {
        self.line = line
        self.when = when
    }

    /// What the kind says, as a JSON object: the line without salt and time.
    public var members: [UInt8] {
        let rest = line.dropFirst(Self.headBytes)
        return [UInt8(ascii: "{")] + (rest.first == UInt8(ascii: ",") ? rest.dropFirst() : rest)
    }

    /// The bytes of `{"salt":"…","when":"…"`: both have one length only.
    package static let headBytes = 67

    /// The hash that the envelope names.
    public var hash: EventHash { EventHash(of: line) }
}
