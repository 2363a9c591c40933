import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func record(_ request: RecordRequest, _ caller: Caller) async throws -> RecordedEvent {
        let author = try await practitioner(caller, actingAs: request.author)
        if request.kind == ProcessNoteWritten.kind {
            throw NodeError(.usage, "a process note stands in your notebook, not in a chart; write it with: duolog note write")
        }
        let members = try canonical(request.body, as: request.kind)
        let when = request.when ?? ClinicalTime(instant: clock.now, offsetMinutes: 0)
        guard let kind = Catalogue.kind(request.kind) else {
            throw NodeError(.usage, "\(request.kind) is not a kind that this version knows")
        }
        if kind.rule != .keepAll, request.view == nil {
            throw NodeError(
                .usage,
                "\(request.kind) is a decision: hand back the view that it was made from (--view TOKEN; every reading command prints one)"
            )
        }
        var drafts = try await enrolment(of: author, in: request.chart, when, view: request.view)
        drafts.append(
            Draft(
                chart: request.chart, author: author.author, kind: request.kind, members: members, when: when,
                refs: request.about.map { .heads(of: $0) } ?? .events(request.refs),
                seeing: try request.view.map { try seeing($0) } ?? .onlyRefs, salt: SystemRandom.bytes(BodyLine.saltBytes)))
        return try await write(drafts, request: request.request)
    }

    /// What is here that a view had not, and that its author did not write from it.
    func unseen(_ request: UnseenRequest, _ caller: Caller) async throws -> UnseenRequest.Answer {
        let author = try await practitioner(caller)
        let record = try await record(of: request.chart)
        guard let view = View(token: request.view), let positions = record.graph.positions(in: view) else {
            throw NodeError(.usage, "this view is of another chart, or of a state that this node does not have; look again")
        }
        let origin = Origin(node: log.node, epoch: log.epoch.epoch)
        let frontier = record.graph.extend(positions, by: author.author, in: origin)
        let new = Set(
            record.graph.nodes.indices.filter { !record.graph.covers(frontier, $0) }.map { record.graph.nodes[$0].hash })
        guard !new.isEmpty else { return UnseenRequest.Answer(view: record.graph.view.token, events: []) }
        try await noteAccess(caller, "show unseen", chart: request.chart, view: record.graph.view.token)
        let timeline = TimelineView(Fold(record, Fold.Scope(now: clock.now)))
        return UnseenRequest.Answer(
            view: record.graph.view.token, events: timeline.entries.filter { new.contains($0.label.event) })
    }

    /// Writes drafts and says how the last of them stands.
    func write(_ drafts: [Draft], request: String) async throws -> RecordedEvent {
        let recorded = try await writeAll(drafts, request: request)
        guard let last = recorded.last else { throw NodeError(.io, "nothing was written") }
        return last
    }

    func writeAll(_ drafts: [Draft], request: String) async throws -> [RecordedEvent] {
        let written: [Authored]
        do {
            written = try await log.author(drafts, request: request)
        } catch let error as AuthoringError {
            throw NodeError(error)
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
        var recorded: [RecordedEvent] = []
        for (draft, authored) in zip(drafts.suffix(written.count), written.suffix(drafts.count)) {
            recorded.append(try await self.recorded(authored, draft.kind, in: draft.chart))
        }
        return recorded
    }

    /// What a request that is repeated was answered with; nil for a new one.
    func answered(_ request: String, _ author: Practitioner, in chart: ChartID) async throws -> [RecordedEvent]? {
        guard let written = try await log.answer(to: request, of: author.author) else { return nil }
        let graph = try await record(of: chart).graph
        var recorded: [RecordedEvent] = []
        for authored in written {
            guard let position = graph.position(of: authored.event) else {
                throw NodeError(.usage, "the request id '\(request.prefix(36))' was used for another chart")
            }
            recorded.append(try await self.recorded(authored, graph.nodes[position].envelope.kind, in: chart))
        }
        return recorded
    }

    private func recorded(_ authored: Authored, _ kind: Kind, in chart: ChartID) async throws -> RecordedEvent {
        let disputes = try await log.stored(ConflictsView.self, of: chart)?.disputes ?? []
        return RecordedEvent(
            event: authored.event, chart: chart, kind: kind, view: authored.view, not_seen: authored.not_seen,
            disputed: disputes.contains { $0.siblings.contains { $0.label.event == authored.event } })
    }

    /// The author's enrolment in a chart, where it is still missing. It has seen no more than the decision that follows it: otherwise it
    /// would not be in the past of one that is made from an older view.
    func enrolment(
        of author: Practitioner, in chart: ChartID, _ when: ClinicalTime, view: String? = nil
    ) async throws -> [Draft] {
        guard let record = try await log.record(of: chart) else {
            throw NodeError(.notFound, "no chart \(chart.short) here; see: duolog chart list")
        }
        let seat = Membership.Seat(node: log.node, author: author.author)
        guard Fold.membership(of: record).practitioners[seat] == nil else { return [] }
        let enrolled = PractitionerEnrolled(name: author.name, credential: author.credential)
        return [
            Draft(
                chart: chart, author: author.author, kind: PractitionerEnrolled.kind, members: enrolled.members, when: when,
                seeing: try view.map { try seeing($0) } ?? .everything, salt: SystemRandom.bytes(BodyLine.saltBytes))
        ]
    }

    func seeing(_ token: String) throws -> Draft.Seeing {
        guard let view = View(token: token) else {
            throw NodeError(.usage, "'\(token.prefix(16))…' is not a view token; every reading command prints one")
        }
        return .view(view)
    }

    func canonical(_ body: String, as kind: Kind) throws -> [UInt8] {
        do {
            return try Members.canonical(Array(body.utf8), as: kind)
        } catch let error as ContentError {
            throw NodeError(.content, "\(kind): \(error)", field: error.field)
        } catch let error as FormatError {
            throw NodeError(.content, "\(kind): \(error)")
        }
    }
}

extension NodeError {
    /// A draft that was not written, as its author is told.
    init(_ error: AuthoringError) {
        switch error {
        case .unknownChart: self.init(.notFound, "no such chart here; see: duolog chart list")
        case .unknownView:
            self.init(.usage, "this view is of another chart, or of a state that this node does not have; look again")
        case .content(let error): self.init(.content, "not recorded: \(error)", field: error.field)
        case .notPermitted(let reason): self.init(.permission, "not recorded: \(reason)")
        case .disputed(let subject, let view):
            self.init(
                .disputed,
                "not recorded: \(subject) is disputed; look at it and settle it first (duolog conflict show, duolog conflict resolve)",
                view: view)
        case .incomplete:
            self.init(
                .unavailable,
                "not recorded: this chart holds events of a newer Duolog; install it before you decide in this chart")
        case .refNotSeen(let hash):
            self.init(.usage, "not recorded: event \(hash.short) is not in the view that this was decided from; look again")
        case .format(let error): self.init(.content, "not recorded: \(error)")
        case .damaged(let error):
            self.init(.io, "not recorded: other nodes would not admit it, so this log is damaged: \(error)")
        }
    }
}
