import CareModel
import EventLog
import LogStore
import Replication

/// The ports of replication, on the log: answers a session's requests, and says which charts a peer may have now.
struct SyncPort: ReplicaStore, SharingPolicy {
    let log: LogStore
    let clock: NodeClock
    /// Writes down, durably, what is about to be sent.
    let account: @Sendable ([DisclosureRecorded]) async throws -> Void
    /// Told when a new epoch was drawn because of what a peer holds of this node.
    let onNewEpoch: @Sendable (NodeID) async -> Void

    func offer(to peer: NodeID) async throws -> Offer {
        let (charts, arrival) = try await log.offer(to: peer, on: clock.today)
        return Offer(charts: charts, arrival: arrival)
    }

    func answer(_ request: StoreRequest, for peer: NodeID) async -> StoreAnswer {
        do {
            return try await carryOut(request, for: peer)
        } catch {
            return Self.failed(error)
        }
    }

    func beginAdmission(
        of batches: [StoreRequest.Batch], for peer: NodeID
    ) async -> @Sendable () async -> [StoreAnswer] {
        let outcomes = log.beginAdmission(of: batches.map(Self.incoming), from: peer)
        return {
            do {
                return try await admissions(outcomes(), from: peer).map { .admitted($0) }
            } catch {
                guard batches.count > 1 else { return [Self.failed(error)] }
            }
            // One of them cannot be stored: those before it can.
            var answers: [StoreAnswer] = []
            for batch in batches { answers += await admit([batch], for: peer) }
            return answers
        }
    }

    func lookAhead(at batches: [StoreRequest.Batch]) {
        guard batches.count == 1 else { return }
        log.checkAhead(batches.flatMap { $0.runs.flatMap(\.heads) })
    }

    func answerAtOnce(_ request: StoreRequest, for peer: NodeID) -> StoreAnswer? {
        do {
            switch request {
            case .read(let read): return try readAtOnce(read, for: peer)
            case .pendingStatements(let mark):
                return try log.pendingStatementsAtAGlance(for: peer, on: clock.today, after: mark).map(Self.answer)
            case .statementsNoted(let mark):
                log.statementsNoted(by: peer, upTo: mark)
                return .noted
            default: return nil
            }
        } catch {
            return Self.failed(error)
        }
    }

    func answerAhead(_ request: StoreRequest, for peer: NodeID) -> AnswerAhead? {
        guard case .read(let read) = request, read.charts.count == 1, let range = read.charts.first.map(Self.range),
            let ahead = log.readAhead(range, maxEvents: read.maxEvents, maxBytes: read.maxBytes, for: peer)
        else { return nil }
        return AnswerAhead(.read([Self.answer(range, ahead.excerpt)])) { log.isDue(ahead) }
    }

    private func readAtOnce(_ read: StoreRequest.ReadRequest, for peer: NodeID) throws -> StoreAnswer? {
        guard read.charts.count == 1, let range = read.charts.first.map(Self.range) else { return nil }
        let excerpt = try log.readAtAGlance(
            range, maxEvents: read.maxEvents, maxBytes: read.maxBytes, for: peer, on: clock.today)
        // What is not accounted for yet waits for a commit, and so for another time.
        guard let excerpt, Self.disclosure(excerpt, range, to: peer).map(log.takeAccount) ?? true else { return nil }
        if excerpt.isAtEnd { log.noteFollowed(range.chart, by: peer) }
        return .read([Self.answer(range, excerpt)])
    }

    private static func failed(_ error: any Error) -> StoreAnswer { .failed("storage failed: \(error)") }

    private func carryOut(_ request: StoreRequest, for peer: NodeID) async throws -> StoreAnswer {
        switch request {
        case .completedRoot: return .completedRoot(try await log.completedRoot(of: peer))
        case .completedBuckets:
            let known = try await log.completedBuckets(of: peer)
            return .completedBuckets((0..<ReplicationLimits.buckets).map { known[$0] ?? 0 })
        case .heads(let charts): return .heads(try await log.heads(of: charts, for: peer, on: clock.today))
        case .compare(let offered): return try await compare(offered, with: peer)
        case .read(let read): return try await self.read(read, for: peer)
        case .admit(let batch): return await admit([batch], for: peer).first ?? .failed("storage did not answer")
        case .statements(let receipts, let notices):
            _ = try await log.store(receipts, notices, from: peer)
            return .statementsStored
        case .pendingStatements(let mark):
            return Self.answer(
                try await log.pendingStatements(
                    for: peer, on: clock.today, after: mark, limit: ReplicationLimits.statementsAtOnce))
        case .statementsNoted(let mark):
            log.statementsNoted(by: peer, upTo: mark)
            return .noted
        }
    }

