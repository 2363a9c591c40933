import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func verify(_ request: VerifyRequest, _ caller: Caller) async throws -> VerifyState {
        try await requireReader(caller)
        if request.start { await auditor.start(quick: request.quick) }
        return await auditor.state
    }

    // MARK: Replay

    func replay(_ request: ReplayRequest, _ caller: Caller) async throws -> ReplayAnswer {
        guard (1...2).contains(request.moments.count) else {
            throw NodeError(.usage, "ask for one moment, or for two to compare")
        }
        let record = try await record(of: request.chart)
        try await noteAccess(caller, "replay", chart: request.chart, view: record.graph.view.token)
        let arrivals = try await log.arrivals(of: request.chart).map(\.at)
        var replays: [Replay] = []
        for question in request.moments {
            let (selection, words) = try await selection(question, record, arrivals)
            replays.append(Replay(record, selection, question: words, arrivals: arrivals, node: log.node))
        }
        return ReplayAnswer(
            chart: request.chart, node: log.node, fictional: isFictional, replays: replays,
            difference: replays.count == 2 ? ReplayDifference(from: replays[0].record, to: replays[1].record) : nil)
    }

    /// The moments that a replay can go to.
    func replayMoments(_ request: ReplayMomentsRequest, _ caller: Caller) async throws -> Viewed<ReplayMoments> {
        let record = try await record(of: request.chart)
        try await noteAccess(caller, "replay", chart: request.chart, view: record.graph.view.token)
        let arrivals = try await log.arrivals(of: request.chart).map { (commit: $0.commit, at: $0.at) }
        let fold = Fold(record)
        return viewed(record, fold, clock.now, ReplayMoments(fold, arrivals: arrivals))
    }

    /// The record at a moment with its picture, and what differs from now.
    func replayPicture(_ request: ReplayPictureRequest, _ caller: Caller) async throws -> ReplayPicture {
        let record = try await record(of: request.chart)
        try await noteAccess(caller, "replay", chart: request.chart, view: record.graph.view.token)
        let arrivals = try await log.arrivals(of: request.chart).map(\.at)
        let (then, words) = try await selection(request.moment, record, arrivals)
        let replay = Replay(record, then, question: words, arrivals: arrivals, node: log.node)
        let fold = Fold(record, Fold.Scope(positions: then.positions, now: then.now))
        let moment = then.now ?? then.recordedBy ?? fold.lastInstant ?? clock.now
        return ReplayPicture(
            chart: request.chart, node: log.node, patient: replay.record.membership.patient.map(\.name), replay: replay,
            course: CourseView(fold, now: moment),
            difference: ReplayDifference(from: replay.record, to: Replay.Record(record, record.everything)))
    }

    private func selection(
        _ question: MomentQuestion, _ record: ChartRecord, _ arrivals: [Timestamp]
    ) async throws -> (Selection, String) {
        do throws(MomentError) {
            if let time = question.as_of {
                return (record.selection(asOf: time), "as of \(time), with all that is known here now")
            }
            if let clock = question.at_clock { return (try record.selection(at: clock), "at clock \(clock)") }
            if let event = question.as_seen_by {
                return (try record.selection(seenBy: event), "as seen by the author of \(event)")
            }
            if let token = question.at_view {
                guard let view = View(token: token) else { throw .unknownView }
                return (try record.selection(in: view), "at view \(token)")
            }
        } catch {
            throw NodeError(error, record)
        }
        guard let time = question.as_known_at else { return (record.everything, "now") }
        guard let node = question.node, node != log.node else {
            return (
                record.selection(arrivedBy: time, arrivals, clockAhead: question.clock_ahead),
                "as known at \(log.node) at \(time)"
            )
        }
        let receipts = try await log.receipts(of: record.graph.chart)
        do throws(MomentError) {
            return (try record.selection(heldBy: node, at: time, receipts), "as known at \(node) at \(time), by what it signed")
        } catch {
            throw NodeError(error, record)
        }
    }

    // MARK: One event

    func findEvent(_ request: FindEventRequest, _ caller: Caller) async throws -> [FoundEvent] {
        try await requireReader(caller)
        return try await log.find(request.prefix).map { FoundEvent(event: $0.event, chart: $0.chart) }
    }

    /// The chart that an event stands in.
    private func chart(of event: EventHash) async throws -> (chart: ChartID, record: ChartRecord, position: Int) {
        guard let chart = try await log.find("\(event)").first?.chart else {
            throw NodeError(.notFound, "no event \(event.short) here; see: duolog show timeline")
        }
        let record = try await record(of: chart)
        guard let position = record.graph.position(of: event) else {
            throw NodeError(.io, "event \(event.short) is not in its chart")
        }
        return (chart, record, position)
    }

    func trail(_ request: TrailRequest, _ caller: Caller) async throws -> TrailAnswer {
        let (chart, record, position) = try await chart(of: request.event)
        var context = EventTrail.Context()
        let arrivals = try await log.arrivals(of: chart)
        if position < arrivals.count { (context.storedAt, context.source) = (arrivals[position].at, arrivals[position].source) }
        context.receipts = try await log.receipts(of: chart)
        if let journal = try await journal.record() {
            context.disclosures = journal.entries(DisclosureRecorded.self).filter { $0.body.chart == chart }
                .map { ($0.when.instant, $0.body) }
            context.views = journal.entries(AccessRecorded.self).filter { $0.body.chart == chart }
                .map { ($0.envelope.at, $0.body) }
        }
        try await noteAccess(caller, "trail", chart: chart, event: request.event)
        return TrailAnswer(chart: chart, fictional: isFictional, trail: EventTrail(record, position, context))
    }

    func erase(_ request: EraseRequest, _ caller: Caller) async throws -> EraseAnswer {
        let author = try await practitioner(caller)
        let (chart, record, position) = try await chart(of: request.event)
        let event = record.graph.nodes[position].hash
        // The corrections of an event say the same thing again.
        let corrections = record.graph.nodes.filter { $0.envelope.kind == RecordAmended.kind && $0.envelope.refs.contains(event) }
        let targets = [event] + corrections.map(\.hash)
        let when = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        let members = EventErased(authority: request.authority).members
        var drafts = try await enrolment(of: author, in: chart, when)
        drafts.append(
            Draft(
                chart: chart, author: author.author, kind: EventErased.kind, members: members, when: when, refs: .events(targets),
                seeing: .onlyRefs, salt: SystemRandom.bytes(BodyLine.saltBytes)))
        let recorded = try await write(drafts, request: request.request)
        let membership = Fold.membership(of: record)
        return EraseAnswer(
            recorded: recorded, erased: targets,
            awaiting: membership.members.keys.sorted().filter { $0 != log.node && membership.contains($0) }
                .compactMap { membership.members[$0]?.name })
    }

    // MARK: Export

    func export(_ request: ExportRequest, _ caller: Caller) async throws -> ExportPage {
        let record = try await record(of: request.chart)
        let cut = request.cut ?? ExportCut(events: record.graph.nodes.count, at: clock.now)
        guard (1...record.graph.nodes.count).contains(cut.events), (0...cut.events).contains(request.from) else {
            throw NodeError(.usage, "this export was begun on another state of the chart; begin it again")
        }
        if request.from == 0 { try await noteAccess(caller, "export", chart: request.chart, view: record.graph.view.token) }
        try await requireReader(caller)
        return try await Exporter(log: log, key: key, record: record, cut: cut).page(from: request.from)
    }

    // MARK: Journal

    func disclosures(_ request: DisclosuresRequest, _ caller: Caller) async throws -> [DisclosureEntry] {
        try await noteAccess(caller, "list disclosures", chart: request.chart)
        let names = Dictionary(try await log.peers().map { ($0.node, $0.name) }, uniquingKeysWith: { first, _ in first })
        let record = try await journal.record()
        let entries =
            request.received
            ? (record?.entries(DisclosureReceived.self) ?? []).map {
                DisclosureEntry(at: $0.when.instant, name: names[$0.body.peer] ?? "", $0.body)
            }
            : (record?.entries(DisclosureRecorded.self) ?? []).map {
                DisclosureEntry(at: $0.when.instant, name: names[$0.body.peer] ?? "", $0.body)
            }
        return entries.filter { (request.chart == nil || $0.chart == request.chart) && isWithin($0.at, request.from, request.to) }
    }

    func access(_ request: AccessRequest, _ caller: Caller) async throws -> [AccessEntry] {
        try await noteAccess(caller, "list accesses", chart: request.chart)
        let names = Dictionary(
            try await log.practitioners().map { ($0.author.text, $0.name) }, uniquingKeysWith: { first, _ in first })
        let entries = try await journal.record()?.entries(AccessRecorded.self) ?? []
        return entries.filter { entry in
            (request.chart == nil || entry.body.chart == request.chart) && isWithin(entry.envelope.at, request.from, request.to)
        }.map { AccessEntry(at: $0.envelope.at, name: names[$0.body.who], $0.body) }
    }

    private func isWithin(_ time: Timestamp, _ from: Timestamp?, _ to: Timestamp?) -> Bool {
        time >= from ?? time && time <= to ?? time
    }
}

