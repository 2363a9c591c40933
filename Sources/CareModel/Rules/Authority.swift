public import EventLog

/// The events of a chart that say who may do what, and the verdict on every event.
///
/// Permission is decided from an event's causal past: a grant counts when its author had it before them (the closure), a removal counts
/// as soon as the chain behind the event had it (the reach), so that nobody can write past their removal from an old view.
public struct Authority: Sendable {
    fileprivate enum Statement: Hashable, Sendable {
        case genesis(NodeKeys, name: String)
        case admission(NodeKeys, name: String, Set<Scope>)
        case rotation(of: NodeID, KeySuccession)
        case removal(of: NodeID)
        case enrolment(Membership.Seat, Membership.Practitioner)
    }

    fileprivate struct Entry: Sendable {
        let position: Int
        let statement: Statement
    }

    /// A verdict that follows from the members, the kind and who wrote it.
    private struct Decision {
        let kind: Kind
        let seat: Membership.Seat
        let verdict: Verdict
    }

    /// The kinds of these events. Of all others a body is not looked at here.
    static let kinds: Set<Kind> = [
        ChartOpened.kind, MemberAdmitted.kind, MemberRemoved.kind, KeyRotated.kind, PractitionerEnrolled.kind,
    ]

    /// The verdict on each event, by its position in the graph.
    public private(set) var verdicts: [Verdict] = []
    /// In the order of the fold, so that membership is the same in whatever order events arrived.
    private var entries: [Entry] = []
    /// Nodes that an admission or the genesis named, by the event.
    private var subjects: [Int: NodeID] = [:]
    private var cache: [[Int]: Membership] = [:]
    /// What was asked for last: nearly every event has the same members in its past as the one before it.
    private var recent: (positions: [Int], membership: Membership)? {
        didSet {
            decisions = []
            informed = nil
        }
    }
    /// An event whose author had all the members before them that there are, where those were asked for last: so has whoever had that event.
    private var informed: Int?
    /// What was decided while those were the members: nearly all events of a chart are of a few kinds and by a few people.
    private var decisions: [Decision] = []
    private static let decisionsKept = 16

    let isLocal: Bool

    /// No events yet. In a local chart (a journal, a notebook) the node is its own authority.
    ///
    /// - Parameter count: how many events there are going to be, as far as that is known.
    public init(isLocal: Bool = false, expecting count: Int = 0) {
        self.isLocal = isLocal
        verdicts.reserveCapacity(count)
    }

    /// Decides on the event at the next position of `graph`; events come in the order in which the graph admitted them.
    mutating func judge(_ event: Event, as kind: Catalogue.Entry?, in graph: ChartGraph) {
        let position = verdicts.count
        if let kind {
            verdicts.append(verdict(on: event, as: kind, at: position, in: graph))
        } else {
            verdicts.append(unknown(event, at: position, in: graph))
        }
        if kind?.isOfAuthority == true { note(event, at: position, in: graph) }
    }

    /// Takes back a verdict that was stored when the event was admitted.
    mutating func restore(_ verdict: Verdict, on event: Event, as kind: Catalogue.Entry?, in graph: ChartGraph) {
        verdicts.append(verdict)
        if kind?.isOfAuthority == true { note(event, at: verdicts.count - 1, in: graph) }
    }

    // MARK: Verdicts

    private mutating func verdict(
        on event: Event, as kind: Catalogue.Entry, at position: Int, in graph: ChartGraph
    ) -> Verdict {
        if isLocal { return .permitted }
        guard kind.isDecidedByMembers, isRecent(knownTo: position, in: graph) else {
            return decide(on: event, as: kind, at: position, in: graph)
        }
        let (name, seat) = (event.envelope.kind, Membership.Seat(of: event.envelope))
        if let decision = decisions.first(where: { $0.kind == name && $0.seat == seat }) { return decision.verdict }
        let verdict = decide(on: event, as: kind, at: position, in: graph)
        if decisions.count < Self.decisionsKept { decisions.append(Decision(kind: name, seat: seat, verdict: verdict)) }
        return verdict
    }

