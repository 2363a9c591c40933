/// What an examination of a node found, one thing at a time.
public struct Diagnosis: Codable, Hashable, Sendable {
    /// How bad it is.
    public enum Level: String, Codable, Hashable, Sendable {
        /// As it should be.
        case good
        /// Worth knowing; nothing has to be done now.
        case note
        /// Will become a fault, or weakens what should protect.
        case warning
        /// Something does not work.
        case fault
    }

    /// What was looked at.
    public var subject: String
    /// How bad it is.
    public var level: Level
    /// What was found.
    public var finding: String
    /// What to do; nil where there is nothing.
    public var advice: String?

    /// The configuration could be read.
    public static func configuration(_ settings: NodeSettings) -> Diagnosis {
        Diagnosis("configuration", .good, "in order; state in \(settings.stateDirectory)")
    }

    /// The daemon does not answer.
    public static func unreachable(_ why: String) -> Diagnosis {
        Diagnosis("daemon", .fault, why, "systemctl status duolog; journalctl -u duolog -n 50")
    }

    init(_ subject: String, _ level: Level, _ finding: String, _ advice: String? = nil) {
        self.subject = subject
        self.level = level
        self.finding = finding
        self.advice = advice
    }
}
