import EventLog

/// The receiving half of a session: finds out what is missing, and hands batches to storage.
struct Receiving: Sendable {
    /// A batch that storage was handed.
    struct Admit: Hashable, Sendable {
        let number: Int
        let bytes: Int
        let charts: [ChartID]
        let completes: StoreRequest.Completion?
    }

    private enum Gap: Hashable, Sendable {
        /// The chart was asked for from its beginning.
        case asked
        /// Its beginning came in the batch of this number.
        case coming(Int)
    }

    private var runs: [ChartRun] = []
    /// Of each run, what its lines are.
    private var read: [[Result<Event, FormatError>]] = []
    private var awaitsBody = false
    private var batchEvents = 0
    private var batchBytes = 0
    private var batchHeads = 0
    private var creditGiven = ReplicationLimits.creditBytes
    private var admitsUnderWay = 0
    private var lastAdmit = 0
    /// A root that waits for the batches before it.
    private var held: StoreRequest.Completion?
    private var tipsUnderWay = 0
    private var chartsNamed = 0
    /// What the sender's buckets are, as far as they differ from those last completed.
    private var offered: [Int: UInt64] = [:]
    /// Charts asked for again after a gap; no root is complete while one is open.
    private var gaps: [ChartID: Gap] = [:]
    private var askedAgain: Set<ChartID> = []
    private(set) var suspended: Set<ChartID> = []
    private var chartsAnnounced = 0
    /// Charts come one after another: of all but the last everything has come.
    private var chartsBegun = 0
    private var lastChart: ChartID?
    private(set) var announced = 0
    private(set) var received = 0
    private(set) var isDone = false

    /// Charts of which announced events have not come; one at least while there are some.
    var chartsToCome: Int { max(1, chartsAnnounced - max(0, chartsBegun - 1)) }

    // MARK: What am I missing?

    mutating func compare(_ root: EventHash, with completed: EventHash?, _ step: inout Step) {
        isDone = root == completed
        step.send(isDone ? .same : .differs)
    }

    mutating func compare(_ offered: [UInt64], with completed: [UInt64], _ step: inout Step) {
        for bucket in 0..<ReplicationLimits.buckets where offered[bucket] != completed[bucket] {
            self.offered[bucket] = offered[bucket]
        }
        step.send(.open(self.offered.keys.sorted()))
    }

    mutating func heads(_ heads: Message.Heads, _ step: inout Step) throws(Message.WireError) {
        chartsNamed += heads.charts.count
        let tips = heads.charts.reduce(0) { $0 + $1.tips.count }
        guard heads.charts.count <= ReplicationLimits.chartsPerHeads,
            chartsNamed <= ReplicationLimits.chartsPerSession, tipsUnderWay < ReplicationLimits.tipsUnderWay,
            tips <= ReplicationLimits.tipsPerHeads
        else { throw Message.WireError(.limit, "too many charts in heads") }
        // Charts without tips cost something too.
        let weight = max(1, tips)
        tipsUnderWay += weight
        step.store(.compare(heads.charts), .compareHeads(part: heads.part, tips: weight))
    }

    mutating func answer(_ comparison: StoreAnswer.Comparison, part: Int, tips: Int, _ step: inout Step) {
        tipsUnderWay -= tips
        if comparison.peerKnowsMoreOfMe { step.note(.peerKnowsMoreOfMe) }
        step.send(.want(Message.Want(part: part, charts: comparison.wants)))
    }

    mutating func total(_ total: Message.Total) {
        chartsAnnounced = min(chartsAnnounced, Limits.sequence) + max(0, min(total.charts, Limits.sequence))
        announced = min(announced, Limits.sequence) + max(0, min(total.events, Limits.sequence))
        isDone = false
    }

    // MARK: Batches