/// Makes the parts of an exported chart.
private struct Exporter {
    private static let pageBytes = 4 * 1024 * 1024

    let log: LogStore
    let key: NodeKey
    let record: ChartRecord
    let cut: ExportCut

    private var header: AuditBundle.Header {
        AuditBundle.Header(chart: record.graph.chart, key: key.publicKey, at: cut.at, events: cut.events)
    }

    private var beginning: [[UInt8]] {
        [AuditBundle.line(header)] + record.bundleMembers(count: cut.events).map { AuditBundle.line($0) }
    }

    func page(from: Int) async throws -> ExportPage {
        var (lines, next) = record.bundleEvents(count: cut.events, from: from, maxBytes: Self.pageBytes)
        if from == 0 { lines = beginning + lines }
        guard next == cut.events else { return page(lines, next: next) }
        // Receipts come and go with every sync: all that can change stands in the last part, under one hash with the rest.
        let statements = try await self.statements()
        var hasher = LineHasher()
        let events = record.bundleEvents(count: cut.events, from: 0, maxBytes: .max).lines
        for line in beginning + events + statements { hasher.take(line) }
        let end = try AuditBundle.End(
            signing: key, header, lines: beginning.count + events.count + statements.count, digest: hasher.digest)
        return page(lines + statements + [AuditBundle.line(end)], next: nil)
    }

