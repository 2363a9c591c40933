/// Reads the configuration again, and takes what can be taken without a restart.
public struct ReloadRequest: NodeRequest {
    public static let name = "reload"

    /// What became of it. Where the configuration is refused there is no answer but an error, and the earlier one holds.
    public struct Answer: Codable, Hashable, Sendable {
        /// Keys whose new value holds from now on.
        public var changed: [String]
        /// Keys whose new value waits for the next start; the earlier one holds.
        public var needs_restart: [String]

        /// What became of it.
        public init(changed: [String], needs_restart: [String]) {
            self.changed = changed
            self.needs_restart = needs_restart
        }

        /// In words, for a log line or a status line.
        public var words: String {
            var parts: [String] = []
            if !changed.isEmpty { parts.append("changed: " + changed.joined(separator: ", ")) }
            if !needs_restart.isEmpty { parts.append("waiting for a restart: " + needs_restart.joined(separator: ", ")) }
            return "configuration read again, " + (parts.isEmpty ? "nothing changed" : parts.joined(separator: "; "))
        }
    }

    /// Reads the configuration again.
    public init() {}
}
