public import EventLog
import Foundation
import Glibc
import Synchronization

/// The epoch and the number of commits, kept a second time outside of the database.
///
/// Where the database has another epoch, or fewer commits, it was put back from elsewhere: the node may have written more in this epoch
/// than it knows, and must not go on in it. The number is written after each commit without waiting for the disk: after a power cut it
/// may lag, which finds less and never something wrong.
final class EpochToken: Sendable {
    /// What stands in the file.
    struct Content: Equatable {
        var epoch: UInt64
        var batch: Int64

        /// Twenty digits each.
        var bytes: [UInt8] {
            var bytes = [UInt8](repeating: UInt8(ascii: "0"), count: 42)
            func write(_ number: UInt64, endingAt end: Int) {
                var (rest, place) = (number, end)
                while rest > 0 {
                    place -= 1
                    bytes[place] += UInt8(rest % 10)
                    rest /= 10
                }
            }
            write(epoch, endingAt: 20)
            write(UInt64(max(0, batch)), endingAt: 41)
            bytes[20] = UInt8(ascii: " ")
            bytes[41] = UInt8(ascii: "\n")
            return bytes
        }

        init(epoch: UInt64, batch: Int64) { (self.epoch, self.batch) = (epoch, batch) }

        init?(_ text: String) {
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, let epoch = UInt64(words[0]), let batch = Int64(words[1]) else { return nil }
            self.init(epoch: epoch, batch: batch)
        }
    }

    private let path: String
    private let descriptor = Mutex<Int32>(-1)

    init(beside database: String) {
        path = URL(fileURLWithPath: database).deletingLastPathComponent().appending(path: "epoch").path
    }

    deinit { descriptor.withLock { if $0 >= 0 { Glibc.close($0) } } }

    /// Why the database cannot go on in its epoch; nil when it can.
    func objection(to counters: WriterState.Counters) -> EpochChange.Reason? {
        guard counters.epoch != 0 else { return .firstStart }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let content = Content(text) else {
            return .tokenMissing
        }
        if content.epoch != counters.epoch { return .otherToken }
        return content.batch > counters.lastBatch ? .databaseBehind : nil
    }

    /// How many commits the file counts beyond `batch`; nil where it cannot be read.
    func commits(beyond batch: Int64) -> Int64? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Content($0) }.map { $0.batch - batch }
    }

    /// Puts the token in the place of an older one, durably.
    func replace(_ content: Content) throws {
        do {
            try Data(content.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw LogStoreError(.io, "cannot write \(path): \(error.localizedDescription)")
        }
        try descriptor.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0, fsync(descriptor) == 0 else {
                throw LogStoreError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Notes how many commits there are.
    func note(_ content: Content) {
        let bytes = content.bytes
        // A lagging token is no reason to stop.
        descriptor.withLock { if $0 >= 0 { _ = pwrite($0, bytes, bytes.count, 0) } }
    }
}

/// A new epoch of this node, and why it was drawn.
public struct EpochChange: Hashable, Sendable {
    /// Why a node begins a new epoch.
    public enum Reason: String, Hashable, Sendable {
        /// There was none before.
        case firstStart = "first-start"
        /// The token beside the database is gone.
        case tokenMissing = "token-missing"
        /// The token beside the database is of another epoch: the database was put back from elsewhere.
        case otherToken = "other-token"
        /// The database has fewer commits than the token beside it: an older copy was put back.
        case databaseBehind = "database-behind"
        /// A peer holds events of this epoch that this node does not: it was put back or copied as a whole.
        case peerKnowsMore = "peer-knows-more"
        /// An event of this epoch came that this node had not written: it runs twice, or was put back.
        case foreignEvent = "foreign-event"
        /// The node was restored from a backup.
        case restored
        /// Somebody asked for it.
        case asked
    }

    /// The new epoch.
    public var epoch: UInt64
    /// When it was drawn.
    public var at: Timestamp
    /// Why.
    public var reason: Reason
    /// The peer through which it was found out.
    public var peer: NodeID?
    /// Events of this node that peers have sent back since.
    public var readBack: Int
}
