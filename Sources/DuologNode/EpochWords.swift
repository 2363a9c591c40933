import EventLog
import LogStore

extension EpochChange {
    /// What happened, for the people who run the node.
    var words: String {
        let found =
            switch reason {
            case .firstStart: "the node was set up"
            case .tokenMissing: "the epoch file beside the log was gone: the log may have been put back from a backup"
            case .otherToken: "the log was put back from a backup of an earlier life of this node"
            case .databaseBehind: "the log is older than what this node had written: it was put back from a backup"
            case .peerKnowsMore:
                "peer \(peer?.description ?? "?") holds events that this node wrote and no longer has: its folder was put back or copied"
            case .foreignEvent:
                "peer \(peer?.description ?? "?") sent events under this node's name that it did not write: a copy of this node is running, or ran"
            case .restored: "the node was restored from a backup"
            case .asked: "a new epoch was asked for"
            }
        guard reason != .firstStart else { return found }
        return
            "\(found). It writes in a new epoch, so that no number is used twice; \(readBack) of its own events came back from peers since"
    }
}
