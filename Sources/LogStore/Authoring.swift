public import CareModel
public import EventLog
import Foundation
import GRDB

/// An event that somebody wants to write.
public struct Draft: Sendable {
    /// Which events it names.
    public enum Refs: Hashable, Sendable {
        /// Exactly these.
        case events([EventHash])
        /// The current heads, in the author's view, of the lineage that this event belongs to.
        case heads(of: EventHash)
    }

    /// What the author had before them.
    public enum Seeing: Hashable, Sendable {
        /// A view that they were shown; what they wrote from it since counts as seen.
        case view(View)
        /// No more than what the event names and what the node itself wrote before.
        case onlyRefs
        /// Everything: for events of the node itself.
        case everything
    }

    /// The chart.
    public var chart: ChartID
    /// Who writes.
    public var author: AuthorID
    /// What kind.
    public var kind: Kind
    /// The members of the body, as JSON.
    public var members: [UInt8]
    /// Clinical time.
    public var when: ClinicalTime
    /// What it names.
    public var refs: Refs
    /// What the author had before them.
    public var seeing: Seeing
    /// 16 random bytes.
    public var salt: [UInt8]

    /// An event that somebody wants to write.
    public init(
        chart: ChartID, author: AuthorID, kind: Kind, members: [UInt8], when: ClinicalTime, refs: Refs = .events([]),
        seeing: Seeing, salt: [UInt8]
    ) {
        self.chart = chart
        self.author = author
        self.kind = kind
        self.members = members
        self.when = when
        self.refs = refs
        self.seeing = seeing
        self.salt = salt
    }
}

/// An event that was written.
public struct Authored: Hashable, Sendable, Codable {
    /// Its name.
    public var event: EventHash
    /// Its place.
    public var seq: Int
    /// The author's view with it.
    public var view: String
    /// Events that had arrived before, and that the author had not seen.
    public var not_seen: [EventHash]
}

/// Why a draft is not written. Authoring is strict where admission is not.
public enum AuthoringError: Error, Sendable {
    /// The chart is not here.
    case unknownChart
    /// The view token is of another chart, or names events that are not here.
    case unknownView
    /// What it says is not acceptable.
    case content(ContentError)
    /// The author is not permitted.
    case notPermitted(Verdict.Reason)
    /// The register is disputed: only a resolution may be written; the token is of the present view.
    case disputed(subject: String, view: String)
    /// A newer Duolog is needed to decide in this chart.
    case incomplete
    /// The event names something that the author's view does not contain.
    case refNotSeen(EventHash)
    /// The body line is malformed.
    case format(FormatError)
}

extension LogStore {
    /// Writes events, all or none, and returns once they are durable. A request id that was answered before gets the same answer again.
    public func author(_ drafts: [Draft], request: String) async throws -> [Authored] {
        let weight = drafts.reduce(8192) { $0 + $1.members.count }
        return try await write(weight: weight) { transaction in
            let author = drafts.first?.author ?? .node
            if let earlier = try transaction.answer(to: request, of: author) { return earlier }
            let written = try drafts.map { try transaction.author($0) }
            try transaction.remember(written, request: request, of: author)
            return written
        }
    }

    /// Opens a chart of which this node is the founder, and returns its id.
    public func openChart(name: String, nonce: [UInt8], isLocal: Bool = false, when: ClinicalTime, salt: [UInt8]) async throws
        -> ChartID
    {
        let key = configuration.key.publicKey
        let chart = ChartFounding.chart(founder: key, nonce: nonce)
        let members = ChartOpened(node_key: key, nonce: Base64URL.encode(nonce), name: name).members
        let draft = Draft(
            chart: chart, author: .node, kind: ChartOpened.kind, members: members, when: when, seeing: .everything, salt: salt)
        try await write { transaction in
            if try transaction.chartID(chart) != nil { return }
            _ = try transaction.createChart(chart, isLocal: isLocal)
            _ = try transaction.author(draft)
        }
        return chart
    }
}

extension Transaction {
    func author(_ draft: Draft) throws -> Authored {
        guard let chart = try chartID(draft.chart) else { throw AuthoringError.unknownChart }
        let kind = try strictKind(draft)
        let body: BodyLine
        do throws(FormatError) {
            body = try BodyLine(salt: draft.salt, when: draft.when, members: draft.members)
        } catch {
            throw AuthoringError.format(error)
        }
        let event = try withRecord(chart) { record in
            let event = try compose(draft, kind, body, record)
            try admit(event, kind, &record)
            return event
        }
        let record = try record(chart)
        guard let position = record.graph.position(of: event.hash) else { throw AuthoringError.unknownChart }
        try insert(event, verdict: record.verdict(on: position), chart: chart, source: 0)
        let seen = record.graph.nodes[position].reach
        return Authored(
            event: event.hash, seq: event.envelope.seq,
            view: View(
                chart: draft.chart,
                events: record.graph.maximal([position] + event.envelope.after.compactMap { record.graph.position(of: $0) }).map {
                    record.graph.nodes[$0].hash
                }
            ).token,
            not_seen: record.graph.nodes.filter { !seen.covers($0.envelope.dot) }.map(\.hash))
    }