    mutating func envelope(_ line: [UInt8]) throws(Message.WireError) {
        guard !awaitsBody else { throw Message.WireError(.unexpected, "an envelope where a body must follow") }
        guard let chart = EnvelopeText.chart(of: line) else {
            throw Message.WireError(.malformed, "field chart: an envelope without a chart")
        }
        try count(line)
        batchEvents += 1
        guard batchEvents <= ReplicationLimits.batchEvents else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.batchEvents) events in a batch")
        }
        if runs.last?.chart != chart {
            guard !runs.contains(where: { $0.chart == chart }) else {
                throw Message.WireError(.unexpected, "a chart twice in a batch")
            }
            runs.append(ChartRun(chart: chart, events: [], heads: []))
            read.append([])
            if chart != lastChart { chartsBegun += 1 }
            lastChart = chart
        }
        runs[runs.count - 1].events.append(EventLines(envelope: line, body: nil))
        awaitsBody = true
    }

    mutating func body(_ line: [UInt8]) throws(Message.WireError) {
        guard awaitsBody, let run = runs.indices.last, let event = runs[run].events.indices.last else {
            throw Message.WireError(.unexpected, "a body without an envelope")
        }
        try count(line)
        runs[run].events[event].body = line
        readLast(runs[run].events[event])
    }

    mutating func absent(_ hash: EventHash) throws(Message.WireError) {
        guard awaitsBody, let event = runs.last?.events.last, EnvelopeText.body(of: event.envelope) == hash else {
            throw Message.WireError(.unexpected, "an absent body that the envelope before does not name")
        }
        readLast(event)
    }

    private mutating func readLast(_ lines: EventLines) {
        read[read.count - 1].append(lines.event)
        awaitsBody = false
    }

    mutating func head(_ head: SignedHead) throws(Message.WireError) {
        guard let run = runs.lastIndex(where: { $0.chart == head.chart }) else {
            throw Message.WireError(.unexpected, "a head of a chart that is not in the batch")
        }
        batchHeads += 1
        guard batchHeads <= ReplicationLimits.headsPerBatch else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.headsPerBatch) heads in a batch")
        }
        runs[run].heads.append(head)
    }

    private mutating func count(_ line: [UInt8]) throws(Message.WireError) {
        guard line.count <= Limits.lineBytes else {
            throw Message.WireError(.limit, "an event line of \(line.count) bytes")
        }
        batchBytes += line.count
        guard batchBytes <= ReplicationLimits.batchBytes else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.batchBytes) bytes in a batch")
        }
        creditGiven -= line.count
        guard creditGiven >= 0 else { throw Message.WireError(.limit, "more event bytes than credit was given for") }
    }

    mutating func commit(_ commit: Message.Commit, _ step: inout Step) throws(Message.WireError) {
        guard !awaitsBody, commit.events == batchEvents else {
            throw Message.WireError(.unexpected, "commit counts \(commit.events) events where \(batchEvents) came")
        }
        for bucket in commit.buckets {
            guard (0..<ReplicationLimits.buckets).contains(bucket.index), let word = bucket.word else {
                throw Message.WireError(.malformed, "field buckets: not a bucket")
            }
            offered[bucket.index] = word
        }
        let wanted = self.runs.indices.filter { isWanted(self.runs[$0]) }
        let (runs, read) = (wanted.map { self.runs[$0] }, wanted.map { self.read[$0] })
        let bytes = batchBytes
        received += batchEvents
        if batchEvents > 0 { isDone = false }
        (self.runs, self.read, batchEvents, batchBytes, batchHeads) = ([], [], 0, 0, 0)
        if let root = commit.root, suspended.isEmpty, !gaps.values.contains(.asked) {
            held = StoreRequest.Completion(
                root: root, buckets: offered.merging(held?.buckets ?? [:]) { newer, _ in newer })
            offered = [:]
        }
        if !runs.isEmpty {
            hand(runs, read, bytes: bytes, completes: admitsUnderWay == 0 && gaps.isEmpty ? takeHeld() : nil, &step)
        } else {
            giveCredit(bytes, &step)
            completeHeld(&step)
        }
    }

    /// What is left of a chart whose events came without their past is not wanted, until it comes from its beginning.
    private mutating func isWanted(_ run: ChartRun) -> Bool {
        guard !suspended.contains(run.chart) else { return false }
        guard gaps[run.chart] == .asked else { return true }
        guard let first = run.events.first, EnvelopeText.isGenesis(first.envelope) else { return false }
        gaps[run.chart] = .coming(lastAdmit + 1)
        return true
    }

    private mutating func hand(
        _ runs: [ChartRun], _ read: [[Result<Event, FormatError>]], bytes: Int, completes: StoreRequest.Completion?,
        _ step: inout Step
    ) {
        lastAdmit += 1
        admitsUnderWay += 1
        step.store(
            .admit(StoreRequest.Batch(runs: runs, reading: read, completes: completes)),
            .admit(Admit(number: lastAdmit, bytes: bytes, charts: runs.map(\.chart), completes: completes)))
    }

    private mutating func takeHeld() -> StoreRequest.Completion? {
        defer { held = nil }
        return held
    }

    /// A root is stored only when all before it has been: a batch that is still under way may be refused in part.
    private mutating func completeHeld(_ step: inout Step) {
        guard admitsUnderWay == 0, gaps.isEmpty, suspended.isEmpty, let completion = takeHeld() else { return }
        hand([], [], bytes: 0, completes: completion, &step)
    }

    mutating func admitted(
        _ admission: StoreAnswer.Admission, of admit: Admit, _ step: inout Step
    ) throws(Message.WireError) {
        admitsUnderWay -= 1
        let refused = Set(admission.refused.map(\.chart))
        for chart in admit.charts where !refused.contains(chart) {
            if case .coming(let number) = gaps[chart], admit.number >= number { gaps[chart] = nil }
        }
        if refused.isEmpty {
            if admit.completes != nil { isDone = true }
        } else if let completes = admit.completes {
            // Storage did not take the root; its buckets belong to the next one that is complete.
            keep(completes.buckets)
        }
        for refusal in admission.refused { refuse(refusal, admit, &step) }
        guard suspended.count <= ReplicationLimits.refusedCharts, askedAgain.count <= ReplicationLimits.refusedCharts else {
            throw Message.WireError(.limit, "more than \(ReplicationLimits.refusedCharts) charts that cannot be taken")
        }
        giveCredit(admit.bytes, &step)
        completeHeld(&step)
    }

    private mutating func refuse(_ refusal: StoreAnswer.Refusal, _ admit: Admit, _ step: inout Step) {
        switch gaps[refusal.chart] {
        // It was under way when the gap was found: no answer to what was asked for.
        case .asked where refusal.isGap: return
        case .coming(let number) where refusal.isGap && admit.number < number: return
        default: break
        }
        // What the sender believes complete is not.
        keep(takeHeld()?.buckets ?? [:])
        isDone = false
        if refusal.isGap, askedAgain.insert(refusal.chart).inserted {
            gaps[refusal.chart] = .asked
            step.note(.gap(refusal.chart, refusal.text))
            step.send(
                .want(Message.Want(part: 0, charts: [Message.ChartWant(chart: refusal.chart, after: VectorClock())])))
        } else if suspended.insert(refusal.chart).inserted {
            gaps[refusal.chart] = nil
            step.note(.refusing(refusal))
            step.send(.refused(Message.Refused(chart: refusal.chart, code: refusal.code)))
        }
    }

    private mutating func keep(_ buckets: [Int: UInt64]) { offered.merge(buckets) { newer, _ in newer } }

    /// What was asked for again is not shared any more: there is nothing to wait for, and where it is shared once more the same gap may
    /// be found anew. Returns false where nothing was asked for.
    mutating func notShared(_ chart: ChartID) -> Bool {
        guard gaps.removeValue(forKey: chart) != nil else { return false }
        askedAgain.remove(chart)
        return true
    }

    private mutating func giveCredit(_ bytes: Int, _ step: inout Step) {
        guard bytes > 0 else { return }
        creditGiven += bytes
        step.send(.credit(bytes))
    }
}
