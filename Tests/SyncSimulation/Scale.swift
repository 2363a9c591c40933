import EventLog
import Replication

/// What it costs to find out what is missing: two shipped sessions over charts of one event each, of which some differ.
public struct Scale: Sendable {
    /// What one exchange cost.
    public struct Cost: Hashable, Sendable {
        /// Bytes in both directions, the events themselves included.
        public var bytes = 0
        /// Bytes of the events.
        public var eventBytes = 0
        /// Times that one side had to wait for the other, and there and back once each.
        public var roundTrips = 0
        /// Events that arrived.
        public var events = 0
    }

    private let charts: [ChartID]
    private let tree: Offer
    private var receiver: Receiver

    /// What the receiving side keeps.
    private struct Receiver {
        var root: EventHash?
        var buckets: [UInt64]
        var held: Set<EventHash>
    }

    /// `count` charts of which the receiver lacks `differ`; the rest it completed before.
    public init(charts count: Int, differ: Int) {
        charts = (0..<count).map { EventHash(of: Array("chart \($0)".utf8)) }
        let differing = Set(charts.prefix(differ))
        var known = OfferTree()
        var now: [ChartID: EventHash?] = [:]
        for chart in charts {
            now[chart] = Self.heads(of: chart).digest
            known.set(chart, differing.contains(chart) ? ChartHeads(chart: chart, tips: []).digest : Self.heads(of: chart).digest)
        }
        tree = Offer(charts: now, arrival: count)
        receiver = Receiver(
            root: known.root(), buckets: known.buckets(),
            held: Set(charts.filter { !differing.contains($0) }.map { Self.event(of: $0).hash }))
    }

    /// The root of an offer without charts: the receiver has nothing to send.
    private static let nothing: EventHash = {
        var tree = OfferTree()
        return tree.root()
    }()
    private static let writer = NodeID(of: Self.key(7))
    private static let origin = Origin(node: writer, epoch: 1)

    private static func key(_ byte: UInt8) -> NodePublicKey {
        guard let key = NodePublicKey(bytes: Array(repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a key") }
        return key
    }

    /// The one event of a chart: as long as a real one, and nobody's.
    private static func event(of chart: ChartID) -> (lines: EventLines, hash: EventHash) {
        let body = Array(#"{"salt":"AAAAAAAAAAAAAAAAAAAAAA","when":"2031-01-01T00:00:00+00:00"}"#.utf8)
        let envelope =
            #"{"t":"event","chart":"\#(chart)","origin":"\#(origin)","seq":1,"prev":null,"seen":{},"after":[],"refs":[],"at":"2031-01-01T00:00:00.000Z","author":"node","kind":"chart.opened","kv":1,"crit":true,"body":"\#(EventHash(of: body))"}"#
        return (EventLines(envelope: Array(envelope.utf8), body: body), EventHash(of: Array(envelope.utf8)))
    }

    private static func heads(of chart: ChartID) -> ChartHeads {
        ChartHeads(chart: chart, tips: [Tip(origin: origin, seq: 1, hash: event(of: chart).hash)])
    }

    /// Runs both sessions until nobody has anything to say; what is under way arrives at the same moment.
    public mutating func run() -> Cost {
        let (left, right) = (NodeID(of: Self.key(1)), NodeID(of: Self.key(2)))
        var sessions = [
            Session(Session.Configuration(me: left, instance: 1, peer: right), offer: tree),
            Session(Session.Configuration(me: right, instance: 1, peer: left), offer: Offer(charts: [:], arrival: 0)),
        ]
        var cost = Cost()
        var flight: [[Session.Input]] = [[.opened], [.opened]]
        var halves = 0
        while flight.contains(where: { !$0.isEmpty }) {
            var next: [[Session.Input]] = [[], []]
            for side in 0...1 {
                var inputs = flight[side][...]
                while let input = inputs.popFirst() {
                    for directive in sessions[side].handle(input, now: Moment(wall: Timestamp(milliseconds: 0), monotonic: 0)) {
                        switch directive {
                        case .send(let line):
                            cost.bytes += line.count + 1
                            if line.starts(with: Array(#"{"t":"event""#.utf8)) { cost.events += 1 }
                            if Lines.eventBytes(line) > 0 { cost.eventBytes += line.count + 1 }
                            next[1 - side].append(.line(line))
                        // Storage is at hand: it costs no waiting for the other side.
                        case .store(let request): inputs.append(.answered(answer(request, isSender: side == 0)))
                        case .note, .close: continue
                        }
                    }
                }
            }
            halves += 1
            flight = next
        }
        cost.roundTrips = halves / 2
        return cost
    }

    private mutating func answer(_ request: StoreRequest, isSender: Bool) -> StoreAnswer {
        switch request {
        case .completedRoot: return .completedRoot(isSender ? Self.nothing : receiver.root)
        case .completedBuckets: return .completedBuckets(receiver.buckets)
        case .heads(let charts): return .heads(charts.map { Self.heads(of: $0) })
        case .compare(let offered):
            let wants = offered.compactMap { heads in
                heads.missing(with: [], mayKnow: true) { receiver.held.contains($0.hash) }.map {
                    Message.ChartWant(chart: heads.chart, after: $0.after)
                }
            }
            return .compared(StoreAnswer.Comparison(wants: wants, peerKnowsMoreOfMe: false))
        case .read(let request):
            let answers = request.charts.prefix(request.maxEvents).map { range in
                let run = ChartRun(chart: range.chart, events: [Self.event(of: range.chart).lines], heads: [])
                return StoreAnswer.ReadAnswer(run: run, next: range.upTo, state: .atEnd)
            }
            return .read(answers)
        case .admit(let batch):
            for run in batch.runs { for event in run.events { receiver.held.insert(EventHash(of: event.envelope)) } }
            receiver.root = batch.completes?.root ?? receiver.root
            return .admitted(StoreAnswer.Admission(refused: [], newEvents: batch.runs.count))
        case .statements: return .statementsStored
        case .pendingStatements: return .pendingStatements([], [], upTo: 0)
        case .statementsNoted: return .noted
        }
    }

    /// True when the receiver holds everything, and knows it.
    public var isComplete: Bool {
        var all = OfferTree()
        for (chart, digest) in tree.charts { all.set(chart, digest) }
        return receiver.held.count == charts.count && receiver.root == all.root()
    }
}
