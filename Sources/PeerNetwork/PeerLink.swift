import EventLog
import NIOCore
import Replication
import Synchronization

/// One attempt of this node to reach a peer.
struct Dial: Hashable, Sendable {
    let node: NodeID
    let number: Int
}

/// A connection whose other side is authenticated and paired, as the network knows it from any thread.
final class PeerLink: Sendable {
    private struct State {
        var status = SessionStatus()
        var connected: (wall: Timestamp, at: NIODeadline)?
        var ending: Ending?
        var received = RateWindow()
        var sent = RateWindow()
    }

    let peer: PairedPeer
    /// The attempt that it came from; nil when the peer dialed.
    let dial: Dial?
    private let handle: PeerConnection.Handle
    private let state = Mutex(State())

    init(peer: PairedPeer, dial: Dial?, handle: PeerConnection.Handle) {
        self.peer = peer
        self.dial = dial
        self.handle = handle
    }

    var isDialed: Bool { dial != nil }

    var status: SessionStatus { state.withLock { $0.status } }

    /// When both sides had said hello.
    var connectedSince: Timestamp? { state.withLock { $0.connected?.wall } }

    /// How long both sides have been talking.
    var age: TimeAmount? { state.withLock { $0.connected.map { NIODeadline.now() - $0.at } } }

    /// Why it ended; nil while it has not.
    var ending: Ending? { state.withLock { $0.ending } }

    func update(_ status: SessionStatus, at now: Moment) {
        state.withLock {
            $0.received.add(status.received - $0.status.received, at: now.monotonic)
            $0.sent.add(status.sent - $0.status.sent, at: now.monotonic)
            $0.status = status
            if status.version != nil, $0.connected == nil { $0.connected = (now.wall, .now()) }
        }
    }

    /// Events a second in the last ten seconds.
    func rates(at now: Moment) -> (received: Double, sent: Double) {
        state.withLock { ($0.received.perSecond(at: now.monotonic), $0.sent.perSecond(at: now.monotonic)) }
    }

    func end(_ ending: Ending) { state.withLock { $0.ending = $0.ending ?? ending } }

    /// Begins the session, with what the peer may have.
    func begin(_ offer: Offer) { handle.run { $0.begin(offer) } }

    /// Hands the session something that happened.
    func take(_ input: Session.Input) { handle.run { $0.take([input]) } }

    /// Lets the session get ready for what a commit will bring that is on its way to the disk.
    func prepare(_ offer: Offer) { handle.run { $0.prepare(offer) } }

    /// Says why, and closes.
    func stop(_ reason: Message.WireError) { handle.stop(reason) }
}