    private func compare(_ offered: [ChartHeads], with peer: NodeID) async throws -> StoreAnswer {
        let comparison = try await log.compare(offered, with: peer, on: clock.today)
        if comparison.drewNewEpoch { await onNewEpoch(peer) }
        return .compared(
            StoreAnswer.Comparison(
                wants: comparison.wants.map { Message.ChartWant(chart: $0.chart, after: $0.after) },
                peerKnowsMoreOfMe: comparison.peerKnowsMoreOfMe))
    }

    private func read(_ request: StoreRequest.ReadRequest, for peer: NodeID) async throws -> StoreAnswer {
        let ranges = request.charts.map(Self.range)
        let excerpts = try await log.read(
            ranges, maxEvents: request.maxEvents, maxBytes: request.maxBytes, for: peer, on: clock.today)
        // Before anything leaves, it is written down that it does: what was disclosed must never be more than what is accounted for. All of it
        // in one commit: each waits for the disk. What was stored a moment ago is accounted for already, by the commit that stored it.
        let disclosures = zip(ranges, excerpts).compactMap { range, excerpt in
            excerpt.flatMap { Self.disclosure($0, range, to: peer) }
        }
        let open = disclosures.filter { !log.takeAccount(of: $0) }
        if !open.isEmpty { try await account(open) }
        for (range, excerpt) in zip(ranges, excerpts) where excerpt?.isAtEnd == true { log.noteFollowed(range.chart, by: peer) }
        return .read(zip(ranges, excerpts).map(Self.answer))
    }

    private static func answer(_ pending: PendingStatements) -> StoreAnswer {
        .pendingStatements(pending.receipts, pending.notices, upTo: pending.mark)
    }

    private static func range(_ range: StoreRequest.ChartRange) -> LogStore.ReadRange {
        LogStore.ReadRange(range.chart, after: range.after, from: range.from, upTo: range.upTo, skipsOwn: range.skipsOwn)
    }

    /// What is told by sending this; nil where it is nothing.
    private static func disclosure(
        _ excerpt: LogStore.Excerpt, _ range: LogStore.ReadRange, to peer: NodeID
    ) -> DisclosureRecorded? {
        guard !excerpt.events.isEmpty else { return nil }
        return DisclosureRecorded(
            peer: peer, chart: range.chart, ranges: excerpt.ranges, consent: excerpt.consent, events: excerpt.events.count)
    }

    private static func answer(_ range: LogStore.ReadRange, _ excerpt: LogStore.Excerpt?) -> StoreAnswer.ReadAnswer {
        guard let excerpt else {
            let nothing = ChartRun(chart: range.chart, events: [], heads: [])
            return StoreAnswer.ReadAnswer(run: nothing, next: range.from, state: .withdrawn)
        }
        let run = ChartRun(
            chart: range.chart, events: excerpt.events.map { EventLines(envelope: $0.envelope, body: $0.body) },
            heads: excerpt.heads)
        return StoreAnswer.ReadAnswer(run: run, next: excerpt.next, state: excerpt.isAtEnd ? .atEnd : .more)
    }

    private static func incoming(_ batch: StoreRequest.Batch) -> IncomingBatch {
        IncomingBatch(
            runs: zip(batch.runs, batch.events).map { IncomingRun(chart: $0.chart, events: $1, heads: $0.heads) },
            bytes: batch.eventBytes, root: batch.completes?.root, buckets: batch.completes?.buckets ?? [:])
    }

    private func admissions(
        _ outcomes: [AdmissionOutcome], from peer: NodeID
    ) async throws -> [StoreAnswer.Admission] {
        if outcomes.contains(where: \.drewNewEpoch) { await onNewEpoch(peer) }
        return outcomes.map { outcome in
            StoreAnswer.Admission(refused: outcome.refused.map(Self.refusal), newEvents: outcome.newEvents)
        }
    }

    private static func refusal(of chart: ChartID, _ refusal: RunRefusal) -> StoreAnswer.Refusal {
        switch refusal {
        case .inadmissible(let error):
            StoreAnswer.Refusal(chart: chart, code: .inadmissible, isGap: error.isGap, text: "\(error)")
        case .notAMember:
            StoreAnswer.Refusal(
                chart: chart, code: .notAMember, isGap: false,
                text: "the peer is paired but not a member of this chart; nothing of it was stored")
        }
    }
}
