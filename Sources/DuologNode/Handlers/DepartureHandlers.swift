import CareModel
import EventLog
import LogStore
import NodeAPI

/// Leaving, handing over, the end of care: nothing open is left behind that nobody has taken over.
extension RunningNode {
    func leaveChart(_ request: LeaveChartRequest, _ caller: Caller) async throws -> [RecordedEvent] {
        let author = try await practitioner(caller)
        if let earlier = try await answered(request.request, author, in: request.chart) { return earlier }
        let leaving = try await departing(from: request.chart)
        guard !leaving.departure.isLastSteward else {
            throw NodeError(
                .content,
                "not recorded: nobody could admit or remove members of this chart any more; hand it to a successor",
                command: "duolog chart hand-over --to NODE")
        }
        let view = try seeing(request.view)
        var drafts = try await enrolment(of: author, in: request.chart, leaving.when, view: request.view)
        if let draft = try leaving.handOver(to: request.handOpenItemsTo, membership: leaving.fold.membership) {
            drafts.append(leaving.draft(draft, by: author, view))
        }
        drafts.append(try leaving.removal(request.reason, successor: request.handOpenItemsTo, by: author, view))
        return try await writeAll(drafts, request: request.request)
    }

    func handOverChart(_ request: HandOverChartRequest, _ caller: Caller) async throws -> [RecordedEvent] {
        let author = try await practitioner(caller)
        if let earlier = try await answered(request.request, author, in: request.chart) { return earlier }
        let leaving = try await departing(from: request.chart)
        let view = try seeing(request.view)
        var drafts = try await enrolment(of: author, in: request.chart, leaving.when, view: request.view)
        var membership = leaving.fold.membership
        if let admission = try leaving.admission(of: request.to, try await log.peers(), &membership) {
            drafts.append(leaving.draft(admission, by: author, view))
        }
        var covered = leaving.covered
        if let consent = try leaving.consent(for: request.to, request.consent) {
            drafts.append(leaving.draft(consent, by: author, view))
            covered.insert(request.to)
        }
        if let draft = try leaving.handOver(to: request.handOpenItemsTo, membership: membership, covered: covered) {
            drafts.append(leaving.draft(draft, by: author, view))
        }
        drafts.append(try leaving.removal(request.reason, successor: request.to, by: author, view))
        return try await writeAll(drafts, request: request.request)
    }

    func discharge(_ request: DischargeRequest, _ caller: Caller) async throws -> DischargeRequest.Answer {
        let author = try await practitioner(caller)
        let leaving = try await departing(from: request.chart)
        let medications = RegimenView(leaving.fold).medications.filter { lineage in
            lineage.values.contains { $0.value?.status != .stopped }
        }.map { DischargeRequest.Medication(root: $0.root, drug: $0.drug?.display, state: $0.headline) }
        if let earlier = try await answered(request.request, author, in: request.chart) {
            return DischargeRequest.Answer(recorded: earlier, medications: medications)
        }
        guard !leaving.fold.registers.contains(where: { $0.register == .episode && $0.isDisputed }) else {
            throw NodeError(
                .disputed, "not recorded: whether an episode is open is disputed; settle it first",
                command: "duolog conflict resolve")
        }
        let episodes = leaving.fold.openEpisodes
        guard !episodes.isEmpty else {
            throw NodeError(
                .notFound, "no episode of care is open in this chart; to leave it",
                command: "duolog chart leave")
        }
        let view = try seeing(request.view)
        var drafts = try await enrolment(of: author, in: request.chart, leaving.when, view: request.view)
        if let draft = try leaving.handOver(to: request.handOpenItemsTo, membership: leaving.fold.membership) {
            drafts.append(leaving.draft(draft, by: author, view))
        }
        for episode in episodes {
            let root = leaving.fold.record.graph.nodes[episode.root].hash
            drafts.append(
                leaving.draft(
                    .init(body: EpisodeClosed(reason: request.reason), refs: .heads(of: root)), by: author, view))
        }
        return DischargeRequest.Answer(
            recorded: try await writeAll(drafts, request: request.request), medications: medications)
    }

    private func departing(from chart: ChartID) async throws -> Departing {
        let fold = Fold(try await record(of: chart), Fold.Scope(now: clock.now))
        guard fold.membership.contains(log.node) else {
            throw NodeError(.notFound, "this practice is not a member of chart \(chart.short)")
        }
        return Departing(node: log.node, fold: fold, now: clock.now, today: clock.today)
    }
}

/// A practice on its way out of a chart.
private struct Departing {
    struct Body {
        let body: any EventBody
        let refs: Draft.Refs
    }

    let node: NodeID
    let fold: Fold
    let departure: Departure
    let when: ClinicalTime
    private let consents: ConsentState
    private let today: CalendarDay

