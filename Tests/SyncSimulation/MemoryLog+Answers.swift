import CareModel
public import EventLog
public import Replication

/// The port of a session on the simulator's log.
extension MemoryLog {
    public func answer(_ request: StoreRequest, for peer: NodeID) -> StoreAnswer {
        guard let state = disk.peers[peer] else { return .failed("not paired") }
        switch request {
        case .completedRoot: return .completedRoot(state.root)
        case .completedBuckets:
            return .completedBuckets((0..<ReplicationLimits.buckets).map { state.buckets[$0] ?? 0 })
        case .heads(let charts):
            return .heads(charts.filter { isShared($0, with: peer) }.compactMap { heads(of: $0) })
        case .compare(let offered): return .compared(compare(offered, with: peer))
        case .read(let request): return .read(read(request, for: peer))
        case .admit(let batch):
            do {
                return .admitted(try admit(batch, from: peer))
            } catch {
                return .failed("\(error)")
            }
        case .statements(let receipts, let notices):
            store(receipts, notices, from: peer)
            return .statementsStored
        case .pendingStatements(let mark): return pendingStatements(for: peer, beyond: max(mark, state.noted))
        case .statementsNoted(let mark):
            disk.peers[peer]?.noted = max(state.noted, mark)
            return .noted
        }
    }

    // MARK: What is missing

    private func compare(_ offered: [ChartHeads], with peer: NodeID) -> StoreAnswer.Comparison {
        var comparison = StoreAnswer.Comparison(wants: [], peerKnowsMoreOfMe: false)
        var isPresentOrigin = false
        for heads in offered {
            let mine = self.heads(of: heads.chart)?.tips ?? []
            guard
                let missing = heads.missing(
                    with: mine, mayKnow: isShared(heads.chart, with: peer, evenHeld: true),
                    holds: { disk.hashes.contains($0.hash) })
            else { continue }
            comparison.wants.append(Message.ChartWant(chart: heads.chart, after: missing.after))
            if missing.tips.contains(where: { $0.origin.node == node }) { comparison.peerKnowsMoreOfMe = true }
            if missing.tips.contains(where: { $0.origin == origin }) { isPresentOrigin = true }
        }
        if isPresentOrigin { drawEpochAgain() }
        return comparison
    }

    // MARK: Sending

    private func read(_ request: StoreRequest.ReadRequest, for peer: NodeID) -> [StoreAnswer.ReadAnswer] {
        var answers: [StoreAnswer.ReadAnswer] = []
        var (events, bytes) = (request.maxEvents, request.maxBytes)
        for range in request.charts where answers.last?.state != .more {
            let answer = read(range, maxEvents: events, maxBytes: bytes, for: peer)
            events -= answer.run.events.count
            bytes -= answer.run.events.reduce(0) { $0 + $1.byteCount }
            answers.append(answer)
        }
        return answers
    }

    private func read(
        _ request: StoreRequest.ChartRange, maxEvents: Int, maxBytes: Int, for peer: NodeID
    ) -> StoreAnswer.ReadAnswer {
        var answer = StoreAnswer.ReadAnswer(
            run: ChartRun(chart: request.chart, events: [], heads: []), next: request.from, state: .withdrawn)
        guard isShared(request.chart, with: peer) else { return answer }
        answer.state = .atEnd
        var bytes = 0
        var last: [EventHash: Event] = [:]
        let rows = (disk.charts[request.chart] ?? []).filter { $0 >= request.from && $0 < request.upTo }
        for commit in commits(of: rows) {
            let wanted = commit.map { disk.rows[$0] }.filter { row in
                !(request.skipsOwn && row.source == peer) && !request.after.covers(row.event.envelope.dot)
            }
            let lines = wanted.map { EventLines(envelope: $0.event.line, body: $0.event.bodyLine?.line) }
            let size = lines.reduce(0) { $0 + $1.byteCount }
            guard answer.run.events.count + lines.count <= maxEvents, bytes + size <= maxBytes else {
                answer.state = .more
                break
            }
            bytes += size
            answer.run.events += lines
            answer.next = (commit.last ?? 0) + 1
            for row in wanted {
                if let prev = row.event.envelope.prev { last[prev] = nil }
                last[row.event.hash] = row.event
            }
        }
        answer.run.heads = last.keys.sorted().compactMap { disk.heads[$0] }
        if answer.state == .atEnd { answer.next = request.upTo }
        return answer
    }

    private func commits(of rows: [Int]) -> [[Int]] {
        var commits: [[Int]] = []
        for row in rows {
            if let last = commits.last?.last, disk.batches[last] == disk.batches[row] {
                commits[commits.count - 1].append(row)
            } else {
                commits.append([row])
            }
        }
        return commits
    }

    // MARK: Receiving

