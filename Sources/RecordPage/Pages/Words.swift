import EventLog

/// Times as people say them.
enum Words {
    /// How long ago something was: `3 days`, `2 h`, `just now`.
    static func age(_ since: Timestamp, _ now: Timestamp) -> String {
        let minutes = (now.milliseconds - since.milliseconds) / 60_000
        switch minutes {
        case ..<1: return "just now"
        case ..<60: return "\(minutes) min"
        case ..<(48 * 60): return "\(minutes / 60) h"
        default: return "\(minutes / 1440) days"
        }
    }

    /// A day and a time, to the minute, in universal time.
    static func moment(_ time: Timestamp) -> String { "\(time)".prefix(16).replacing("T", with: " ") + " UTC" }

    static func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
}
