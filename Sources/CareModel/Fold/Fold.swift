public import EventLog

/// What a set of events comes to under the rules: which are in effect, and what every register holds.
///
/// A pure function of the set: the order in which events arrived plays no part.
public struct Fold: Sendable {
    /// Which events count.
    public struct Scope: Sendable {
        /// Only these positions; nil for all.
        public var positions: Set<Int>?
        /// Only what happened up to here, by clinical time; nil for all.
        public var now: Timestamp?

        /// All events, or a part of them.
        public init(positions: Set<Int>? = nil, now: Timestamp? = nil) {
            self.positions = positions
            self.now = now
        }
    }

    /// Kinds of the keep-all rule whose bodies the fold itself needs.
    static let reads: Set<Kind> = [RecordAmended.kind, EventErased.kind, SideEffectReported.kind, IntakeReported.kind]

    /// The chart that is folded.
    public let record: ChartRecord
    /// Which events count.
    public let scope: Scope
    /// Who belongs to the chart.
    public let membership: Membership
    /// The hold registers, by their roots in the order of the fold.
    public private(set) var registers: [RegisterState] = []
    /// The counted events in the order of the fold.
    let order: [Int]
    /// What is wrong with what an event says, by position.
    private(set) var problems: [Int: ContentError] = [:]
    /// The value that an event gives its register.
    private(set) var values: [Int: RegisterValue] = [:]
    /// The root of the register that an event writes.
    private(set) var roots: [Int: Int] = [:]
    /// The withdrawal of an event.
    private(set) var withdrawals: [Int: Int] = [:]
    /// Events whose bodies are to be read as erased.
    private(set) var erased: Set<Int> = []
    /// Amendments of an event, in the order of the fold.
    private(set) var amendments: [Int: [Int]] = [:]
    /// Events that were written while their node was being removed, and that no member has named since.
    private(set) var suspended: Set<Int> = []

    /// Folds a chart, or the part of it that `scope` names.
    public init(_ record: ChartRecord, _ scope: Scope = Scope()) {
        self.record = record
        self.scope = scope
        let isIncluded: (Int) -> Bool = { scope.positions?.contains($0) ?? true }
        membership = record.authority.membership(in: record.graph, where: isIncluded)
        order = record.order.filter { isIncluded($0) && record.counts($0, by: scope.now) }
        // Causes come before effects in this order, so each step finds what it needs of the events that one names.
        for position in order { readErasure(position) }
        for position in order { readContent(position) }
        for position in order { readWithdrawal(position) }
        evaluateRegisters()
    }

    /// True when the event was permitted and what it says is acceptable.
    public func isEffective(_ position: Int) -> Bool {
        record.verdict(on: position).isPermitted && problems[position] == nil
    }

    /// True when an event is among those that count, whatever its clinical time.
    func includes(_ position: Int) -> Bool { scope.positions?.contains(position) ?? true }

    /// The body as its kind reads it; nil when it is erased, unknown or not acceptable.
    func body(_ position: Int) -> (any EventBody)? {
        guard !erased.contains(position) else { return nil }
        return try? content(position)?.get()
    }

    /// The clinical time of the last thing that counts; nil where nothing does.
    public var lastInstant: Timestamp? { order.map { record.when($0).instant }.max() }

    func targets(of position: Int) -> [Int] {
        record.graph.nodes[position].envelope.refs.compactMap { record.graph.position(of: $0) }
    }

    // MARK: Content

    /// A body as its kind reads it, or what is wrong with it.
    typealias Content = Result<any EventBody, ContentError>

    /// Nil for a kind that this version does not know, and where there is no body.
    func content(_ position: Int) -> Content? {
        let entry = record.entries[position]
        if let content = entry.content { return content }
        guard let body = entry.body, let kind = Catalogue.kind(record.graph.nodes[position].envelope.kind) else { return nil }
        return ChartRecord.content(of: kind, body)
    }

    private mutating func readErasure(_ position: Int) {
        if record.entries[position].body == nil { erased.insert(position) }
    }

    private func namesUnerasable(_ position: Int) -> Bool {
        targets(of: position).contains { !Catalogue.isErasable(record.graph.nodes[$0].envelope.kind) }
    }

    private mutating func readContent(_ position: Int) {
        let envelope = record.graph.nodes[position].envelope
        guard let kind = Catalogue.kind(envelope.kind) else { return }
        if case .hold = kind.rule { roots[position] = root(of: position, envelope) }
        do throws(ContentError) {
            // Nil where the body is read only when somebody looks.
            if !erased.contains(position), case .failure(let error)? = record.entries[position].content {
                throw error
            }
            try checkTargets(kind, position, envelope)
            if roots[position] != nil { values[position] = try value(position, envelope) }
            if kind.kind == EventErased.kind, namesUnerasable(position) {
                throw ContentError("refs", "names an event that says who held what: those are never erased")
            }
            if kind.kind == RecordAmended.kind { try readAmendment(position) }
        } catch {
            problems[position] = error
        }
    }

