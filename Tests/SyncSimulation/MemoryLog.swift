public import CareModel
public import EventLog
public import Replication
import TestSupport

/// The simulator's log: the shipped admission, authoring and fold over plain arrays. It passes the same contract suite as LogStore.
public final class MemoryLog: NodeStore {
    /// What is on disk: survives a crash, and can be copied.
    struct Disk {
        var rows: [StoredRow] = []
        var batches: [Int] = []
        var charts: [ChartID: [Int]] = [:]
        var hashes: Set<EventHash> = []
        var heads: [EventHash: SignedHead] = [:]
        var verdicts: [EventHash: Verdict] = [:]
        var peers: [NodeID: PeerState] = [:]
        var receipts: [ReceiptKey: (number: Int, receipt: Receipt)] = [:]
        var notices: [EventHash: (number: Int, notice: RemovalNotice)] = [:]
        var lastStatement = 0
        var lastBatch = 0
        var requests: [String: [Authored]] = [:]
        var epoch: UInt64 = 0
        var instance: UInt64 = 0
        /// Charts that are not sent until they have synced with a member: the node was put back from elsewhere.
        var held: Set<ChartID> = []
    }

    /// The epoch, and how many commits there were in all when it was last written.
    struct Token {
        var epoch: UInt64 = 0
        var batch = 0
    }

    struct PeerState {
        /// How it came to have its key; nil for one that was paired after its key had been rotated, until it shows it.
        var keys: NodeKeys?
        var isPaired = true
        var root: EventHash?
        var buckets: [Int: UInt64] = [:]
        var noted = 0
    }

    struct ReceiptKey: Hashable {
        let receiver: NodeID
        let instance: UInt64
        let chart: ChartID
        let origin: Origin

        init(_ receipt: Receipt) {
            (receiver, instance) = (receipt.receiver, receipt.instance)
            (chart, origin) = (receipt.chart, receipt.dot.origin)
        }
    }

    public private(set) var key: NodeKey
    public var clock: Timestamp
    var disk = Disk()
    /// Stands outside of the database.
    private var token = Token()
    private var backups: [(disk: Disk, token: Token)] = []
    private var random: any RandomNumberGenerator
    var records: [ChartID: ChartRecord] = [:]
    /// Whom a chart may be sent to, and until when.
    var shares: [ChartID: [NodeID: CalendarDay?]] = [:]
    private var changes: [StoreChange] = []
    let verified: VerifiedReceipts

    /// Nodes of one run share `verified`.
    public init(
        key: NodeKey, clock: Timestamp, random: any RandomNumberGenerator, verified: VerifiedReceipts = VerifiedReceipts()
    ) {
        self.verified = verified
        self.key = key
        self.clock = clock
        self.random = random
        drawEpoch()
    }

    var node: NodeID { key.node }
    var origin: Origin { Origin(node: node, epoch: disk.epoch) }
    public var epoch: (epoch: UInt64, instance: UInt64) { (disk.epoch, disk.instance) }

    public func takeChanges() -> [StoreChange] {
        defer { changes = [] }
        return changes
    }

    func note(_ change: StoreChange) { changes.append(change) }

    /// A new epoch because the node was put back, or runs twice.
    func drawEpochAgain() {
        drawEpoch()
        disk.held = Set(disk.charts.keys)
        for peer in disk.peers.keys {
            disk.peers[peer]?.root = nil
            disk.peers[peer]?.buckets = [:]
        }
        note(StoreChange(charts: disk.held, beganNewLife: true))
    }

    /// Charts that have synced with a member since they were held are sent again: all roots were forgotten then.
    func releaseSynced() {
        let synced = disk.peers.filter { $0.value.root != nil }.keys
        let released = disk.held.filter { chart in synced.contains { isShared(chart, with: $0, evenHeld: true) } }
        guard !released.isEmpty else { return }
        disk.held.subtract(released)
        note(StoreChange(charts: released))
    }

    private func drawEpoch() {
        disk.epoch = random.next() | 1
        disk.instance = random.next() | 1
        token = Token(epoch: disk.epoch, batch: disk.lastBatch)
    }

    // MARK: Peers

    public func pair(_ peer: NodeFingerprint) {
        let keys = NodeID(of: peer.key) == peer.node ? NodeKeys(first: peer.key) : nil
        disk.peers[peer.node, default: PeerState(keys: keys)].isPaired = true
    }

    public func follow(_ peer: NodeID, _ keys: NodeKeys) { disk.peers[peer]?.keys = keys }

    public func unpair(_ peer: NodeID) {
        disk.peers[peer]?.isPaired = false
        disk.peers[peer]?.root = nil
        disk.peers[peer]?.buckets = [:]
        disk.peers[peer]?.noted = 0
    }

