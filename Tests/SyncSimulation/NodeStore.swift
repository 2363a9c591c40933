public import CareModel
public import EventLog
public import Replication

/// What a commit changed, for those who pass it on.
public struct StoreChange: Hashable, Sendable {
    /// Charts with new events.
    public var charts: Set<ChartID>
    /// True when receipts or notices were stored.
    public var statements: Bool
    /// True when a new epoch was drawn.
    public var beganNewLife: Bool

    public init(charts: Set<ChartID> = [], statements: Bool = false, beganNewLife: Bool = false) {
        self.charts = charts
        self.statements = statements
        self.beganNewLife = beganNewLife
    }
}

/// A row of a log, in the order of arrival.
public struct StoredRow: Sendable {
    /// The event, with its body where that is here.
    public let event: Event
    /// The peer that it came from; nil for an event of this node.
    public let source: NodeID?

    public init(event: Event, source: NodeID?) {
        self.event = event
        self.source = source
    }
}

/// A log as the simulator drives it, and as the contract suite tests it: what the shipped log and the simulator's own have in common.
public protocol NodeStore: AnyObject {
    /// The node's present key.
    var key: NodeKey { get }
    /// The present epoch and life.
    var epoch: (epoch: UInt64, instance: UInt64) { get async }
    /// The node's wall clock.
    var clock: Timestamp { get set }

    func pair(_ peer: NodeFingerprint) async throws
    func unpair(_ peer: NodeID) async throws
    /// Signs with this key from now on, and says so in every chart in which the node may write.
    func rotate(to key: NodeKey) async throws
    /// Takes a peer's keys as it shows them on a connection.
    func follow(_ peer: NodeID, _ keys: NodeKeys) async throws
    func openChart(name: String, nonce: [UInt8], salt: [UInt8]) async throws -> ChartID
    /// Writes all or none; durable when it returns.
    func author(_ drafts: [Draft], request: String) async throws -> [Authored]
    /// Answers a session's request; a write is durable when it returns.
    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer
    /// Stores batches that came one after another; each has its answer.
    func admit(_ batches: [StoreRequest.Batch], for peer: NodeID) async -> [StoreAnswer]
    /// What `peer` may have; of `among` where given.
    func offer(to peer: NodeID, among: Set<ChartID>?) async throws -> Offer
    /// Commits since the last call.
    func takeChanges() async -> [StoreChange]

    /// What is here of a chart.
    func record(of chart: ChartID) async throws -> ChartRecord?
    /// All events in the order in which they arrived, from a position on.
    func rows(from position: Int) async throws -> [StoredRow]
    /// The projections of a chart as they were kept up to date; nil where none are kept.
    func keptDigest(of chart: ChartID) async throws -> EventHash?

    /// The process ends without warning and is started again: what was not durable is gone.
    func crash() async throws
    /// Keeps a copy of everything that is durable, under a number.
    func backUp() async throws -> Int
    /// Puts a copy back; with the epoch token outside of the database as it was then, or as it is now.
    func restore(_ backup: Int, withToken: Bool) async throws
    /// A copy of everything, on another machine.
    func clone(seed: UInt64) async throws -> any NodeStore
}

extension NodeStore {
    public func admit(_ batches: [StoreRequest.Batch], for peer: NodeID) async -> [StoreAnswer] {
        var answers: [StoreAnswer] = []
        for batch in batches { answers.append(await answer(.admit(batch), for: peer)) }
        return answers
    }
}
