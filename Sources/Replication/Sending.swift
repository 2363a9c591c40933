import EventLog

/// The sending half of a session: states facts about what the peer may have, and streams what it misses.
struct Sending: Sendable {
    /// The most credit that counts, whatever a peer claims.
    private static let mostCredit = 4 * ReplicationLimits.creditBytes

    private enum Phase: Hashable, Sendable { case silent, rootTold, bucketsTold, streaming }

    private var phase = Phase.silent
    private var tree: OfferTree
    private var arrival: Int
    /// What arrived up to here is reflected in the tree that the session began with. Later offers name some charts only, so their
    /// arrival numbers say nothing of the others.
    private let base: Int
    private var changedBuckets: Set<Int> = []
    private var streams = ChartStreams()
    private var lastStream = 0
    /// Charts with something to read, in the order of their turn.
    private var queue = ChartQueue()
    private var reading: PendingRead?
    private var nextPart = 1
    private var headsToSend = ChartQueue()
    private var headsUnderWay = false
    /// What had arrived when the heads under way were asked for: they cover at least that.
    private var headsCover = 0
    /// Heads that were read and do not fit into what the peer may be asked at once.
    private var headsToTell: [HeadsPiece] = []
    /// Charts whose heads the peer was told, by part, until it answers.
    private var asked: [Int: HeadsPiece] = [:]
    private var tipsAsked = 0
    private var askedCharts: Set<ChartID> = []
    /// Charts among them that were asked for again meanwhile: that counts, not what their want says.
    private var askedAgain: [ChartID: VectorClock] = [:]
    /// Charts that changed while their heads were being read: they may have been withdrawn and shared again.
    private var sharedAgain: Set<ChartID> = []
    /// Charts with more writers than one line can name; no root is complete without them.
    private var unsendable: Set<ChartID> = []
    private var batch = OpenBatch()
    private var creditLeft = 0
    private var toldRoot: EventHash?
    private var rootIsDue = false
    private(set) var refusedByPeer: Set<ChartID> = []
    private(set) var announced = 0
    private(set) var sent = 0

    init(_ offer: Offer) {
        tree = OfferTree()
        for (chart, digest) in offer.charts { tree.set(chart, digest) }
        arrival = offer.arrival
        base = offer.arrival
    }

    /// Charts with something to send.
    var chartsToSend: Int { queue.count }

    /// True when nothing is left to send.
    var isDone: Bool { phase == .streaming && isIdle }

    private var isIdle: Bool {
        queue.isEmpty && reading == nil && asked.isEmpty && hasNoHeadsToTell && batch.isEmpty
    }

    private var hasNoHeadsToTell: Bool { headsToSend.isEmpty && !headsUnderWay && headsToTell.isEmpty }

    // MARK: What are you missing?

    mutating func start(credit: Int, _ step: inout Step) {
        // A claim of more than a few batches is not believed: it would only let memory grow here.
        creditLeft = min(credit, Self.mostCredit)
        changedBuckets = []
        let root = tree.root()
        toldRoot = root
        phase = .rootTold
        step.send(.root(root))
    }

    mutating func peerHasRoot(_ step: inout Step) throws(Message.WireError) {
        guard phase == .rootTold else { throw Message.WireError(.unexpected, "same without a root") }
        phase = .streaming
        step.note(.upToDate)
        pump(&step)
    }

    mutating func peerDiffers(_ step: inout Step) throws(Message.WireError) {
        guard phase == .rootTold else { throw Message.WireError(.unexpected, "differs without a root") }
        phase = .bucketsTold
        changedBuckets = []
        toldRoot = nil
        streams = ChartStreams()
        queue.removeAll()
        headsToSend.removeAll()
        askedCharts = []
        step.send(.buckets(tree.buckets()))
    }

    mutating func open(_ buckets: [Int], _ step: inout Step) throws(Message.WireError) {
        guard phase == .bucketsTold else { throw Message.WireError(.unexpected, "open without buckets") }
        guard buckets.count <= ReplicationLimits.buckets,
            buckets.allSatisfy({ (0..<ReplicationLimits.buckets).contains($0) })
        else { throw Message.WireError(.limit, "a bucket is a number below \(ReplicationLimits.buckets)") }
        phase = .streaming
        for bucket in Set(buckets).sorted() { askAbout(tree.charts(inBucket: bucket)) }
        pump(&step)
    }