    // MARK: The node's key

    public func rotate(to key: NodeKey) throws {
        self.key = key
        try announceKey()
    }

    /// Says in every chart in which the node may write which key it has, where that is not known there.
    private func announceKey() throws {
        for chart in disk.charts.keys.sorted() {
            guard var record = records[chart] else { continue }
            let said = try sayKeys(&record)
            guard let last = said.last else { continue }
            disk.lastBatch += 1
            records[chart] = record
            for event in said { store(event, source: nil) }
            disk.heads[last.hash] = try SignedHead(signing: last, at: clock, with: key)
            finish([chart])
        }
    }

    /// Writes the successions of this node's keys that a chart does not know yet, or not yet in this epoch where the node is about to write:
    /// nothing that a new key signs can be checked before.
    func sayKeys(_ record: inout ChartRecord, beforeWriting: Bool = false) throws -> [Event] {
        let chart = record.graph.chart
        let unsaid = beforeWriting ? record.unsaid(of: key, as: origin) : record.unsaid(of: key)
        return try unsaid.map { succession in
            let salt = (0..<2).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            let draft = KeyRotated.draft(succession, in: chart, at: clock, salt: salt)
            return try record.author(draft, as: origin, at: clock).event
        }
    }

    // MARK: Writing

    public func openChart(name: String, nonce: [UInt8], salt: [UInt8]) throws -> ChartID {
        let chart = ChartFounding.chart(founder: key.publicKey, nonce: nonce)
        let members = ChartOpened(keys: key.keys, nonce: Base64URL.encode(nonce), name: name).members
        records[chart] = ChartRecord(chart: chart)
        let draft = Draft(
            chart: chart, author: .node, kind: ChartOpened.kind, members: members,
            when: ClinicalTime(instant: clock, offsetMinutes: 0), seeing: .everything, salt: salt)
        _ = try author([draft], request: "open \(chart)")
        return chart
    }

    public func author(_ drafts: [Draft], request: String) throws -> [Authored] {
        if let earlier = disk.requests[request] { return earlier }
        // All or nothing: what is written is stored once nothing can be refused any more.
        var changed: [ChartID: ChartRecord] = [:]
        var written: [Authored] = []
        var events: [Event] = []
        for draft in drafts {
            guard var record = changed.removeValue(forKey: draft.chart) ?? records[draft.chart] else {
                throw AuthoringError.unknownChart
            }
            events += try sayKeys(&record, beforeWriting: true)
            let (authored, event) = try record.author(draft, as: origin, at: clock)
            written.append(authored)
            events.append(event)
            changed[draft.chart] = record
        }
        disk.lastBatch += 1
        records.merge(changed) { $1 }
        for event in events { store(event, source: nil) }
        let last = Dictionary(events.map { ($0.envelope.chart, $0) }) { $1 }
        for event in last.values { disk.heads[event.hash] = try SignedHead(signing: event, at: clock, with: key) }
        disk.requests[request] = written
        finish(Set(last.keys))
        return written
    }

    /// Writes what a newer version would: a kind that this one does not know.
    public func authorNewer(_ kind: Kind, in chart: ChartID, by author: AuthorID, isCritical: Bool, salt: [UInt8]) throws {
        guard var record = records[chart], !Fold.membership(of: record).scopes(of: node).isEmpty else { return }
        let said = try sayKeys(&record, beforeWriting: true)
        records[chart] = record
        let graph = record.graph
        let body = try BodyLine(salt: salt, when: ClinicalTime(instant: clock, offsetMinutes: 0), members: Array("{}".utf8))
        let next = graph.next(in: origin, seeing: graph.frontier)
        let envelope = Envelope(
            chart: chart, origin: origin, seq: next.seq, prev: next.prev, seen: next.seen, after: next.after, refs: [], at: clock,
            author: author, kind: kind, version: 1, critical: isCritical, body: body.hash)
        let event = Event(envelope: envelope, body: body)
        disk.lastBatch += 1
        try records[chart]?.admit(event)
        for event in said + [event] { store(event, source: nil) }
        disk.heads[event.hash] = try SignedHead(signing: event, at: clock, with: key)
        finish([chart])
    }

    func store(_ event: Event, source: NodeID?) {
        let chart = event.envelope.chart
        disk.charts[chart, default: []].append(disk.rows.count)
        disk.rows.append(StoredRow(event: event, source: source))
        disk.batches.append(disk.lastBatch)
        disk.hashes.insert(event.hash)
        if let record = records[chart], let position = record.graph.position(of: event.hash) {
            disk.verdicts[event.hash] = record.verdict(on: position)
        }
    }

