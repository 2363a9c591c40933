import NIOCore
import Synchronization

/// Every connection there is, from the first byte on, whoever is at the other end.
final class OpenConnections: Sendable {
    private struct State {
        var isOpen = false
        var accepted = 0
        var mostAccepted: Int
        var handles: [ObjectIdentifier: PeerConnection.Handle] = [:]
    }

    /// Why a connection may not be.
    enum Refusal: Error {
        case full
        case offline
    }

    private let state: Mutex<State>

    /// Bounds what others can open; what this node dials is bounded by its pairings.
    init(mostAccepted: Int) { state = Mutex(State(mostAccepted: mostAccepted)) }

    /// Connections beyond a lower bound stay until they end.
    func bound(_ mostAccepted: Int) { state.withLock { $0.mostAccepted = mostAccepted } }

    var mostAccepted: Int { state.withLock { $0.mostAccepted } }

    var count: Int { state.withLock { $0.handles.count } }

    func open() { state.withLock { $0.isOpen = true } }

    /// Lets no further connection in, and returns those that there are.
    func close() -> [PeerConnection.Handle] {
        state.withLock {
            $0.isOpen = false
            return Array($0.handles.values)
        }
    }

    func add(_ handle: PeerConnection.Handle, isAccepted: Bool) throws(Refusal) {
        let refusal: Refusal? = state.withLock {
            guard $0.isOpen else { return .offline }
            guard !isAccepted || $0.accepted < $0.mostAccepted else { return .full }
            if isAccepted { $0.accepted += 1 }
            $0.handles[ObjectIdentifier(handle.channel)] = handle
            return nil
        }
        if let refusal { throw refusal }
    }

    func remove(_ channel: any Channel, isAccepted: Bool) {
        state.withLock {
            guard $0.handles.removeValue(forKey: ObjectIdentifier(channel)) != nil, isAccepted else { return }
            $0.accepted -= 1
        }
    }
}