    private func page(_ lines: [[UInt8]], next: Int?) -> ExportPage {
        ExportPage(cut: cut, lines: lines.map { String(decoding: $0, as: UTF8.self) }, next: next)
    }

    private func statements() async throws -> [[UInt8]] {
        let chart = record.graph.chart
        let covered = record.graph.nodes.prefix(cut.events).map(\.hash)
        let known = Set(covered)
        let heads = try await log.signedHeads(of: chart, among: covered)
        let receipts = try await log.receipts(of: chart).filter { known.contains($0.hash) }
        return AuditBundle.sorted(heads).map { AuditBundle.line($0) } + AuditBundle.sorted(receipts).map { AuditBundle.line($0) }
    }
}

extension NodeError {
    /// A moment that cannot be shown, in words.
    init(_ error: MomentError, _ record: ChartRecord) {
        switch error {
        case .unknownEvent(let event):
            self.init(.notFound, "event \(event.short) is not in chart \(record.graph.chart.short) here")
        case .beyond(let clock):
            let missing = clock.entries.filter { record.graph.clock[$0.origin] < $0.seq }
                .map { "\($0.origin) from \(record.graph.clock[$0.origin] + 1) to \($0.seq)" }
            self.init(.notFound, "this clock covers events that are not here: \(missing.joined(separator: ", "))")
        case .unknownView: self.init(.usage, "this view is of another chart, or of a state that this node does not have")
        case .nothingKnown(let node):
            self.init(
                .notFound,
                "nothing that \(node) signed before then is here: what it held cannot be said; ask on that node, or for a later time"
            )
        }
    }
}
