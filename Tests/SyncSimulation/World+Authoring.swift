import CareModel
import EventLog
import TestSupport

/// What people write in a run.
extension World {
    // MARK: Charts and who belongs to them

    func openChart(by slot: Int) async throws {
        let node = nodes[slot]
        setClock(node)
        let chart = try await node.store.openChart(name: "founder", nonce: random.bytes(16), salt: random.bytes(16))
        charts.append(chart)
        founders[chart] = slot
        observer.knows(chart, foundedBy: node.node)
        // The first chart is everybody's, the others may have strangers among their founder's peers.
        let members = nodes.filter { charts.count == 1 || $0.slot == slot || !random.oneIn(3) }
        var drafts = members.map {
            draft(node, chart, MemberAdmitted.kind, admission($0, isFounder: $0.slot == slot), author: .node)
        }
        drafts.append(draft(node, chart, PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Dr. \#(slot)"}"#))
        drafts.append(draft(node, chart, ConsentGranted.kind, consent(members.map(\.node))))
        drafts.append(draft(node, chart, MedicationPrescribed.kind, Bodies.prescribed(50)))
        try await acknowledge(drafts, node)
        node.hasPeople.insert(chart)
        try await committed(slot)
    }

    private func admission(_ node: SimulatedNode, isFounder: Bool) -> String {
        let scopes: [Scope] = isFounder ? [.steward, .prescribing, .therapy] : [.prescribing, .therapy]
        let admitted = MemberAdmitted(keys: node.store.key.keys, name: "practice \(node.slot)", scopes: scopes)
        return String(decoding: admitted.members, as: UTF8.self)
    }

    private func consent(_ recipients: [NodeID]) -> String {
        let names = Set(recipients).sorted().map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"purpose":"TREAT","recipients":[\#(names)],"signed_document_hash":"\#(EventHash(of: [1]))"}"#
    }

    /// The founder decides who belongs to a chart and whom it may be sent to, from all that it knows.
    func decide(_ action: Action) async throws {
        guard let chart = charts.randomElement(using: &random), let founder = founders[chart], nodes[founder].isUp,
            let record = try await nodes[founder].store.record(of: chart)
        else { return }
        let node = nodes[founder]
        let others = nodes.prefix(options.nodes).filter { $0.slot != founder }
        guard let other = others.randomElement(using: &random) else { return }
        func events(_ kind: Kind) -> [EventHash] {
            record.graph.nodes.filter { $0.envelope.kind == kind }.map(\.hash).sorted()
        }
        let draft: Draft
        switch action {
        case .admit:
            // Names every removal, and lifts those of this node.
            draft = self.draft(
                node, chart, MemberAdmitted.kind, admission(other, isFounder: false), refs: events(MemberRemoved.kind),
                author: .node)
        case .remove:
            let admissions = observer.admissions(of: other.node, in: record)
            guard !admissions.isEmpty else { return }
            draft = self.draft(
                node, chart, MemberRemoved.kind, #"{"reason":"left"}"#, refs: admissions, author: .node)
        case .grant:
            let recipients = [node.node] + others.filter { _ in !random.oneIn(4) }.map(\.node)
            draft = self.draft(node, chart, ConsentGranted.kind, consent(recipients), refs: events(ConsentRevoked.kind))
        default:
            draft = self.draft(
                node, chart, ConsentRevoked.kind, #"{"recipients":["\#(other.node)"]}"#, refs: events(ConsentGranted.kind))
        }
        try await tryToWrite([draft], node)
    }

    // MARK: The record

    func write(_ action: Action) async throws {
        guard let node = nodes.filter(\.isUp).randomElement(using: &random), let chart = charts.randomElement(using: &random),
            let record = try await node.store.record(of: chart), !record.graph.nodes.isEmpty
        else { return }
        if !node.hasPeople.contains(chart) {
            let enrolment = draft(
                node, chart, PractitionerEnrolled.kind, #"{"credential":"psychiatrist","name":"Dr. \#(node.slot)"}"#)
            guard try await tryToWrite([enrolment], node) else { return }
            node.hasPeople.insert(chart)
            return
        }
        if action == .newKind {
            setClock(node)
            let isCritical = random.oneIn(12)
            try (node.store as? MemoryLog)?.authorNewer(
                "future.kind", in: chart, by: node.author, isCritical: isCritical, salt: random.bytes(16))
            return try await committed(node.slot)
        }
        guard let draft = draft(action, node, chart, record) else { return }
        try await tryToWrite([draft], node)
        if random.oneIn(3), let record = try await node.store.record(of: chart) { node.views.append(record.graph.view) }
    }

    private func draft(_ action: Action, _ node: SimulatedNode, _ chart: ChartID, _ record: ChartRecord) -> Draft? {
        let view = action == .authorFromAnOldView ? oldView(node, chart, record) : record.graph.view
        switch action {
        case .erase:
            let own = own([SessionHeld.kind], node, record)
            guard let target = own.randomElement(using: &random) else { return nil }
            return draft(node, chart, EventErased.kind, #"{"authority":"GDPR Art. 17"}"#, refs: [target])
        case .withdraw:
            guard let target = own([DoseAdjusted.kind, ConflictResolved.kind], node, record).randomElement(using: &random) else {
                return nil
            }
            return draft(node, chart, RecordWithdrawn.kind, Bodies.withdrawn, refs: [target])
        default: break
        }
        guard !random.oneIn(2), let lineage = lineage(record, view) else {
            return draft(node, chart, SessionHeld.kind, Bodies.session, view: view)
        }
        switch action {
        case .report: return draft(node, chart, SideEffectReported.kind, Bodies.sideEffect, refs: [lineage.root], view: view)
        case .resolve:
            guard lineage.values.count > 1 else { return nil }
            let named = random.oneIn(3) ? Array(lineage.values.prefix(1)) : lineage.values
            return draft(
                node, chart, ConflictResolved.kind, Bodies.resolved(random.oneIn(2) ? 50 : 75), refs: named.map(\.event),
                view: view)
        default:
            guard let head = lineage.values.randomElement(using: &random), let value = head.medication, value.status == .active,
                let dose = value.dose.flatMap({ Int($0.value) })
            else { return nil }
            if random.oneIn(10) {
                return draft(node, chart, MedicationStopped.kind, Bodies.stopped, refs: [head.event], view: view)
            }
            let to = [25, 50, 75, 100].randomElement(using: &random) ?? 50
            return draft(node, chart, DoseAdjusted.kind, Bodies.adjusted(dose, to), refs: [head.event], view: view)
        }
    }

    private func own(_ kinds: Set<Kind>, _ node: SimulatedNode, _ record: ChartRecord) -> [EventHash] {
        record.graph.nodes.filter { event in
            event.envelope.origin.node == node.node && event.envelope.author == node.author && kinds.contains(event.envelope.kind)
        }.map(\.hash).sorted()
    }

    private func oldView(_ node: SimulatedNode, _ chart: ChartID, _ record: ChartRecord) -> View {
        let possible = node.views.filter { record.graph.positions(in: $0) != nil }
        return possible.randomElement(using: &random) ?? record.graph.view
    }

    /// The medication as a view shows it.
    private func lineage(_ record: ChartRecord, _ view: View) -> Lineage? {
        guard let frontier = record.graph.positions(in: view) else { return nil }
        let seen = Set(record.graph.nodes.indices.filter { record.graph.covers(frontier, $0) })
        let fold = Fold(record, Fold.Scope(positions: seen))
        guard let register = fold.registers.first(where: { $0.register == .medication }) else { return nil }
        return Lineage(
            root: record.graph.nodes[register.root].hash,
            values: register.current.map { Lineage.Value(event: record.graph.nodes[$0].hash, medication: fold.medication($0)) })
    }

    private struct Lineage {
        struct Value {
            let event: EventHash
            let medication: MedicationValue?
        }

        let root: EventHash
        /// The current ones: one, or several that differ.
        let values: [Value]
    }

    private func draft(
        _ node: SimulatedNode, _ chart: ChartID, _ kind: Kind, _ members: String, refs: [EventHash] = [], view: View? = nil,
        author: AuthorID? = nil
    ) -> Draft {
        Draft(
            chart: chart, author: author ?? node.author, kind: kind, members: Array(members.utf8),
            when: ClinicalTime(instant: wall(node), offsetMinutes: 0), refs: .events(refs),
            seeing: view.map { .view($0) } ?? .everything, salt: random.bytes(16))
    }

    /// Writes what is permitted; returns whether it was.
    @discardableResult
    private func tryToWrite(_ drafts: [Draft], _ node: SimulatedNode) async throws -> Bool {
        setClock(node)
        do {
            try await acknowledge(drafts, node)
        } catch let error as AuthoringError {
            tally.count("not written: \(error.word)")
            if case .damaged = error { throw Violation(.refusal, "slot \(node.slot) would write what nobody admits: \(error)") }
            return false
        }
        try await committed(node.slot)
        return true
    }

    private func acknowledge(_ drafts: [Draft], _ node: SimulatedNode) async throws {
        let written = try await node.store.author(drafts, request: "\(random.next())")
        tally.count("events", written.count)
        observer.acknowledged(written.map(\.event), by: node)
    }
}

extension AuthoringError {
    fileprivate var word: String { "\(self)".split(separator: "(").first.map(String.init) ?? "" }
}
