import EventLog

/// What one hold register comes to.
///
/// Only what is named is replaced: the current values are the effective events of the lineage that no effective event names. Two or
/// more that differ are a dispute; nothing ever picks one of them.
public struct RegisterState: Sendable {
    /// How a register stands.
    public enum Standing: Hashable, Sendable {
        /// One value, from one event or from several that say the same.
        case agreed(RegisterValue)
        /// Values that differ stand side by side.
        case disputed
        /// The current value was entered in error; nothing was put in its place.
        case withdrawn
        /// Nothing in the lineage is in effect.
        case void
    }

    /// The position of the event that began the lineage.
    public let root: Int
    /// Which register.
    public let register: HoldRegister
    /// All events of the lineage that count, in the order of the fold.
    public let members: [Int]
    /// The events that give the current values.
    public let current: [Int]
    /// Current events that were withdrawn.
    public let withdrawnHeads: [Int]
    /// Events written while their node was being removed: shown, but they replace nothing until a member names them.
    public let suspended: [Int]
    /// How it stands.
    public let standing: Standing
    /// The last value that was not disputed; for an agreed register, its value.
    public let lastAgreed: RegisterValue?
    /// By which events an event was replaced.
    public let replacedBy: [Int: [Int]]
    /// Suspended events that a member named since: they have taken effect after all.
    let adopted: Set<Int>

    init(root: Int, register: HoldRegister, members: [Int], in fold: Fold) {
        self.root = root
        self.register = register
        self.members = members
        let effective = members.filter { fold.isEffective($0) && fold.values[$0] != nil }
        let naming = Naming(effective, in: fold)
        adopted = naming.adopted
        replacedBy = naming.replacedBy
        let heads = effective.filter { naming.replacedBy[$0] == nil }
        suspended = heads.filter { naming.isSuspended($0) }
        withdrawnHeads = heads.filter { !naming.isSuspended($0) && naming.isWithdrawn($0) }
        let current = heads.filter { !naming.isSuspended($0) && !naming.isWithdrawn($0) }
        self.current = current
        let ancestry = Ancestry(effective, naming: naming, in: fold)
        let agreed = ancestry.commonValue(Set(current))
        if let agreed {
            standing = .agreed(agreed)
            lastAgreed = agreed
        } else if current.isEmpty {
            standing = withdrawnHeads.isEmpty ? .void : .withdrawn
            lastAgreed = ancestry.lastAgreed(before: Set(withdrawnHeads))
        } else {
            standing = .disputed
            lastAgreed = ancestry.lastAgreed(before: Set(current))
        }
    }

    /// True when values that differ stand side by side.
    public var isDisputed: Bool { standing == .disputed }
}

/// Which events of a lineage replace which.
private struct Naming {
    private(set) var replacedBy: [Int: [Int]] = [:]
    private(set) var adopted: Set<Int> = []
    private let fold: Fold

    init(_ effective: [Int], in fold: Fold) {
        self.fold = fold
        let members = Set(effective)
        // From the last to the first: whether an event is adopted is told by events after it.
        for position in effective.reversed() {
            let isHeldBack = fold.suspended.contains(position) && !adopted.contains(position)
            // A withdrawn resolution re-opens what it had settled; any other withdrawn event still replaces what it named.
            let isUndone = isWithdrawn(position) && fold.record.graph.nodes[position].envelope.kind == ConflictResolved.kind
            guard !isHeldBack, !isUndone else { continue }
            for target in fold.targets(of: position) where members.contains(target) {
                replacedBy[target, default: []].append(position)
                if fold.suspended.contains(target) { adopted.insert(target) }
            }
        }
        for target in replacedBy.keys { replacedBy[target]?.reverse() }
    }

    func isWithdrawn(_ position: Int) -> Bool { fold.withdrawals[position] != nil }

    func isSuspended(_ position: Int) -> Bool { fold.suspended.contains(position) && !adopted.contains(position) }
}

/// The way back from the current events of a lineage to what was last agreed.
private struct Ancestry {
    private var parents: [Int: [Int]] = [:]
    private let naming: Naming
    private let fold: Fold

    init(_ effective: [Int], naming: Naming, in fold: Fold) {
        self.naming = naming
        self.fold = fold
        let members = Set(effective)
        for position in effective {
            parents[position] = fold.targets(of: position).filter { members.contains($0) }
        }
    }

    /// The one value that all of them give; nil for none, or when they differ. What was erased equals nothing.
    func commonValue(_ positions: Set<Int>) -> RegisterValue? {
        let values = Set(positions.compactMap { fold.values[$0] })
        guard let value = values.first, values.count == 1 else { return nil }
        return value == .erased && positions.count > 1 ? nil : value
    }

    /// Walks back to the nearest events that all of `heads` follow from and that agree.
    func lastAgreed(before heads: Set<Int>) -> RegisterValue? {
        var frontier = heads
        var steps = 0
        while !frontier.isEmpty, steps <= parents.count {
            steps += 1
            frontier = frontier.count == 1 ? Set(frontier.flatMap { parents[$0] ?? [] }) : commonAncestors(of: frontier)
            let standing = frontier.filter { !naming.isWithdrawn($0) }
            if standing.count == frontier.count, let value = commonValue(frontier) { return value }
        }
        return nil
    }

    private func commonAncestors(of heads: Set<Int>) -> Set<Int> {
        var common: Set<Int>?
        for head in heads {
            let all = ancestors(of: head)
            common = common?.intersection(all) ?? all
        }
        let shared = (common ?? []).subtracting(heads)
        let covered = shared.reduce(into: Set<Int>()) { $0.formUnion(ancestors(of: $1).subtracting([$1])) }
        return shared.subtracting(covered)
    }

    private func ancestors(of position: Int) -> Set<Int> {
        var found: Set<Int> = []
        var pending = [position]
        while let next = pending.popLast() {
            if found.insert(next).inserted { pending.append(contentsOf: parents[next] ?? []) }
        }
        return found
    }
}