    private static let policy: Set<Kind> = [
        ChartOpened.kind, MemberAdmitted.kind, MemberRemoved.kind, ConsentGranted.kind, ConsentRevoked.kind,
    ]

    /// What belongs to the end of a commit that put events into these charts.
    func finish(_ charts: Set<ChartID>) {
        var change = StoreChange(charts: charts)
        for chart in charts.sorted() {
            let isNew = disk.charts[chart]?.reversed().prefix { disk.batches[$0] == disk.lastBatch } ?? []
            guard isNew.contains(where: { Self.policy.contains(disk.rows[$0].event.envelope.kind) }) else { continue }
            if share(chart) { change.statements = true }
        }
        changes.append(change)
        releaseSynced()
        token.batch = disk.lastBatch
    }

    /// Decides anew whom a chart may be sent to; returns whether somebody has to be told of a removal.
    private func share(_ chart: ChartID) -> Bool {
        guard let record = records[chart] else { return false }
        let fold = Fold(record)
        let consent = ConsentState(fold)
        shares[chart] = [:]
        for peer in fold.membership.members.keys where peer != node && fold.membership.contains(peer) {
            let coverage = consent.coverage(of: peer)
            if coverage != .none { shares[chart]?[peer] = .some(coverage.lastDay) }
        }
        var isTold = false
        for (removed, removal) in fold.membership.removals.sorted(by: { $0.key < $1.key }) where removed != node {
            guard disk.notices[removal] == nil,
                let notice = try? RemovalNotice(signing: key, chart: chart, removed: removed, removal: removal, at: clock)
            else { continue }
            disk.lastStatement += 1
            disk.notices[removal] = (disk.lastStatement, notice)
            isTold = true
        }
        return isTold
    }

    func isShared(_ chart: ChartID, with peer: NodeID, evenHeld: Bool = false) -> Bool {
        guard evenHeld || !disk.held.contains(chart), let until = shares[chart]?[peer] else { return false }
        return until.map { ClinicalTime(instant: clock, offsetMinutes: 0).day <= $0 } ?? true
    }

    // MARK: Reading

    public func record(of chart: ChartID) -> ChartRecord? { records[chart] }

    public func rows(from position: Int) -> [StoredRow] { Array(disk.rows.dropFirst(position)) }

    /// It keeps none: the record that grew with every event is folded when somebody looks.
    public func keptDigest(of chart: ChartID) -> EventHash? { nil }

    public func offer(to peer: NodeID, among: Set<ChartID>?) -> Offer {
        var charts: [ChartID: EventHash?] = [:]
        for chart in among ?? Set(disk.charts.keys) {
            let digest = isShared(chart, with: peer) ? heads(of: chart)?.digest : nil
            if among != nil || digest != nil { charts[chart] = .some(digest) }
        }
        return Offer(charts: charts, arrival: disk.rows.count)
    }

    func heads(of chart: ChartID) -> ChartHeads? {
        guard let graph = records[chart]?.graph, !graph.nodes.isEmpty else { return nil }
        let tips = graph.origins.flatMap { origin in
            graph.tips(of: origin).map { Tip(origin: origin, seq: graph.nodes[$0].envelope.seq, hash: graph.nodes[$0].hash) }
        }
        return ChartHeads(chart: chart, tips: tips)
    }

    // MARK: Faults

    public func crash() throws {
        records = [:]
        shares = [:]
        // As at every start: a token that is another one, or ahead, means that the database was put back from elsewhere.
        if token.epoch != disk.epoch || token.batch > disk.lastBatch { drawEpochAgain() }
        changes = []
        for chart in disk.charts.keys.sorted() {
            records[chart] = try rebuilt(chart)
            _ = share(chart)
        }
        try announceKey()
    }

    /// A record as its rows say.
    func rebuilt(_ chart: ChartID) throws -> ChartRecord {
        var record = ChartRecord(chart: chart)
        for row in disk.charts[chart] ?? [] {
            let event = disk.rows[row].event
            try record.restore(event, verdict: disk.verdicts[event.hash] ?? .permitted)
        }
        return record
    }

    public func backUp() -> Int {
        backups.append((disk, token))
        return backups.count - 1
    }

    public func restore(_ backup: Int, withToken: Bool) throws {
        disk = backups[backup].disk
        if withToken { token = backups[backup].token }
        try crash()
    }

    public func clone(seed: UInt64) throws -> any NodeStore {
        let copy = MemoryLog(key: key, clock: clock, random: SplitMix64(seed: seed), verified: verified)
        copy.disk = disk
        copy.token = token
        try copy.crash()
        return copy
    }
}