    /// The peer will be told the heads of these charts, and say what it misses of them.
    private mutating func askAbout(_ charts: [ChartID]) {
        for chart in charts where !refusedByPeer.contains(chart) && askedCharts.insert(chart).inserted {
            headsToSend.append(chart)
            queue.remove(chart)
        }
    }

    mutating func send(_ heads: [Message.ChartHeads], asked charts: [ChartID], _ step: inout Step) {
        headsUnderWay = false
        // A chart may have been withdrawn while its heads were read.
        let heads = heads.filter { tree.contains($0.chart) }
        let found = Set(heads.map(\.chart))
        for chart in charts where !found.contains(chart) {
            askedCharts.remove(chart)
            if sharedAgain.contains(chart), tree.contains(chart) { askAbout([chart]) } else { withdraw(chart) }
        }
        sharedAgain.subtract(charts)
        headsToTell = pieces(heads, &step)
        pump(&step)
    }

    /// Tells heads, as many as the peer may be asked about at once.
    private mutating func tellHeads(_ step: inout Step) {
        while tipsAsked < ReplicationLimits.tipsUnderWay, !headsToTell.isEmpty {
            let piece = headsToTell.removeFirst()
            guard !piece.charts.isEmpty else { continue }
            asked[nextPart] = piece
            tipsAsked += piece.weight
            step.send(.heads(Message.Heads(part: nextPart, charts: piece.charts)))
            nextPart += 1
        }
    }

    /// Heads in pieces that fit into a line.
    private mutating func pieces(_ heads: [Message.ChartHeads], _ step: inout Step) -> [HeadsPiece] {
        var pieces: [HeadsPiece] = []
        var tips = 0
        for chart in heads {
            guard chart.tips.count <= ReplicationLimits.tipsPerHeads else {
                unsendable.insert(chart.chart)
                askedCharts.remove(chart.chart)
                step.note(.tooManyWriters(chart.chart))
                continue
            }
            tips += chart.tips.count
            if pieces.isEmpty || tips > ReplicationLimits.tipsPerHeads {
                pieces.append(HeadsPiece(covers: headsCover))
                tips = chart.tips.count
            }
            pieces[pieces.count - 1].charts.append(chart)
        }
        return pieces
    }

    mutating func want(_ want: Message.Want, _ step: inout Step) throws(Message.WireError) {
        if want.part == 0 {
            for wanted in want.charts where !refusedByPeer.contains(wanted.chart) { restart(wanted, &step) }
        } else {
            try answered(want, &step)
        }
        pump(&step)
    }

    private mutating func answered(_ want: Message.Want, _ step: inout Step) throws(Message.WireError) {
        var total = Message.Total(events: 0, charts: 0)
        guard let piece = asked.removeValue(forKey: want.part) else {
            throw Message.WireError(.unexpected, "want for part \(want.part)")
        }
        tipsAsked -= piece.weight
        var wanted: [ChartID: VectorClock] = [:]
        for chart in want.charts { wanted[chart.chart] = chart.after }
        for chart in piece.charts {
            askedCharts.remove(chart.chart)
            let wanted = wanted.removeValue(forKey: chart.chart)
            let after = askedAgain.removeValue(forKey: chart.chart) ?? wanted
            guard tree.contains(chart.chart) else { continue }
            if let after {
                enqueue(
                    chart.chart,
                    newStream(after: ChartStream.Known(clock: after, upTo: piece.covers), position: 0, skipsOwn: false))
                total.charts += 1
                total.events += chart.tips.reduce(0) { $0 + max(0, $1.seq - after[$1.origin]) }
            } else if arrival > base {
                enqueue(chart.chart, streams[chart.chart] ?? newStream(position: base, skipsOwn: true))
            }
        }
        guard wanted.isEmpty else { throw Message.WireError(.unexpected, "want names a chart that was not offered") }
        if total.events > 0 {
            announced += total.events
            step.send(.total(total))
        }
    }