    private func strictKind(_ draft: Draft) throws -> any EventBody.Type {
        guard let kind = Catalogue.kind(draft.kind) else {
            throw AuthoringError.content(ContentError("kind", "\(draft.kind) is not a kind that this version knows"))
        }
        return kind
    }

    private func compose(
        _ draft: Draft, _ kind: any EventBody.Type, _ body: BodyLine, _ record: ChartRecord
    ) throws -> Event {
        let graph = record.graph
        let origin = Origin(node: store.node, epoch: state.counters.epoch)
        var frontier: [Int]
        switch draft.seeing {
        case .everything: frontier = graph.frontier
        case .view(let view):
            guard let positions = graph.positions(in: view) else { throw AuthoringError.unknownView }
            frontier = graph.extend(positions, by: draft.author, in: origin)
        case .onlyRefs: frontier = graph.maximal(graph.tips(of: origin))
        }
        let refs = try refs(draft, kind, record, &frontier)
        let next = graph.next(in: origin, seeing: frontier)
        let envelope = Envelope(
            chart: draft.chart, origin: origin, seq: next.seq, prev: next.prev, seen: next.seen, after: next.after,
            refs: refs.sorted(), at: store.configuration.clock(), author: draft.author, kind: draft.kind,
            version: kind.version, critical: kind.critical, body: body.hash)
        return Event(envelope: envelope, body: body)
    }

    private func refs(
        _ draft: Draft, _ kind: any EventBody.Type, _ record: ChartRecord, _ frontier: inout [Int]
    ) throws -> Set<EventHash> {
        let graph = record.graph
        switch draft.refs {
        case .events(let hashes):
            let positions = try hashes.map { hash in
                guard let position = graph.position(of: hash) else { throw AuthoringError.refNotSeen(hash) }
                return position
            }
            if case .onlyRefs = draft.seeing {
                // Nobody names an event without having it before them.
                frontier = graph.maximal(frontier + positions)
            }
            for (hash, position) in zip(hashes, positions) where !graph.covers(frontier, position) {
                throw AuthoringError.refNotSeen(hash)
            }
            return Set(hashes)
        case .heads(let member):
            guard let position = graph.position(of: member), graph.covers(frontier, position) else {
                throw AuthoringError.refNotSeen(member)
            }
            let seen = Set(graph.nodes.indices.filter { graph.covers(frontier, $0) })
            let fold = Fold(record, Fold.Scope(positions: seen))
            guard let register = fold.registers.first(where: { $0.members.contains(position) }) else {
                throw AuthoringError.content(ContentError("refs", "does not belong to a medication, a referral or an episode"))
            }
            return Set((register.current + register.withdrawnHeads).map { graph.nodes[$0].hash })
        }
    }

    /// Admits an event of our own, and refuses what a peer's event would be stored without effect for.
    private func admit(_ event: Event, _ kind: any EventBody.Type, _ record: inout ChartRecord) throws {
        if record.isIncomplete, kind.rule != .keepAll { throw AuthoringError.incomplete }
        if case .hold = kind.rule, event.envelope.kind != ConflictResolved.kind, !event.envelope.refs.isEmpty {
            try refuseDisputed(event, record)
        }
        let position: Int
        do throws(AdmissionError) {
            position = try record.admit(event)
        } catch {
            throw LogStoreError(.damaged, "an event of this node would not be admitted elsewhere: \(error)")
        }
        if case .withoutEffect(let reason, _) = record.verdict(on: position) { throw AuthoringError.notPermitted(reason) }
        if let problem = Fold(record).problem(of: position) { throw AuthoringError.content(problem) }
    }

    private func refuseDisputed(_ event: Event, _ record: ChartRecord) throws {
        let fold = Fold(record)
        let named = event.envelope.refs.compactMap { record.graph.position(of: $0) }
        for register in fold.registers where register.isDisputed && named.contains(where: { register.members.contains($0) }) {
            throw AuthoringError.disputed(subject: fold.subject(of: register), view: record.graph.view.token)
        }
    }

    // MARK: Repeated requests

    func answer(to request: String, of author: AuthorID) throws -> [Authored]? {
        guard
            let sealed = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT sealed FROM request WHERE id = ? AND author = ?"),
                arguments: [request, author.text])
        else { return nil }
        let bytes = try store.configuration.sealer.open(sealed, as: Array("request \(request)".utf8))
        return try JSONDecoder().decode([Authored].self, from: Data(bytes))
    }

    func remember(_ written: [Authored], request: String, of author: AuthorID) throws {
        let bytes = [UInt8](try JSONEncoder().encode(written))
        let sealed = try store.configuration.sealer.seal(bytes, as: Array("request \(request)".utf8))
        try db.cachedStatement(sql: "INSERT INTO request (id, author, sealed) VALUES (?, ?, ?)")
            .execute(arguments: [request, author.text, sealed])
    }
}