    private func admit(_ batch: StoreRequest.Batch, from peer: NodeID) throws -> StoreAnswer.Admission {
        var admission = StoreAnswer.Admission(refused: [], newEvents: 0)
        var touched: Set<ChartID> = []
        var (isForeign, hasReceipts) = (false, false)
        disk.lastBatch += 1
        for (run, events) in zip(batch.runs, batch.events) {
            // Taken out, so that it grows in its place instead of in a copy.
            var record = records.removeValue(forKey: run.chart) ?? ChartRecord(chart: run.chart)
            let admitted: [Event]
            do throws(RunRefusal) {
                admitted = try record.admit(events, vouchedForBy: run.heads, from: peer).compactMap { index, _ in
                    try? events[index].get()
                }
            } catch {
                admission.refused.append(Self.refusal(of: run.chart, error))
                // Where it is refused, some of it may be in.
                if disk.charts[run.chart] != nil { records[run.chart] = try rebuilt(run.chart) }
                continue
            }
            // A chart that was opened for a key that has been replaced since.
            let said = try sayKeys(&record)
            records[run.chart] = record
            for event in admitted { store(event, source: peer) }
            for event in said { store(event, source: nil) }
            if let last = said.last { disk.heads[last.hash] = try SignedHead(signing: last, at: clock, with: key) }
            let heads = Dictionary(run.heads.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
            var last: [Origin: Event] = [:]
            for event in admitted {
                last[event.envelope.origin] = event
                if let head = heads[event.hash] { disk.heads[event.hash] = head }
            }
            for (origin, event) in last.sorted(by: { $0.key < $1.key }) {
                if origin.node == node {
                    isForeign = isForeign || origin == self.origin
                } else if let receipt = receipt(for: event) {
                    keep(receipt)
                    hasReceipts = true
                }
            }
            admission.newEvents += admitted.count
            if !admitted.isEmpty { touched.insert(run.chart) }
        }
        if isForeign { drawEpochAgain() }
        if !touched.isEmpty { finish(touched) }
        if admission.refused.isEmpty, let completes = batch.completes {
            disk.peers[peer]?.root = completes.root
            disk.peers[peer]?.buckets.merge(completes.buckets) { _, newer in newer }
            releaseSynced()
        }
        if hasReceipts { note(StoreChange(statements: true)) }
        return admission
    }

    private static func refusal(of chart: ChartID, _ error: RunRefusal) -> StoreAnswer.Refusal {
        switch error {
        case .inadmissible(let error):
            StoreAnswer.Refusal(chart: chart, code: .inadmissible, isGap: error.isGap, text: "\(error)")
        case .notAMember:
            StoreAnswer.Refusal(chart: chart, code: .notAMember, isGap: false, text: "not a member")
        }
    }

    // MARK: Receipts and notices

    private func receipt(for event: Event) -> Receipt? {
        try? Receipt(
            signing: key, instance: disk.instance, chart: event.envelope.chart, dot: event.envelope.dot, hash: event.hash,
            at: clock)
    }

    private func isNews(_ receipt: Receipt) -> Bool {
        disk.receipts[ReceiptKey(receipt)].map { $0.receipt.dot.seq < receipt.dot.seq } ?? true
    }

    private func keep(_ receipt: Receipt) {
        guard isNews(receipt) else { return }
        disk.lastStatement += 1
        disk.receipts[ReceiptKey(receipt)] = (disk.lastStatement, receipt)
    }

    private func store(_ receipts: [Receipt], _ notices: [RemovalNotice], from peer: NodeID) {
        let before = disk.lastStatement
        var memberships: [ChartID: Membership] = [:]
        for receipt in receipts {
            guard isNews(receipt), let record = records[receipt.chart], record.graph.position(of: receipt.hash) != nil else {
                continue
            }
            let membership = memberships[receipt.chart] ?? Fold.membership(of: record)
            memberships[receipt.chart] = membership
            guard let known = membership.members[receipt.receiver]?.keys else { continue }
            let keys = disk.peers[receipt.receiver]?.keys.map { known.merging($0) } ?? known
            guard verified.isValid(receipt, for: keys) else { continue }
            keep(receipt)
        }
        let keys = disk.peers[peer]?.keys?.all ?? []
        for notice in notices where notice.removed == node && notice.isValid(for: keys) {
            guard disk.notices[notice.removal] == nil else { continue }
            disk.lastStatement += 1
            disk.notices[notice.removal] = (disk.lastStatement, notice)
        }
        if disk.lastStatement > before { note(StoreChange(statements: true)) }
    }

    private func pendingStatements(for peer: NodeID, beyond mark: Int) -> StoreAnswer {
        let receipts = disk.receipts.values.filter {
            $0.number > mark && $0.receipt.receiver != peer && isShared($0.receipt.chart, with: peer, evenHeld: true)
        }.sorted { $0.number < $1.number }.prefix(ReplicationLimits.statementsAtOnce)
        let notices = disk.notices.values.filter { $0.number > mark && $0.notice.removed == peer }
            .sorted { $0.number < $1.number }
        let last = (receipts.map(\.number) + notices.map(\.number)).max() ?? 0
        return .pendingStatements(receipts.map(\.receipt), notices.map(\.notice), upTo: max(mark, last))
    }
}

/// Receipts whose signatures were found good. A receipt reaches every member of its chart, and checking a signature is the dearest thing that
/// nodes do here: one of them does it for all.
public final class VerifiedReceipts {
    private struct Entry: Hashable {
        let receipt: Receipt
        let keys: NodeKeys
    }

    private var known: Set<Entry> = []

    public init() {}

    func isValid(_ receipt: Receipt, for keys: NodeKeys) -> Bool {
        let entry = Entry(receipt: receipt, keys: keys)
        guard !known.contains(entry) else { return true }
        guard receipt.isValid(for: keys) else { return false }
        known.insert(entry)
        return true
    }
}
