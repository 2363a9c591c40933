import EventLog
import Replication
import Synchronization
import Testing

/// A store for one test node: admits everything, contiguous for each origin. Lines are opaque but for their origin and number.
final class MemoryStore: ReplicaStore, SharingPolicy {
    struct Stored {
        let lines: EventLines
        let tip: Tip
        let from: NodeID?
        let arrival: Int
    }

    fileprivate struct State {
        var charts: [ChartID: [Stored]] = [:]
        var arrival = 0
        var completed: [NodeID: (root: EventHash, buckets: [UInt64])] = [:]
        var bytesRead: [NodeID: Int] = [:]
    }

    private let state = Mutex(State())
    /// What it will hold once what is on its way to the disk is durable; whether that is so, and all that it holds.
    private let ahead = Mutex<(state: State, isLast: Bool)?>(nil)
    /// Peers whose requests wait, until their gates are open.
    private let gates = Mutex<[NodeID: Gate]>([:])
    /// Told which charts got events that are new here; of none, when events were read.
    private let onChange = Mutex<Handler?>(nil)

    private struct Handler {
        let call: @Sendable (Set<ChartID>) -> Void
    }

    func observe(_ handler: @escaping @Sendable (Set<ChartID>) -> Void) { onChange.withLock { $0 = Handler(call: handler) } }

    /// Answers the peer nothing until the gate is open.
    func hold(_ peer: NodeID) -> Gate {
        let gate = Gate()
        gates.withLock { $0[peer] = gate }
        return gate
    }

    // MARK: What a test asks

    var eventCount: Int { state.withLock { $0.charts.values.reduce(0) { $0 + $1.count } } }

    func bytesRead(by peer: NodeID) -> Int { state.withLock { $0.bytesRead[peer] ?? 0 } }

    /// Every envelope, sorted: what two replicas must agree on.
    var envelopes: [[UInt8]] {
        state.withLock { $0.charts.values.flatMap { $0.map(\.lines.envelope) } }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Writes events of `origin`.
    func append(_ count: Int, to chart: ChartID, by origin: Origin, bodyBytes: Int = 100) {
        state.withLock { state in
            for _ in 0..<count {
                let seq = (state.tip(of: origin, in: chart)?.seq ?? 0) + 1
                state.add(Self.event(chart, origin, seq, bodyBytes), to: chart, from: nil)
            }
        }
        changed([chart])
    }

    /// Begins to write an event. Returns what it will bring, and what makes it durable.
    func begin(
        appending chart: ChartID, by origin: Origin
    ) -> (offer: Offer, commit: @Sendable (_ isLast: Bool) -> Void) {
        let next = state.withLock { state in
            var next = state
            let seq = (state.tip(of: origin, in: chart)?.seq ?? 0) + 1
            next.add(Self.event(chart, origin, seq, 100), to: chart, from: nil)
            return next
        }
        ahead.withLock { $0 = (next, false) }
        return (
            next.offer(among: [chart]),
            { isLast in
                self.ahead.withLock { $0?.isLast = isLast }
                self.state.withLock { $0 = next }
                self.changed([chart])
            }
        )
    }

    func offer(among charts: Set<ChartID>) -> Offer { state.withLock { $0.offer(among: charts) } }

    private func changed(_ charts: Set<ChartID>) { onChange.withLock { $0 }?.call(charts) }

    // MARK: The ports

    func offer(to peer: NodeID) async throws -> Offer { offer(among: state.withLock { Set($0.charts.keys) }) }

    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer {
        await gates.withLock { $0[peer] }?.pass()
        switch request {
        case .completedRoot: return .completedRoot(state.withLock { $0.completed[peer]?.root })
        case .completedBuckets: return .completedBuckets(state.withLock { $0.buckets(of: peer) })
        case .heads(let charts): return .heads(state.withLock { state in charts.map { state.heads(of: $0) } })
        case .compare(let offered): return .compared(state.withLock { $0.compare(offered) })
        case .read(let read):
            defer { changed([]) }
            return .read(state.withLock { [$0.read(read.charts[0], within: read, for: peer)] })
        case .admit(let batch):
            let (count, charts) = state.withLock { $0.admit(batch, from: peer) }
            if !charts.isEmpty { changed(charts) }
            return .admitted(StoreAnswer.Admission(refused: [], newEvents: count))
        case .statements: return .statementsStored
        case .pendingStatements(let mark): return .pendingStatements([], [], upTo: mark)
        case .statementsNoted: return .noted
        }
    }

    func answerAhead(_ request: StoreRequest, for peer: NodeID) -> AnswerAhead? {
        guard case .read(let read) = request, var next = ahead.withLock({ $0?.state }) else { return nil }
        let answer = StoreAnswer.read([next.read(read.charts[0], within: read, for: peer)])
        return AnswerAhead(answer) { self.ahead.withLock { $0?.isLast ?? false } }
    }

    // MARK: Lines

    private static func event(_ chart: ChartID, _ origin: Origin, _ seq: Int, _ bodyBytes: Int) -> EventLines {
        let body = Array("{\"salt\":\"\(seq)\",\"text\":\"\(String(repeating: "x", count: bodyBytes))\"}".utf8)
        let envelope =
            "{\"t\":\"event\",\"chart\":\"\(chart)\",\"origin\":\"\(origin)\",\"seq\":\(seq),\"body\":\"\(EventHash(of: body))\"}"
        return EventLines(envelope: Array(envelope.utf8), body: body)
    }

    fileprivate static func tip(of envelope: [UInt8]) -> Tip? {
        let text = String(decoding: envelope, as: UTF8.self)
        let fields = text.split(separator: "\"")
        guard let place = fields.firstIndex(of: "origin"), place + 5 < fields.count,
            let origin = Origin(String(fields[place + 2])),
            let seq = Int(fields[place + 5].filter(\.isNumber))
        else { return nil }
        return Tip(origin: origin, seq: seq, hash: EventHash(of: envelope))
    }
}

extension MemoryStore.State {
    fileprivate func offer(among charts: Set<ChartID>) -> Offer {
        var offered: [ChartID: EventHash?] = [:]
        for chart in charts { offered[chart] = heads(of: chart).digest }
        return Offer(charts: offered, arrival: arrival)
    }

