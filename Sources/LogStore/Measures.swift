import Foundation
import GRDB
import Synchronization

/// What the log has done since it was opened, for whoever watches the node.
public struct LogMeasures: Sendable {
    /// How long commits took, from the first statement until they were durable.
    public internal(set) var commits = LatencyHistogram()
    /// Events that were written here and stored.
    public internal(set) var ownEvents = 0
    /// Events that came from peers and were stored.
    public internal(set) var peerEvents = 0
    /// Events of charts that the writer has in memory, after the last commit.
    public internal(set) var cachedEvents = 0
    /// Of these, those of charts that nobody here writes to.
    public internal(set) var passingEvents = 0
}

/// How many observations took at most so long.
public struct LatencyHistogram: Sendable {
    /// The bounds, in seconds: from a fast disk's flush to one that people notice.
    public static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

    /// Observations that took at most the bound of the same place; not counted again in the places behind it.
    public private(set) var counts = [Int](repeating: 0, count: bounds.count)
    /// All observations.
    public private(set) var count = 0
    /// Their sum, in seconds.
    public private(set) var sum = 0.0

    mutating func observe(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        count += 1
        sum += seconds
        if let place = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[place] += 1 }
    }
}

extension LogStore {
    /// What it has done since it was opened.
    public var measures: LogMeasures { measured.withLock { $0 } }

    /// Events in the log, the journal's among them. Events are never taken out, so the last number is their count.
    public func eventCount() async throws -> Int {
        try await pool.read { try Int.fetchOne($0, sql: "SELECT max(id) FROM segment") ?? 0 }
    }

    /// Bytes of the log's file, and of the write-ahead log beside it.
    public var fileSizes: (log: Int, writeAhead: Int) {
        func size(_ path: String) -> Int {
            ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue ?? 0
        }
        return (size(configuration.path), size(configuration.path + "-wal"))
    }
}

extension LogStore {
    /// The version of SQLite that is loaded; it is the system's library, not ours.
    public static func sqliteVersion() throws -> String {
        try DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") ?? "unknown" }
    }
}
