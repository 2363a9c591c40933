/// Settings that a node cannot start with: every problem that was found, each with its place and with what is allowed.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line of text for each problem.
    public let problems: [String]

    /// Problems; at least one.
    public init(_ problems: [String]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.joined(separator: "\n") }
}