    fileprivate func tip(of origin: Origin, in chart: ChartID) -> Tip? {
        charts[chart]?.last { $0.tip.origin == origin }?.tip
    }

    fileprivate mutating func add(_ lines: EventLines, to chart: ChartID, from peer: NodeID?) {
        guard let tip = MemoryStore.tip(of: lines.envelope) else {
            Issue.record("not an envelope of these tests: \(String(decoding: lines.envelope, as: UTF8.self))")
            return
        }
        arrival += 1
        charts[chart, default: []].append(MemoryStore.Stored(lines: lines, tip: tip, from: peer, arrival: arrival))
    }

    fileprivate func heads(of chart: ChartID) -> ChartHeads {
        var tips: [Origin: Tip] = [:]
        for event in charts[chart] ?? [] { tips[event.tip.origin] = event.tip }
        return ChartHeads(chart: chart, tips: tips.values.sorted { $0.origin < $1.origin })
    }

    fileprivate func buckets(of peer: NodeID) -> [UInt64] {
        completed[peer]?.buckets ?? Array(repeating: 0, count: ReplicationLimits.buckets)
    }

    fileprivate func compare(_ offered: [ChartHeads]) -> StoreAnswer.Comparison {
        var wants: [Message.ChartWant] = []
        for chart in offered {
            let held = heads(of: chart.chart).tips.map { ($0.origin, $0.seq) }
            let clock = VectorClock(held)
            if chart.tips.contains(where: { $0.seq > clock[$0.origin] }) {
                wants.append(Message.ChartWant(chart: chart.chart, after: clock))
            }
        }
        return StoreAnswer.Comparison(wants: wants, peerKnowsMoreOfMe: false)
    }

    fileprivate mutating func read(
        _ read: StoreRequest.ChartRange, within request: StoreRequest.ReadRequest, for peer: NodeID
    ) -> StoreAnswer.ReadAnswer {
        var run = ChartRun(chart: read.chart, events: [], heads: [])
        var (next, bytes) = (read.from, 0)
        var state = StoreAnswer.ReadState.atEnd
        let events = charts[read.chart] ?? []
        // Arrival numbers ascend, so a later read does not go through all that was sent before.
        let start = events.partitioningIndex { $0.arrival > read.from }
        for event in events[start...] where event.arrival <= read.upTo {
            let isWanted = event.tip.seq > read.after[event.tip.origin] && !(read.skipsOwn && event.from == peer)
            if isWanted {
                guard run.events.count < request.maxEvents, bytes + event.lines.byteCount <= request.maxBytes else {
                    state = .more
                    break
                }
                run.events.append(event.lines)
                bytes += event.lines.byteCount
            }
            next = event.arrival
        }
        bytesRead[peer, default: 0] += bytes
        return StoreAnswer.ReadAnswer(run: run, next: next, state: state)
    }

    fileprivate mutating func admit(_ batch: StoreRequest.Batch, from peer: NodeID) -> (Int, Set<ChartID>) {
        var count = 0
        var changed: Set<ChartID> = []
        for run in batch.runs {
            var clock = VectorClock(heads(of: run.chart).tips.map { ($0.origin, $0.seq) })
            for lines in run.events {
                guard let tip = MemoryStore.tip(of: lines.envelope), tip.seq == clock[tip.origin] + 1 else { continue }
                clock.advance(tip.origin, to: tip.seq)
                add(lines, to: run.chart, from: peer)
                changed.insert(run.chart)
                count += 1
            }
        }
        if let completes = batch.completes {
            var known = buckets(of: peer)
            for (index, word) in completes.buckets { known[index] = word }
            completed[peer] = (completes.root, known)
        }
        return (count, changed)
    }
}

extension Array {
    /// The first index whose element is beyond, in an array that is sorted by that.
    fileprivate func partitioningIndex(where isBeyond: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
