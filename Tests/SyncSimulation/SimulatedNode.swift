import CareModel
import EventLog
import Replication

/// A node of a run: a log, a clock, a person, and the sessions with its peers.
final class SimulatedNode {
    let slot: Int
    let store: any NodeStore
    let author: AuthorID
    var isUp = true
    /// The wall clock minus virtual time.
    var skew = 0
    /// By peer; one connection each.
    var connections: [NodeID: Connection] = [:]
    /// Commits that no session has been told of.
    var changes: [StoreChange] = []
    var backups: [Int] = []
    /// Views that people of this node were shown.
    var views: [View] = []
    var hasPeople: Set<ChartID> = []

    init(slot: Int, store: any NodeStore, author: AuthorID) {
        self.slot = slot
        self.store = store
        self.author = author
    }

    var node: NodeID { store.key.node }
}