    private func root(of position: Int, _ envelope: Envelope) -> Int? {
        if envelope.refs.isEmpty { return Catalogue.register(of: envelope.kind).map { _ in position } }
        return targets(of: position).lazy.compactMap { roots[$0] }.first
    }

    private func value(_ position: Int, _ envelope: Envelope) throws(ContentError) -> RegisterValue {
        var named: [RegisterValue] = []
        for target in targets(of: position) {
            guard let value = values[target] else { throw ContentError("refs", "names an event that is without effect") }
            named.append(value)
        }
        if erased.contains(position) { return .erased }
        guard let writer = body(position) as? any HoldWriter else { return .erased }
        return try writer.value(replacing: named)
    }

    private func checkTargets(
        _ kind: any EventBody.Type, _ position: Int, _ envelope: Envelope
    ) throws(ContentError) {
        let targets = targets(of: position)
        let set: Targets.TargetSet
        switch kind.targets {
        case .none:
            guard targets.isEmpty else { throw ContentError("refs", "this kind names no other event") }
            return
        case .optional(let allowed): set = allowed
        case .required(let allowed):
            guard !targets.isEmpty else { throw ContentError("refs", "must name what it is about") }
            set = allowed
        case .one(let allowed):
            guard targets.count == 1 else { throw ContentError("refs", "must name exactly one event") }
            set = allowed
        }
        switch set {
        case .any: break
        case .kinds(let kinds):
            guard targets.allSatisfy({ kinds.contains(record.graph.nodes[$0].envelope.kind) }) else {
                throw ContentError("refs", "may only name \(kinds.map(\.name).sorted().joined(separator: ", "))")
            }
        case .lineage(let register):
            guard targets.allSatisfy({ self.register(of: $0) == register }) else {
                throw ContentError("refs", "may only name events of a \(register.rawValue)")
            }
            try requireOneLineage(targets)
        case .anyLineage:
            guard targets.allSatisfy({ roots[$0] != nil }) else {
                throw ContentError("refs", "may only name events of a medication, a referral or an episode")
            }
            try requireOneLineage(targets)
        }
    }

    private func requireOneLineage(_ targets: [Int]) throws(ContentError) {
        guard Set(targets.map { roots[$0] }).count <= 1 else {
            throw ContentError("refs", "names events of different lineages")
        }
    }

    func register(of position: Int) -> HoldRegister? {
        roots[position].flatMap { Catalogue.register(of: record.graph.nodes[$0].envelope.kind) }
    }

    // MARK: Corrections

    private mutating func readAmendment(_ position: Int) throws(ContentError) {
        guard let target = targets(of: position).first else { return }
        let kind = record.graph.nodes[target].envelope.kind
        guard let type = Catalogue.kind(kind), Catalogue.isAmendable(kind) else {
            throw ContentError("refs", "\(kind) cannot be amended: record what holds now")
        }
        if let amendment = body(position) as? RecordAmended, let original = record.entries[target].body,
            !erased.contains(target)
        {
            _ = try Amended.read(original, as: type, amendment)
        }
        if record.verdict(on: position).isPermitted { amendments[target, default: []].append(position) }
    }

    private mutating func readWithdrawal(_ position: Int) {
        guard record.graph.nodes[position].envelope.kind == RecordWithdrawn.kind, isEffective(position),
            let target = targets(of: position).first
        else { return }
        let kind = record.graph.nodes[target].envelope.kind
        if !Catalogue.isWithdrawable(kind) {
            problems[position] = ContentError("refs", "\(kind) cannot be withdrawn")
        } else if withdrawals[target] == nil {
            withdrawals[target] = position
        }
    }

    // MARK: Registers

    private mutating func evaluateRegisters() {
        findSuspended()
        var lineages: [Int: [Int]] = [:]
        for position in order {
            if let root = roots[position] { lineages[root, default: []].append(position) }
        }
        for root in order {
            guard let members = lineages[root], let register = register(of: root) else { continue }
            registers.append(RegisterState(root: root, register: register, members: members, in: self))
        }
        for register in registers { suspended.subtract(register.adopted) }
    }

    private mutating func findSuspended() {
        let endings = record.authority.endings { scope.positions?.contains($0) ?? true }
        guard !endings.isEmpty else { return }
        for position in order where isEffective(position) {
            let node = record.graph.nodes[position].envelope.origin.node
            if !endings.concurrent(with: position, of: node, in: record.graph).isEmpty { suspended.insert(position) }
        }
    }
}

extension ChartRecord {
    /// Clinical time of an event; of an erased one, the time at which it was recorded.
    func when(_ position: Int) -> ClinicalTime {
        entries[position].body?.when ?? ClinicalTime(instant: graph.nodes[position].envelope.at, offsetMinutes: 0)
    }

    func counts(_ position: Int, by now: Timestamp?) -> Bool {
        guard let now else { return true }
        return when(position).instant <= now
    }
}
