import Foundation
public import Logging

/// Log lines on standard error: text for people, with syslog's priority and without a time where the journal adds its own; or JSON.
public struct DuologLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    private let settings: LogSettings
    private let isJournal: Bool
    private var ownLevel: Logger.Level?

    /// - Parameters:
    ///   - settings: asked anew for each line, so that a reload reaches every logger.
    ///   - isJournal: true where standard error goes to systemd's journal.
    public init(_ settings: LogSettings, isJournal: Bool) {
        self.settings = settings
        self.isJournal = isJournal
    }

    /// The configured level, unless this one logger was given another.
    public var logLevel: Logger.Level {
        get { ownLevel ?? settings.level }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let line =
            switch settings.format {
            case .text: text(event.level, event.message, all)
            case .json: json(event.level, event.message, all)
            }
        // The journal takes the priority off again.
        let prefix = isJournal ? "<\(Self.priority(event.level))>" : ""
        FileHandle.standardError.write(Data((prefix + line + "\n").utf8))
    }

    private func text(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata) -> String {
        let details = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        // One event is one line, whatever a peer managed to get into it.
        let body = "\(message)\(details)".replacing("\n", with: "\\n")
        if isJournal { return body }
        return "\(Date.now.formatted(.iso8601)) \(level.rawValue) \(body)"
    }

    private func json(_ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata) -> String {
        var fields = metadata.mapValues { "\($0)" }
        fields["time"] = Date.now.formatted(.iso8601)
        fields["level"] = level.rawValue
        fields["message"] = "\(message)"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Priorities of syslog (RFC 5424).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
