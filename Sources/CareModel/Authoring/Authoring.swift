public import EventLog

/// Authoring: strict about all that admission lets pass.
extension ChartRecord {
    /// Writes an event and takes it in. Where it throws, the event may be in: the record is not to be used any more.
    ///
    /// - Parameters:
    ///   - origin: the writing node in its present epoch.
    ///   - time: the node's wall clock.
    public mutating func author(
        _ draft: Draft, as origin: Origin, at time: Timestamp
    ) throws(AuthoringError) -> (written: Authored, event: Event) {
        guard let kind = Catalogue.entry(draft.kind) else {
            throw .content(ContentError("kind", "\(draft.kind) is not a kind that this version knows"))
        }
        let event = try compose(draft, kind, as: origin, at: time)
        let position = try admitOwn(event, kind, saying: draft.said)
        let written = Authored(
            chart: graph.chart, event: event.hash, seq: event.envelope.seq,
            not_seen: graph.positions(beyondReachOf: position).map { graph.nodes[$0].hash })
        return (written, event)
    }

    private func compose(
        _ draft: Draft, _ kind: Catalogue.Entry, as origin: Origin, at time: Timestamp
    ) throws(AuthoringError) -> Event {
        let body: BodyLine
        do throws(FormatError) {
            body = try BodyLine(salt: draft.salt, when: draft.when, members: draft.members)
        } catch {
            throw .format(error)
        }
        var frontier: [Int]
        switch draft.seeing {
        case .everything: frontier = graph.frontier
        case .view(let view):
            guard let positions = graph.positions(in: view) else { throw .unknownView }
            frontier = graph.extend(positions, by: draft.author, in: origin)
        case .exactly(let view):
            guard let positions = graph.positions(in: view) else { throw .unknownView }
            frontier = positions
        case .onlyRefs: frontier = graph.maximal(graph.tips(of: origin))
        }
        let refs = try refs(of: draft, &frontier)
        let next = graph.next(in: origin, seeing: frontier)
        let envelope = Envelope(
            chart: draft.chart, origin: origin, seq: next.seq, prev: next.prev, seen: next.seen, after: next.after,
            refs: refs.isEmpty ? [] : refs.sorted(), at: time, author: draft.author, kind: draft.kind, version: kind.version,
            critical: kind.isCritical, body: body.hash)
        return Event(envelope: envelope, body: body)
    }

    private func refs(of draft: Draft, _ frontier: inout [Int]) throws(AuthoringError) -> Set<EventHash> {
        switch draft.refs {
        case .events([]): return []
        case .events(let hashes):
            var positions: [Int] = []
            for hash in hashes {
                guard let position = graph.position(of: hash) else { throw .refNotSeen(hash) }
                positions.append(position)
            }
            // Nobody names an event without having it before them.
            if case .onlyRefs = draft.seeing { frontier = graph.maximal(frontier + positions) }
            for (hash, position) in zip(hashes, positions) where !graph.covers(frontier, position) { throw .refNotSeen(hash) }
            return Set(hashes)
        case .heads(let member):
            guard let position = graph.position(of: member), graph.covers(frontier, position) else { throw .refNotSeen(member) }
            let seen = Set(graph.nodes.indices.filter { graph.covers(frontier, $0) })
            let fold = Fold(self, Fold.Scope(positions: seen))
            guard let register = fold.registers.first(where: { $0.members.contains(position) }) else {
                throw .content(ContentError("refs", "does not belong to a medication, a referral or an episode"))
            }
            return Set((register.current + register.withdrawnHeads).map { graph.nodes[$0].hash })
        }
    }

    /// Admits an event of our own, and refuses what a peer's event would be stored without effect for.
    private mutating func admitOwn(
        _ event: Event, _ kind: Catalogue.Entry, saying said: (any EventBody)?
    ) throws(AuthoringError) -> Int {
        if isIncomplete, kind.isCritical { throw .incomplete }
        if !event.envelope.refs.isEmpty, case .hold = kind.type.rule, event.envelope.kind != ConflictResolved.kind {
            try refuseDisputed(event)
        }
        let position: Int
        do throws(AdmissionError) {
            // It follows the last event of its chain, so it cannot be here.
            position = try admit(new: event, as: kind)
        } catch {
            throw .damaged(error)
        }
        if case .withoutEffect(let reason, _) = verdict(on: position) { throw .notPermitted(reason) }
        if let problem = problem(at: position, kind, saying: said) { throw .content(problem) }
        return position
    }

    /// What is wrong with what an event says. One that names nothing and writes no register needs no fold to tell: a journal grows with
    /// every disclosure, and must not be read through for each.
    private func problem(
        at position: Int, _ kind: Catalogue.Entry, saying said: (any EventBody)?
    ) -> ContentError? {
        guard kind.mayStandAlone, graph.nodes[position].envelope.refs.isEmpty, let body = entries[position].body else {
            return Fold(self).problem(of: position)
        }
        switch entries[position].content {
        case .success: return nil
        case .failure(let problem): return problem
        case nil:
            do throws(ContentError) {
                // What this program made of a body need not be read again.
                if let said { try said.checkAll(at: body.when) } else { _ = try kind.type.read(body) }
                return nil
            } catch {
                return error
            }
        }
    }

    private func refuseDisputed(_ event: Event) throws(AuthoringError) {
        let fold = Fold(self)
        let named = event.envelope.refs.compactMap { graph.position(of: $0) }
        for register in fold.registers where register.isDisputed && named.contains(where: { register.members.contains($0) }) {
            throw .disputed(subject: fold.subject(of: register), view: graph.view.token)
        }
    }
}