    init(node: NodeID, fold: Fold, now: Timestamp, today: CalendarDay) {
        self.node = node
        self.fold = fold
        self.today = today
        departure = Departure(of: node, fold, now: now)
        when = ClinicalTime(instant: now, offsetMinutes: 0)
        consents = ConsentState(fold)
    }

    func draft(_ body: Body, by author: Practitioner, _ seeing: Draft.Seeing) -> Draft {
        Draft(
            chart: fold.record.graph.chart, author: author.author, kind: type(of: body.body).kind, members: body.body.members,
            when: when, refs: body.refs, seeing: seeing, salt: SystemRandom.bytes(BodyLine.saltBytes))
    }

    /// Members that the chart is sent to today.
    var covered: Set<NodeID> {
        Set(fold.membership.members.keys.filter { consents.coverage(of: $0).covers(today) })
    }

    /// The event that hands over what is open; nil where nothing is.
    func handOver(to receiver: NodeID?, membership: Membership, covered: Set<NodeID>? = nil) throws -> Body? {
        guard !departure.open.isEmpty else { return nil }
        guard let receiver else { throw refusal(departure.open) }
        guard receiver != node, membership.contains(receiver) else {
            throw NodeError(.notFound, "\(receiver) is no other member of this chart; see: duolog show membership")
        }
        guard (covered ?? self.covered).contains(receiver) else {
            throw NodeError(
                .content, "not recorded: no consent covers \(receiver) now, so it would never learn of what it is handed")
        }
        let left = departure.leftOver(by: membership.scopes(of: receiver))
        guard left.isEmpty else {
            throw NodeError(.content, "not recorded: \(receiver) may not act on all of it\n\(Self.list(left))")
        }
        let (request, names) = departure.handOver(to: receiver)
        return Body(body: request, refs: .events(names))
    }

    private func refusal(_ items: [OpenItems.Item]) -> NodeError {
        NodeError(
            .content,
            """
            not recorded: this is open, and would be nobody's
            \(Self.list(items))
            settle it, or choose a practice that takes it over
            """,
            command:
                "duolog conflict resolve; duolog record safety.acknowledged, followup.held, referral.completed; or --hand-open-items-to NODE"
        )
    }

    private static func list(_ items: [OpenItems.Item]) -> String {
        items.map { "  \($0.what.rawValue): \($0.text)" }.joined(separator: "\n")
    }

    func removal(_ reason: String, successor: NodeID?, by author: Practitioner, _ seeing: Draft.Seeing) throws -> Draft {
        let removed = MemberRemoved(reason: reason, successor: successor?.description)
        do {
            try removed.check()
        } catch {
            throw NodeError(.content, "not recorded: \(error)")
        }
        return draft(Body(body: removed, refs: .events(decided(node))), by: author, seeing)
    }

    private func decided(_ node: NodeID) -> [EventHash] {
        fold.membership.removals[node].map { [$0] } ?? fold.membership.members[node]?.admissions.map(\.event) ?? []
    }

    /// The admission of a successor with this practice's scopes beside its own; nil where it has them.
    func admission(of successor: NodeID, _ peers: [Peer], _ membership: inout Membership) throws -> Body? {
        guard successor != node else { throw NodeError(.usage, "a practice is not its own successor") }
        let (own, has) = (membership.scopes(of: node), membership.scopes(of: successor))
        guard !own.isSubset(of: has) else { return nil }
        guard own.contains(.steward) else {
            throw NodeError(
                .permission,
                "not recorded: only a steward admits a successor; ask one to share the chart with \(successor), or leave it",
                command: "duolog chart leave")
        }
        guard let peer = peers.first(where: { $0.node == successor }) else {
            throw NodeError(.notFound, "\(successor) is not a paired peer; pair it first", command: "duolog peer add")
        }
        let scopes = own.union(has)
        let refs = decided(successor)
        membership = membership.admitting(try peer.shownKeys, name: peer.name, scopes: scopes)
        let admitted = MemberAdmitted(
            keys: try peer.shownKeys, name: peer.name, scopes: scopes.sorted { $0.rawValue < $1.rawValue })
        return Body(body: admitted, refs: .events(refs))
    }

    /// The consent that lets a successor have the chart; nil where one covers it.
    func consent(for successor: NodeID, _ given: HandOverChartRequest.Consent?) throws -> Body? {
        guard let given else {
            guard covered.contains(successor) else {
                throw NodeError(
                    .content,
                    "not recorded: no consent of the patient covers \(successor); name the signed one: --consent-document HASH")
            }
            return nil
        }
        let granted = ConsentGranted(
            recipients: [successor], purpose: given.purpose, signed_document_hash: given.signedDocument, until: given.until,
            part2: given.part2)
        return Body(body: granted, refs: .events(consents.standingRevocations(of: [successor])))
    }
}
