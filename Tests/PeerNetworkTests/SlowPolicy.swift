import EventLog
import Logging
import Replication

/// Says what a peer may have as of the moment it was asked, but only once the gate is open, if there is one.
struct SlowPolicy: SharingPolicy {
    let store: MemoryStore
    let gate: Gate?
    let watch: Watch

    func offer(to peer: NodeID) async throws -> Offer {
        let offer = try await store.offer(to: peer)
        watch.record(Watch.Line(level: .trace, text: "the offer is read"))
        await gate?.pass()
        return offer
    }
}

final class Gate: Sendable {
    private let opened = AsyncStream<Never>.makeStream()

    func open() { opened.continuation.finish() }

    func pass() async { for await _ in opened.stream {} }
}