    private mutating func decide(
        on event: Event, as kind: Catalogue.Entry, at position: Int, in graph: ChartGraph
    ) -> Verdict {
        let envelope = event.envelope
        if case .founder = kind.authors {
            return envelope.seen.isEmpty ? .permitted : .withoutEffect(.notTheGenesis, decidedBy: nil)
        }
        if case .journal = kind.authors { return .withoutEffect(.notShared, decidedBy: nil) }
        let known = membership(knownTo: position, in: graph)
        let node = envelope.origin.node
        let behind = membership(behind: position, in: graph)
        if let removal = behind.removals[node] { return .withoutEffect(.removed, decidedBy: removal) }
        if let keys = behind.members[node]?.keys, keys.current.count > 1 { return .withoutEffect(.keyContested, decidedBy: nil) }
        guard let member = known.members[node], known.removals[node] == nil, !member.scopes.isEmpty else {
            return .withoutEffect(.noScope, decidedBy: nil)
        }
        if let admitted = try? admittedKeys(event), let pinned = known.members[admitted.node], pinned.keys.first != admitted.first
        {
            return .withoutEffect(.keyMismatch, decidedBy: pinned.admissions.first?.event)
        }
        if envelope.kind == KeyRotated.kind, succession(in: event, at: position, graph) == nil {
            return .withoutEffect(.keyMismatch, decidedBy: nil)
        }
        let targets = envelope.refs.compactMap { graph.position(of: $0) }
        let author = Author(
            envelope, member: member, practitioner: known.practitioners[Membership.Seat(of: envelope)])
        switch kind.authors {
        case .founder, .journal, .member: return .permitted
        case .steward: return author.needs([.steward])
        case .stewardOrSubject:
            let isSubject = !targets.isEmpty && targets.allSatisfy { subjects[$0] == node }
            return isSubject ? .permitted : author.needs([.steward])
        case .scopes(let scopes): return author.needs(scopes)
        case .authorOfTarget:
            return targets.allSatisfy { wrote(envelope, $0, graph) } ? .permitted : .withoutEffect(.notTheAuthor, decidedBy: nil)
        case .authorOfTargetOrSteward:
            return targets.allSatisfy { wrote(envelope, $0, graph) } ? .permitted : author.needs([.steward])
        case .authorsOfRegister:
            let settlesMedication = targets.contains { isMedication(graph.nodes[$0].envelope, graph) }
            return author.needs(settlesMedication ? [.prescribing] : [.therapy, .prescribing, .primaryCare])
        }
    }

    /// A kind that this version does not know is permitted to any member; what it does is unknown.
    private mutating func unknown(_ event: Event, at position: Int, in graph: ChartGraph) -> Verdict {
        let node = event.envelope.origin.node
        if let removal = membership(behind: position, in: graph).removals[node] {
            return .withoutEffect(.removed, decidedBy: removal)
        }
        return membership(knownTo: position, in: graph).scopes(of: node).isEmpty
            ? .withoutEffect(.noScope, decidedBy: nil) : .permitted
    }

    private func wrote(_ envelope: Envelope, _ target: Int, _ graph: ChartGraph) -> Bool {
        Membership.Seat(of: envelope) == Membership.Seat(of: graph.nodes[target].envelope)
    }

    /// Whether a chain of refs leads to a medication: a resolution belongs to the register that it settles.
    private func isMedication(_ envelope: Envelope, _ graph: ChartGraph) -> Bool {
        guard envelope.kind == ConflictResolved.kind else {
            return Catalogue.holdWriters[.medication]?.contains(envelope.kind) ?? false
        }
        return envelope.refs.compactMap { graph[$0] }.contains { isMedication($0.envelope, graph) }
    }

    // MARK: Statements

    private func admittedKeys(_ event: Event) throws(ContentError) -> NodeKeys? {
        guard event.envelope.kind == MemberAdmitted.kind, let body = event.bodyLine else { return nil }
        return try MemberAdmitted.read(body).keys
    }

    /// The succession that an event states, where the key that it replaces was in force until then, and signed it.
    private func succession(in event: Event, at position: Int, _ graph: ChartGraph) -> KeySuccession? {
        let node = event.envelope.origin.node
        guard let body = event.bodyLine, let said = try? KeyRotated.read(body).succession, said.isValid(for: node),
            let before = keys(of: node, where: { $0 != position && graph.reaches($0, from: position) })
        else { return nil }
        // Said before, in an epoch that has ended: once more for the chain that begins here.
        if before.successions.contains(said) { return said }
        return before.current.contains(said.old) && !before.all.contains(said.new) ? said : nil
    }

    private mutating func note(_ event: Event, at position: Int, in graph: ChartGraph) {
        guard verdicts[position].isPermitted, let body = event.bodyLine,
            let statement = try? statement(event, body, at: position, in: graph)
        else { return }
        switch statement {
        case .genesis(let keys, _), .admission(let keys, _, _): subjects[position] = keys.node
        case .removal, .enrolment, .rotation: break
        }
        let key = graph.nodes[position].key
        let index = entries.firstIndex { graph.nodes[$0.position].key > key } ?? entries.count
        entries.insert(Entry(position: position, statement: statement), at: index)
        informed = nil
    }