    /// Sends a chart from its beginning. What stands of it in the open batch must not come before that.
    private mutating func restart(_ wanted: Message.ChartWant, _ step: inout Step) {
        guard tree.contains(wanted.chart) else {
            return step.send(.refused(Message.Refused(chart: wanted.chart, code: .notShared)))
        }
        guard !askedCharts.contains(wanted.chart) else { return askedAgain[wanted.chart] = wanted.after }
        enqueue(
            wanted.chart, newStream(after: ChartStream.Known(clock: wanted.after, upTo: arrival), position: 0, skipsOwn: false))
        if batch.contains(wanted.chart) { endBatch(&step) }
    }

    private mutating func newStream(
        after: ChartStream.Known? = nil, position: Int, skipsOwn: Bool
    ) -> ChartStream {
        lastStream += 1
        return ChartStream(known: after, position: position, skipsOwn: skipsOwn, number: lastStream)
    }

    // MARK: Streaming

    mutating func offerChanged(_ offer: Offer, _ step: inout Step) {
        // What was computed before the offer that the session began with is older than what the tree holds.
        guard offer.arrival >= arrival else { return }
        arrival = offer.arrival
        for (chart, digest) in offer.charts.sorted(by: { $0.key < $1.key }) {
            let isNew = !tree.contains(chart) && digest != nil
            guard tree.set(chart, digest) else { continue }
            changedBuckets.insert(chart.bucket)
            rootIsDue = true
            guard digest != nil else {
                drop(chart)
                continue
            }
            guard phase != .silent else { continue }
            if askedCharts.contains(chart) { sharedAgain.insert(chart) }
            if isNew {
                askAbout([chart])
            } else {
                if let index = reading?.charts.firstIndex(where: { $0.chart == chart }) { reading?.charts[index].isOld = true }
                enqueue(chart, streams[chart] ?? newStream(position: base, skipsOwn: true))
            }
        }
        pump(&step)
    }

    private mutating func enqueue(_ chart: ChartID, _ stream: ChartStream) {
        guard !refusedByPeer.contains(chart), !askedCharts.contains(chart) else { return }
        streams[chart] = stream
        queue.append(chart)
    }

    private mutating func drop(_ chart: ChartID) {
        streams[chart] = nil
        queue.remove(chart)
        sharedAgain.remove(chart)
        askedAgain[chart] = nil
        if headsToSend.remove(chart) { askedCharts.remove(chart) }
        for index in headsToTell.indices where headsToTell[index].charts.contains(where: { $0.chart == chart }) {
            headsToTell[index].charts.removeAll { $0.chart == chart }
            askedCharts.remove(chart)
        }
    }

    /// Storage says that the peer may not have a chart any more.
    private mutating func withdraw(_ chart: ChartID) {
        drop(chart)
        guard tree.set(chart, nil) else { return }
        changedBuckets.insert(chart.bucket)
        rootIsDue = true
    }

    /// The peer takes no more of a chart. Returns false where it was never offered, or was refused before.
    mutating func refused(_ chart: ChartID, _ step: inout Step) -> Bool {
        guard tree.contains(chart), refusedByPeer.insert(chart).inserted else { return false }
        drop(chart)
        pump(&step)
        return true
    }

    mutating func credit(_ bytes: Int, _ step: inout Step) throws(Message.WireError) {
        guard bytes >= 0, bytes <= ReplicationLimits.creditBytes else {
            throw Message.WireError(.limit, "credit of \(bytes) bytes")
        }
        creditLeft = min(creditLeft + bytes, Self.mostCredit)
        pump(&step)
    }

    /// Goes on with whatever is next: heads to tell, events to read, a batch to end.
    private mutating func pump(_ step: inout Step) {
        guard phase == .streaming else { return }
        tellHeads(&step)
        if !headsToSend.isEmpty, !headsUnderWay, headsToTell.isEmpty, tipsAsked < ReplicationLimits.tipsUnderWay {
            let piece = headsToSend.take(ReplicationLimits.chartsPerHeads)
            headsUnderWay = true
            headsCover = arrival
            step.store(.heads(piece), .sendHeads(piece))
        }
        guard reading == nil else { return }
        let charts = queue.first(ReplicationLimits.chartsPerRead)
        guard let first = charts.first else { return batch.isEmpty ? () : endBatch(&step) }
        let room = (events: batch.room.events, bytes: min(batch.room.bytes, creditLeft))
        guard room.bytes > 0, !batch.isNearlyFull, batch.takes(first) else { return endBatch(&step) }
        // Storage takes as many of them as fit: what goes into one batch is read, and accounted for, at once.
        read([first] + charts.dropFirst().prefix { !batch.contains($0) }, maxEvents: room.events, maxBytes: room.bytes, &step)
    }

