import EventLog

/// The receiving half of a session: finds out what is missing, and hands batches to storage.
struct Receiving: Sendable {
    private var runs: [ChartRun] = []
    private var awaitsBody = false
    private var batchEvents = 0
    private var batchBytes = 0
    private var batchHeads = 0
    private var creditGiven = ReplicationLimits.creditBytes
    private var admitsUnderWay = 0
    /// A root that waits for the batches before it.
    private var held: StoreRequest.Completion?
    private var comparesUnderWay = 0
    private var chartsNamed = 0
    /// What the sender's buckets are, as far as they differ from those last completed.
    private var offered: [Int: UInt64] = [:]
    /// Charts asked for again after a gap; no root is complete while one is open.
    private var gaps: Set<ChartID> = []
    private var askedAgain: Set<ChartID> = []
    private(set) var suspended: Set<ChartID> = []
    private(set) var announced = 0
    private(set) var received = 0
    private(set) var isDone = false

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
        guard heads.charts.count <= ReplicationLimits.chartsPerHeads,
            chartsNamed <= ReplicationLimits.chartsPerSession, comparesUnderWay < 16
        else { throw Message.WireError(.limit, "too many charts in heads") }
        comparesUnderWay += 1
        step.store(.compare(heads.charts), .compareHeads(part: heads.part))
    }

    mutating func answer(_ comparison: StoreAnswer.Comparison, part: Int, _ step: inout Step) {
        comparesUnderWay -= 1
        if comparison.peerKnowsMoreOfMe { step.note(.peerKnowsMoreOfMe) }
        step.send(.want(Message.Want(part: part, charts: comparison.wants)))
    }

    mutating func total(_ total: Message.Total) {
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
        awaitsBody = false
    }

    mutating func absent(_ hash: EventHash) throws(Message.WireError) {
        guard awaitsBody, let event = runs.last?.events.last, EnvelopeText.body(of: event.envelope) == hash else {
            throw Message.WireError(.unexpected, "an absent body that the envelope before does not name")
        }
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
        var completes: StoreRequest.Completion?
        if let root = commit.root, gaps.isEmpty, suspended.isEmpty {
            let completion = StoreRequest.Completion(
                root: root, buckets: offered.merging(held?.buckets ?? [:]) { newer, _ in newer })
            offered = [:]
            // A root is stored only when all before it has been: a batch that is still under way may be refused in part.
            if admitsUnderWay == 0 { completes = completion } else { held = completion }
        }
        isDone = commit.root != nil
        let batch = StoreRequest.Batch(
            runs: runs.filter { !suspended.contains($0.chart) }, completes: completes)
        received += batchEvents
        if !batch.runs.isEmpty || batch.completes != nil {
            admitsUnderWay += 1
            step.store(.admit(batch), .admit(bytes: batchBytes, batch.runs.map(\.chart), completes))
        } else {
            giveCredit(batchBytes, &step)
        }
        runs = []
        (batchEvents, batchBytes, batchHeads) = (0, 0, 0)
    }

    mutating func admitted(
        _ admission: StoreAnswer.Admission, bytes: Int, charts: [ChartID], completes: StoreRequest.Completion?,
        _ step: inout Step
    ) {
        admitsUnderWay -= 1
        let refused = Set(admission.refused.map(\.chart))
        for chart in charts where !refused.contains(chart) { gaps.remove(chart) }
        if !refused.isEmpty {
            // Storage did not take the root, nor may a later one be; their buckets belong to the next one that is complete.
            for completion in [held, completes] { offered.merge(completion?.buckets ?? [:]) { newer, _ in newer } }
            held = nil
            isDone = false
        }
        for refusal in admission.refused {
            if refusal.isGap, askedAgain.insert(refusal.chart).inserted {
                gaps.insert(refusal.chart)
                step.note(.gap(refusal.chart, refusal.text))
                step.send(
                    .want(
                        Message.Want(
                            part: 0, charts: [Message.ChartWant(chart: refusal.chart, after: VectorClock())])))
            } else if suspended.insert(refusal.chart).inserted {
                gaps.remove(refusal.chart)
                step.note(.refusing(refusal))
                step.send(.refused(Message.Refused(chart: refusal.chart, code: refusal.code)))
            }
        }
        giveCredit(bytes, &step)
        if admitsUnderWay == 0, let completion = held, gaps.isEmpty, suspended.isEmpty {
            held = nil
            admitsUnderWay += 1
            step.store(.admit(StoreRequest.Batch(runs: [], completes: completion)), .admit(bytes: 0, [], completion))
        }
    }

    /// What was asked for again is not shared any more: there is nothing to wait for.
    mutating func notShared(_ chart: ChartID) { gaps.remove(chart) }

    private mutating func giveCredit(_ bytes: Int, _ step: inout Step) {
        guard bytes > 0 else { return }
        creditGiven += bytes
        step.send(.credit(bytes))
    }
}