    private func statement(
        _ event: Event, _ body: BodyLine, at position: Int, in graph: ChartGraph
    ) throws(ContentError) -> Statement? {
        switch event.envelope.kind {
        case ChartOpened.kind:
            let opened = try ChartOpened.read(body)
            return .genesis(opened.keys, name: opened.name)
        case MemberAdmitted.kind:
            let admitted = try MemberAdmitted.read(body)
            return .admission(admitted.keys, name: admitted.name, Set(admitted.scopes))
        case MemberRemoved.kind:
            _ = try MemberRemoved.read(body)
            let nodes = Set(event.envelope.refs.compactMap { graph.position(of: $0) }.compactMap { subjects[$0] })
            guard nodes.count == 1, let node = nodes.first else { return nil }
            return .removal(of: node)
        case KeyRotated.kind:
            return succession(in: event, at: position, graph).map { .rotation(of: event.envelope.origin.node, $0) }
        case PractitionerEnrolled.kind:
            let enrolled = try PractitionerEnrolled.read(body)
            let seat = Membership.Seat(of: event.envelope)
            return .enrolment(seat, Membership.Practitioner(name: enrolled.name, credential: enrolled.credential))
        default: return nil
        }
    }

    // MARK: Membership

    /// Membership as the author of an event had it before them.
    private mutating func membership(knownTo position: Int, in graph: ChartGraph) -> Membership {
        membership(by: { graph.isBefore($0, position) }, in: graph)
    }

    /// Membership as the chain behind an event had it.
    private mutating func membership(behind position: Int, in graph: ChartGraph) -> Membership {
        membership(by: { $0 != position && graph.reaches($0, from: position) }, in: graph)
    }

    private mutating func membership(by isIncluded: (Int) -> Bool, in graph: ChartGraph) -> Membership {
        if let recent, isRecent(recent.positions, isIncluded) { return recent.membership }
        let included = entries.filter { isIncluded($0.position) }
        let positions = included.map(\.position)
        let membership = cache[positions] ?? evaluate(included, in: graph)
        if cache.count >= 64 { cache = [:] }
        cache[positions] = membership
        recent = (positions, membership)
        return membership
    }

    /// True where an event's author and the chain behind it both had those members that were asked for last.
    private mutating func isRecent(knownTo position: Int, in graph: ChartGraph) -> Bool {
        if let informed, graph.isBefore(informed, position) { return true }
        guard let positions = recent?.positions else { return false }
        // Nearly always it had all that there are; and what the author had, the chain behind the event has.
        if positions.count == entries.count, positions.allSatisfy({ graph.isBefore($0, position) }) {
            informed = position
            return true
        }
        return isRecent(positions, { graph.isBefore($0, position) })
            && isRecent(positions, { $0 != position && graph.reaches($0, from: position) })
    }

    private func isRecent(_ positions: [Int], _ isIncluded: (Int) -> Bool) -> Bool {
        var matched = 0
        for index in entries.indices where isIncluded(entries[index].position) {
            guard matched < positions.count, positions[matched] == entries[index].position else { return false }
            matched += 1
        }
        return matched == positions.count
    }

    /// True for whoever has been a member at some time. Asked for each run of events: what nothing has changed is not evaluated again.
    mutating func wasAdmitted(_ node: NodeID, in graph: ChartGraph) -> Bool {
        membership(by: { _ in true }, in: graph).members[node] != nil
    }

    /// Membership by everything that has arrived, or by a part of it.
    func membership(in graph: ChartGraph, where isIncluded: (Int) -> Bool = { _ in true }) -> Membership {
        evaluate(entries.filter { isIncluded($0.position) }, in: graph)
    }

    /// The keys that may vouch for an event: those that its past gives its node, and that nothing in its past replaces.
    public func keys(for position: Int, in graph: ChartGraph) -> NodeKeys? {
        keys(of: graph.nodes[position].envelope.origin.node) { $0 == position || graph.reaches($0, from: position) }
    }

    /// The keys that a node has had, by everything that has arrived, or by a part of it; nil for one that was never admitted.
    public func keys(of node: NodeID, where isIncluded: (Int) -> Bool = { _ in true }) -> NodeKeys? {
        var known: NodeKeys?
        var said: [KeySuccession] = []
        for entry in entries {
            switch entry.statement {
            case .genesis(let keys, _), .admission(let keys, _, _):
                guard keys.node == node, isIncluded(entry.position) else { continue }
                known = known?.merging(keys) ?? keys
            case .rotation(of: node, let succession): if isIncluded(entry.position) { said.append(succession) }
            case .rotation, .removal, .enrolment: continue
            }
        }
        guard let known, !said.isEmpty else { return known }
        return NodeKeys(first: known.first, checked: known.successions + said)
    }

