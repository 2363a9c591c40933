import FoundationEssentials

/// Something that an event says is not acceptable. It never keeps a well-chained event out of the log: the event is stored and shown
/// "without effect". Authoring refuses it.
///
/// The text may hold clinical values: it is shown beside the event and to its author, and never logged.
public struct ContentError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The member of the body, or `refs`.
    public let field: String
    /// What is wrong with it, so that a clinician understands it.
    public let problem: String

    /// Names a field and what is wrong with it.
    public init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    /// The error in words.
    public var description: String { "\(field): \(problem)" }

    init(_ error: DecodingError) {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let names = (context.codingPath + (key.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return names.isEmpty ? "body" : names.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context) where key.stringValue == "unit":
            self.init(path(context), "needs a UCUM unit such as mg")
        case .keyNotFound(let key, let context): self.init(path(context, key), "is missing")
        case .valueNotFound(_, let context): self.init(path(context), "is missing")
        case .typeMismatch(let type, let context): self.init(path(context), Self.expected(type))
        case .dataCorrupted(let context):
            self.init(path(context), context.debugDescription)
        @unknown default: self.init("body", "cannot be read")
        }
    }

    /// What should have stood there, in words.
    private static func expected(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "must be text, in quotation marks"
        case is Int.Type: "must be a whole number, without quotation marks"
        case is Bool.Type: "must be true or false"
        default: "\(type)".hasPrefix("Array") ? "must be a list" : "is not of the right form"
        }
    }
}
