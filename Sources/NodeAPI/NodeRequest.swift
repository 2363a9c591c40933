import FoundationEssentials

/// Something that the command line or the page asks of the node. Each request has one type of answer.
///
/// On the socket a request is one line, `{"request":"<name>","body":{…}}`, and so is the answer: `{"answer":{…}}` or `{"error":{…}}`.
public protocol NodeRequest: Codable, Sendable {
    /// What the node answers.
    associatedtype Answer: Codable & Sendable
    /// Its name on the socket.
    static var name: String { get }
}

/// A failure as the caller is told it. The text says what, where and what to do.
public struct NodeError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure; decides the exit code.
    public enum Code: String, Codable, Sendable {
        /// The request makes no sense.
        case usage
        /// Something that was named is not here.
        case notFound = "not-found"
        /// What was to be recorded is not acceptable.
        case content
        /// The caller may not.
        case permission
        /// The register is disputed: settle it first.
        case disputed
        /// The node cannot do this now.
        case unavailable
        /// Reading or writing failed.
        case io
        /// The node's configuration is not acceptable.
        case configuration
    }

    /// What kind of failure.
    public let code: Code
    /// What, where, and what to do.
    public let text: String
    /// What to do, as the command line has it: a page has a form or a button for it. Nil where the text says it all.
    public let command: String?
    /// A view token of the present state, where looking again is what to do.
    public let view: String?
    /// The member of the body that is not acceptable, or `refs`; nil where it is about something else.
    public let field: String?

    /// A failure.
    public init(_ code: Code, _ text: String, command: String? = nil, view: String? = nil, field: String? = nil) {
        self.code = code
        self.text = text
        self.command = command
        self.view = view
        self.field = field
    }

    /// The text, and the command where there is one.
    public var description: String { command.map { "\(text): \($0)" } ?? text }

    /// The exit code of a command that fails with it (sysexits.h).
    public var exitCode: Int32 {
        switch code {
        case .usage: 64
        case .content, .disputed: 65
        case .notFound: 66
        case .unavailable: 69
        case .io: 74
        case .permission: 77
        case .configuration: 78
        }
    }
}

/// The lines of the socket.
public enum NodeWire {
    private struct Call<Body: Codable>: Codable {
        let request: String
        let body: Body
    }

    private struct Name: Codable { let request: String }

    private struct Reply<Answer: Codable>: Codable {
        var answer: Answer?
        var error: NodeError?
    }

    /// The longest line of the socket, in bytes.
    public static let lineBytes = 64 * 1024 * 1024

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// The line of a request.
    public static func line<Request: NodeRequest>(_ request: Request) throws -> [UInt8] {
        [UInt8](try encoder().encode(Call(request: Request.name, body: request)))
    }

    /// The name of the request on a line.
    public static func name(of line: [UInt8]) throws -> String {
        do {
            return try JSONDecoder().decode(Name.self, from: Data(line)).request
        } catch {
            throw NodeError(.usage, "not a request line")
        }
    }

    /// The request on a line.
    public static func request<Request: NodeRequest>(_ type: Request.Type, from line: [UInt8]) throws -> Request {
        do {
            return try JSONDecoder().decode(Call<Request>.self, from: Data(line)).body
        } catch let error as DecodingError {
            throw NodeError(.usage, "request \(type.name): \(error)")
        }
    }

    /// The line of an answer.
    public static func line<Answer: Codable>(answer: Answer) throws -> [UInt8] {
        [UInt8](try encoder().encode(Reply<Answer>(answer: answer, error: nil)))
    }

    /// The line of a failure.
    public static func line(error: NodeError) -> [UInt8] {
        (try? [UInt8](encoder().encode(Reply<String>(answer: nil, error: error)))) ?? Array("{}".utf8)
    }

    /// The answer on a line, or the failure that it tells.
    public static func answer<Request: NodeRequest>(to type: Request.Type, from line: [UInt8]) throws -> Request.Answer {
        let reply: Reply<Request.Answer>
        do {
            reply = try JSONDecoder().decode(Reply<Request.Answer>.self, from: Data(line))
        } catch {
            throw NodeError(.unavailable, "the daemon's answer to \(type.name) cannot be read: is it of the same version?")
        }
        if let error = reply.error { throw error }
        guard let answer = reply.answer else { throw NodeError(.unavailable, "the daemon gave no answer to \(type.name)") }
        return answer
    }
}
