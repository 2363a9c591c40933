public import ArgumentParser
public import CareModel
public import EventLog

// What may stand in an argument: ids, days, times and switches, never a clinical value.

/// Names are base64url, and one in 64 begins with a dash: it would be taken for an option. Marked before the arguments are parsed, it is
/// read as the name that it is.
enum DashedName {
    private static let mark = "\u{E000}"

    static func marked(_ arguments: [String]) -> [String] {
        arguments.map { argument in
            let isName = argument.utf8.allSatisfy {
                $0 == 45 || $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
            }
            let isLong = argument.hasPrefix("--") ? argument.count == EventHash.textCount : argument.count >= 8
            return argument.hasPrefix("-") && isName && isLong ? mark + argument : argument
        }
    }

    static func unmarked(_ argument: String) -> String { argument.hasPrefix(mark) ? String(argument.dropFirst()) : argument }
}

/// A name, or the first letters of one.
struct NameArgument: ExpressibleByArgument, Sendable {
    let text: String

    init(argument: String) { text = DashedName.unmarked(argument) }
}

extension EventHash: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(DashedName.unmarked(argument)) }
}

extension NodeID: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Origin: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension NodePublicKey: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(DashedName.unmarked(argument)) }
}

extension NodeFingerprint: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(DashedName.unmarked(argument)) }
}

extension AuthorID: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension CalendarDay: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension ClinicalTime: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension Credential: ExpressibleByArgument {}
extension Scope: ExpressibleByArgument {}