    /// True when an event of the chart, and not the node's admission alone, says that a node has another key.
    func isRotationStated(of node: NodeID) -> Bool {
        entries.contains { if case .rotation(of: node, _) = $0.statement { true } else { false } }
    }

    private func evaluate(_ entries: [Entry], in graph: ChartGraph) -> Membership {
        let endings = Endings(entries)
        // From the last to the first: what names an event comes after it.
        var adopted: Set<EventHash> = []
        var lifted: Set<EventHash> = []
        var inForce: Set<Int> = []
        for entry in entries.reversed() {
            let node = graph.nodes[entry.position]
            let author = node.envelope.origin.node
            let isPending = !endings.concurrent(with: entry.position, of: author, in: graph).isEmpty
            switch entry.statement {
            // A removal is the safe side: it holds even when its author was being removed meanwhile. So is the end of a key.
            case .removal, .rotation: inForce.insert(entry.position)
            case .genesis, .admission, .enrolment: break
            }
            guard !isPending || adopted.contains(node.hash) else { continue }
            inForce.insert(entry.position)
            adopted.formUnion(node.envelope.refs)
            if case .admission(let keys, _, _) = entry.statement {
                lifted.formUnion(
                    node.envelope.refs.filter { named in
                        endings.removals[keys.node, default: []].contains { graph.nodes[$0].hash == named }
                    })
            }
        }
        var membership = Membership()
        for entry in entries where inForce.contains(entry.position) {
            apply(entry, in: graph, lifted: lifted, to: &membership)
        }
        return membership
    }

    private func apply(_ entry: Entry, in graph: ChartGraph, lifted: Set<EventHash>, to membership: inout Membership) {
        let event = graph.nodes[entry.position]
        switch entry.statement {
        case .genesis(let keys, let name):
            membership.admit(keys, name: name, Membership.Admission(event: event.hash, scopes: [.steward]), replacing: [])
        case .admission(let keys, let name, let scopes):
            membership.admit(
                keys, name: name, Membership.Admission(event: event.hash, scopes: scopes), replacing: event.envelope.refs)
        case .removal(let node):
            if !lifted.contains(event.hash) { membership.removals[node] = event.hash }
            // What the removal had seen stays ended, also when a later admission lifts it.
            membership.members[node]?.admissions.removeAll { admission in
                graph.position(of: admission.event).map { graph.isBefore($0, entry.position) } ?? false
            }
        case .rotation(let node, let succession):
            guard let keys = membership.members[node]?.keys else { return }
            membership.members[node]?.keys = NodeKeys(first: keys.first, checked: keys.successions + [succession])
        case .enrolment(let seat, let practitioner): membership.practitioners[seat] = practitioner
        }
    }
}

extension Authority {
    /// The removals and rotations of a chart, or of the part of it that counts.
    func endings(where isIncluded: (Int) -> Bool) -> Endings { Endings(entries.filter { isIncluded($0.position) }) }

    /// What ended a node's membership, or the time of one of its keys.
    struct Endings {
        /// By the node that was removed.
        fileprivate private(set) var removals: [NodeID: [Int]] = [:]
        /// Where each succession of a node's key was stated. A node that was put back from a backup states again what it had stated in a life
        /// that it lost: an event that knows the one statement, or that the one knows, has nothing to fear from the other.
        private var rotations: [NodeID: [KeySuccession: [Int]]] = [:]

        fileprivate init(_ entries: some Sequence<Entry>) {
            for entry in entries {
                switch entry.statement {
                case .removal(let node): removals[node, default: []].append(entry.position)
                case .rotation(let node, let succession):
                    rotations[node, default: [:]][succession, default: []].append(entry.position)
                case .genesis, .admission, .enrolment: continue
                }
            }
        }

        var isEmpty: Bool { removals.isEmpty && rotations.isEmpty }

        /// The removals of its node that an event's author did not know and that did not know the event, and the rotations of the node's key
        /// for which the same holds: it may have been written with a key that was given up. While one stands, it replaces nothing.
        func concurrent(with position: Int, of node: NodeID, in graph: ChartGraph) -> [Int] {
            var found = removals[node]?.filter { graph.areConcurrent($0, position) } ?? []
            for statements in rotations[node]?.values ?? [:].values
            where statements.allSatisfy({ graph.areApart($0, position) }) { found += statements }
            return found
        }
    }
}