    private mutating func read(_ charts: [ChartID], maxEvents: Int, maxBytes: Int, _ step: inout Step) {
        var request = StoreRequest.ReadRequest(charts: [], maxEvents: maxEvents, maxBytes: maxBytes)
        var read = PendingRead(bytes: maxBytes)
        for chart in charts {
            guard let stream = streams[chart] else { continue }
            let end = stream.end(arrival)
            read.charts.append(PendingRead.Chart(chart: chart, stream: stream.number, upTo: end))
            request.charts.append(
                StoreRequest.ChartRange(
                    chart: chart, after: stream.known?.clock ?? VectorClock(), from: stream.position, upTo: end,
                    skipsOwn: stream.skipsOwn))
        }
        reading = read
        step.store(.read(request), .read)
    }

    mutating func send(_ answers: [StoreAnswer.ReadAnswer], _ step: inout Step) throws(Message.WireError) {
        guard let read = reading else { return }
        reading = nil
        guard !answers.isEmpty, answers.map(\.run.chart) == read.charts.prefix(answers.count).map(\.chart) else {
            throw Message.WireError(.storage, "an answer for other charts")
        }
        var room = read.bytes
        for (answer, chart) in zip(answers, read.charts) {
            guard try send(answer, of: chart, room: room, &step) else { return }
            room -= answer.run.events.reduce(0) { $0 + $1.byteCount }
        }
        pump(&step)
    }

    /// Sends what was read of a chart, for which there was so much room. Returns false where nothing is to be read before something else
    /// happens.
    private mutating func send(
        _ answer: StoreAnswer.ReadAnswer, of read: PendingRead.Chart, room: Int, _ step: inout Step
    ) throws(Message.WireError) -> Bool {
        let chart = read.chart
        // Another stream took the place of this one while it was read: what it sends covers this.
        guard let current = streams[chart], current.number == read.stream else { return true }
        guard answer.state != .withdrawn else {
            if read.isOld {
                drop(chart)
                askAbout([chart])
            } else {
                withdraw(chart)
            }
            return true
        }
        creditLeft -= batch.send(answer.run, &step)
        sent += answer.run.events.count
        streams[chart]?.position = answer.next
        if answer.state == .atEnd {
            queue.remove(chart)
            streams[chart]?.position = read.upTo
            streams[chart]?.skipsOwn = true
            streams[chart]?.known = nil
            if read.upTo < arrival, let stream = streams[chart] { enqueue(chart, stream) }
        } else if answer.run.events.isEmpty {
            // The next commit does not fit into what was left of the batch or of the credit.
            guard batch.isEmpty else {
                endBatch(&step)
                return false
            }
            guard room < ReplicationLimits.batchBytes else { throw Message.WireError(.storage, "a commit larger than a batch") }
            // More may be left by now; otherwise credit is waited for.
            return creditLeft > room
        }
        return true
    }

    /// Ends the batch; with the root where the peer now has everything.
    private mutating func endBatch(_ step: inout Step) {
        let complete = queue.isEmpty && asked.isEmpty && hasNoHeadsToTell && unsendable.isEmpty
        guard !batch.isEmpty || complete else { return }
        var commit = Message.Commit(events: batch.events, root: nil, buckets: [])
        if complete {
            let words = tree.buckets()
            let root = tree.root()
            commit.root = root
            commit.buckets = changedBuckets.sorted().map { Message.Bucket(index: $0, word: words[$0]) }
            changedBuckets = []
            toldRoot = root
            rootIsDue = false
        }
        batch = OpenBatch()
        step.send(.commit(commit))
        if complete { step.note(.upToDate) } else { pump(&step) }
    }

    /// A root that changed without events to send (they came from the peer) is told at leisure: it saves work at the next connection only.
    mutating func tick(_ step: inout Step) { if wantsTick { endBatch(&step) } }

    /// True where a root waits to be told. None is complete without a chart that cannot be sent.
    var wantsTick: Bool { phase == .streaming && isIdle && unsendable.isEmpty && (rootIsDue || toldRoot == nil) }
}
