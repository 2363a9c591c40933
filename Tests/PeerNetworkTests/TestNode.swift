import Crypto
import EventLog
import Logging
import NIOCore
import NIOPosix
import Replication
import Synchronization

@testable import PeerNetwork

/// A node of a test: a network on the loopback, and a store in memory.
struct TestNode {
    let key: NodeKey
    let store = MemoryStore()
    let watch: Watch
    /// What its clock is ahead of the world's, in milliseconds.
    let ahead: Ahead
    let network: PeerNetwork
    /// Where it listens.
    let address: PeerAddress

    var id: NodeID { key.node }
    var origin: Origin { Origin(node: id, epoch: 1) }

    /// Nodes of one test share a watch, so that what happens at one wakes who waits for another.
    init(
        _ watch: Watch, key: NodeKey? = nil, gate: Gate? = nil, _ change: (inout PeerNetwork.Configuration) -> Void = { _ in }
    ) async throws {
        self.watch = watch
        self.key = try key ?? Self.newKey()
        var configuration = PeerNetwork.Configuration(
            key: self.key, instance: { 7 }, listen: PeerAddress(host: Self.loopback(), port: 0))
        change(&configuration)
        let start = ContinuousClock.now
        let ahead = Ahead()
        self.ahead = ahead
        let network = try PeerNetwork(
            configuration, store: store, policy: SlowPolicy(store: store, gate: gate, watch: watch),
            clock: {
                let elapsed = Int((ContinuousClock.now - start) / .milliseconds(1)) + ahead.milliseconds
                return Moment(wall: Timestamp(milliseconds: 1_925_000_000_000 + elapsed), monotonic: elapsed)
            },
            logger: Logger(label: "test", factory: { _ in WatchedLog(watch) }), group: MultiThreadedEventLoopGroup.singleton,
            random: { 1 })
        self.network = network
        network.onNote { _, _ in watch.poke() }
        let store = store
        // One task passes changes on in their order, as the daemon does.
        let (changes, continuation) = AsyncStream<Set<ChartID>>.makeStream()
        store.observe { continuation.yield($0) }
        Task {
            for await charts in changes {
                for peer in charts.isEmpty ? [] : network.connectedPeers() {
                    network.offerChanged(store.offer(among: charts), to: peer)
                }
                watch.poke()
            }
        }
        address = try await network.start()
    }

    /// A loopback address of its own: on one that all nodes share, a test that runs beside this one may be given the port of a node that is
    /// off the network, and be dialed in its place.
    static func loopback() -> String {
        "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))"
    }

    static func newKey() throws -> NodeKey {
        guard let key = NodeKey(Curve25519.Signing.PrivateKey()) else { throw TestError() }
        return key
    }

    /// Two keys, the one with the smaller id first.
    static func newKeys() throws -> (smaller: NodeKey, larger: NodeKey) {
        let (one, other) = (try newKey(), try newKey())
        return one.node < other.node ? (one, other) : (other, one)
    }

    func asPeer(dialed: Bool) -> PairedPeer {
        PairedPeer(node: id, key: key.publicKey, address: dialed ? address : nil)
    }

    /// Waits until a session with the other node stands.
    func untilConnected(to other: TestNode) async { await watch.until { await network.status()[other.id]?.isConnected == true } }

    func untilHolding(_ count: Int) async { await watch.until { store.eventCount == count } }
}

struct TestError: Error {}

/// Time that a test lets pass at once.
final class Ahead: Sendable {
    private let amount = Mutex(0)
    var milliseconds: Int { amount.withLock { $0 } }
    func pass(_ milliseconds: Int) { amount.withLock { $0 += milliseconds } }
}

/// A chart id that means nothing.
func chart(_ name: String) -> ChartID { EventHash(of: Array(name.utf8)) }
