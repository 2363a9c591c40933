import NIOCore
import Replication

/// Which of two connections to the same peer is kept. Both sides decide by themselves and must agree.
enum Duplicates {
    /// True when a new connection takes the place of an older one.
    ///
    /// - Parameters:
    ///   - newIsDialed: true when this node dialed the new one.
    ///   - oldIsDialed: true when this node dialed the older one.
    ///   - dialsCount: true when this node has the smaller id, so that its own dials are preferred.
    ///   - oldAge: how long both sides have been talking on the older one; nil when they have not yet said hello.
    static func replaces(newIsDialed: Bool, oldIsDialed: Bool, dialsCount: Bool, oldAge: TimeAmount?) -> Bool {
        // In the same direction: who dials again has lost the older one, which is half open here.
        if newIsDialed == oldIsDialed { return true }
        // A node dials only while it has no connection, and a dial is over within 20 s. One that comes long after both sides had begun
        // to talk is from a peer that has lost the older connection, whoever dialed that.
        if let oldAge, oldAge > .milliseconds(Int64(ReplicationLimits.pingMilliseconds)) { return true }
        return newIsDialed == dialsCount
    }
}
