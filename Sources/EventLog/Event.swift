/// An event as it is stored and relayed: two lines, byte for byte as they were written.
public struct Event: Hashable, Sendable {
    /// What became of the body.
    public enum Body: Hashable, Sendable {
        /// The line is here.
        case present(BodyLine)
        /// The line is not here: erased, or lost. Its hash still stands in the envelope.
        case absent
    }

    /// The envelope as read.
    public let envelope: Envelope
    /// The envelope's bytes, without a line feed.
    public let line: [UInt8]
    /// The hash of those bytes: the event's name.
    public let hash: EventHash
    /// The body.
    public let body: Body

    /// Reads both lines and checks that the body is the one that the envelope names.
    public init(line: [UInt8], body bodyLine: [UInt8]?) throws(FormatError) {
        try self.init(line: line, body: bodyLine, isAdmitted: false)
    }

    /// Reads back an event that was admitted before, from where nobody else can write. That the body is the one that was admitted is
    /// checked all the same; its grammar follows from that.
    public init(admitted line: [UInt8], body bodyLine: [UInt8]?) throws(FormatError) {
        try self.init(line: line, body: bodyLine, isAdmitted: true)
    }

    private init(line: [UInt8], body bodyLine: [UInt8]?, isAdmitted: Bool) throws(FormatError) {
        let envelope = try Envelope(line: line)
        guard let bodyLine else {
            self.init(envelope: envelope, line: line, body: .absent)
            return
        }
        let body = try BodyLine(line: bodyLine, isAdmitted: isAdmitted)
        guard body.hash == envelope.body else {
            throw FormatError(field: "body", byte: 0, reason: .badIdentifier)
        }
        self.init(envelope: envelope, line: line, body: .present(body))
    }

    /// An event that was just put together by its author.
    public init(envelope: Envelope, body: BodyLine) {
        self.init(envelope: envelope, line: envelope.line, body: .present(body))
    }

    /// An event of which somebody has read and hashed both lines, and found the body to be the one that the envelope names.
    package init(envelope: Envelope, line: [UInt8], hash: EventHash, checked body: BodyLine?) {
        self.envelope = envelope
        self.line = line
        self.hash = hash
        self.body = body.map { .present($0) } ?? .absent
    }

    private init(envelope: Envelope, line: [UInt8], body: Body) {
        self.envelope = envelope
        self.line = line
        self.hash = EventHash(of: line)
        self.body = body
    }

    /// The body line, where it is here.
    public var bodyLine: BodyLine? {
        if case .present(let line) = body { line } else { nil }
    }
}
