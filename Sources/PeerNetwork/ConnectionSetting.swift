import EventLog
import Logging
import NIOCore
import Replication

/// What a connection needs of its node, and whom it tells.
struct ConnectionSetting: Sendable {
    let node: NodeID
    /// What the other side would pair this node with.
    let fingerprint: NodeFingerprint
    let instance: @Sendable () -> UInt64
    let store: any ReplicaStore
    let clock: @Sendable () -> Moment
    let logger: Logger
    /// From the connection to the end of the TLS handshake.
    let handshakeTime: TimeAmount
    /// The other side is authenticated and paired.
    let identified: @Sendable (PeerLink) -> Void
    /// Told once for each connection; without a link when nobody was authenticated.
    let ended: @Sendable (PeerLink?, Dial?, Ending) -> Void
    let noted: @Sendable (NodeID, Session.Note) -> Void
}

extension PeerConnection {
    /// A connection, from any thread.
    struct Handle: Sendable {
        let channel: any Channel
        private let connection: NIOLoopBound<PeerConnection>

        /// Made on the event loop of the channel.
        init(_ connection: PeerConnection, _ channel: any Channel) {
            self.channel = channel
            self.connection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        }

        func run(_ task: @escaping @Sendable (PeerConnection) -> Void) {
            let connection = connection
            if channel.eventLoop.inEventLoop {
                task(connection.value)
            } else {
                channel.eventLoop.execute { task(connection.value) }
            }
        }

        func stop(_ reason: Message.WireError) { run { $0.stop(reason) } }
    }
}
