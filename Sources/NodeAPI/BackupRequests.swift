public import EventLog

/// A consistent copy of everything that a node is, which lies in its state folder until it is packed.
public struct BackupSnapshot: Codable, Hashable, Sendable {
    /// Where the copy lies.
    public var folder: String
    /// When the log was copied, by the node's clock.
    public var made: Timestamp
    /// Whose it is.
    public var node: NodeID
    /// The node's epoch then, as it stands in origins.
    public var origin: Origin
    /// The log's schema.
    public var schema: String
    /// Events in the log.
    public var events: Int
    /// Charts in the log, the journal among them.
    public var charts: Int
    /// Commits in the log.
    public var commits: Int

    /// A copy.
    public init(
        folder: String, made: Timestamp, node: NodeID, origin: Origin, schema: String, events: Int, charts: Int, commits: Int
    ) {
        self.folder = folder
        self.made = made
        self.node = node
        self.origin = origin
        self.schema = schema
        self.events = events
        self.charts = charts
        self.commits = commits
    }
}

/// Makes the copy; whoever asks packs it, where they may write and the daemon may not.
public struct BeginBackupRequest: NodeRequest {
    public typealias Answer = BackupSnapshot
    public static let name = "backup.begin"

    /// Makes the copy.
    public init() {}
}

/// Removes the copy again, and keeps what became of it.
public struct EndBackupRequest: NodeRequest {
    public typealias Answer = Done
    public static let name = "backup.end"
    /// The size of the backup that was written and verified; nil where none was.
    public var bytes: Int?

    /// Removes the copy.
    public init(bytes: Int?) { self.bytes = bytes }
}

/// The last backup that was written and verified.
public struct LastBackup: Codable, Hashable, Sendable {
    /// When its log was copied.
    public var made: Timestamp
    /// Its size.
    public var bytes: Int
    /// Events that it holds.
    public var events: Int

    /// A backup.
    public init(made: Timestamp, bytes: Int, events: Int) {
        self.made = made
        self.bytes = bytes
        self.events = events
    }
}
