public import EventLog

/// What the patient and the people who treat them want to reach, and what they agreed on for bad days.
public struct GoalsView: TimedProjection {
    public static let name = "goals"

    /// A goal, as it was last put.
    public struct Goal: Codable, Hashable, Sendable {
        /// The event that set it.
        public let set: EventLabel
        /// The event that says it last.
        public let latest: EventLabel
        /// The goal; nil where it was erased.
        public let text: String?
        /// What is measured.
        public let measure: String?
        /// What is to be reached.
        public let target: String?
        /// By when.
        public let due: CalendarDay?
        /// True once it was reached.
        public let met: Bool
        /// True while it is not, and its day has passed.
        public let overdue: Bool
    }

    /// Those that are not reached first, each by the time at which it was set.
    public let goals: [Goal]
    /// The newest safety plan.
    public let safety_plan: EventLabel?
    /// What it says; nil where it was erased, or there is none.
    public let safety_plan_text: String?

    public init(_ fold: Fold, now: Timestamp) {
        let later = fold.counted([GoalUpdated.kind, GoalMet.kind])
        // Causes come first in this order, so that one pass finds the goal that each event goes back to.
        var roots: [Int: Int] = [:]
        var latest: [Int: Int] = [:]
        var met: Set<Int> = []
        let set = fold.countedByTime([GoalSet.kind])
        for goal in set { (roots[goal], latest[goal]) = (goal, goal) }
        for position in later {
            for root in Set(fold.targets(of: position).compactMap { roots[$0] }) {
                (roots[position], latest[root]) = (root, position)
                if fold.record.graph.nodes[position].envelope.kind == GoalMet.kind { met.insert(root) }
            }
        }
        goals = set.map { root in
            let position = latest[root] ?? root
            let (text, measure, target, due) = Self.content(fold.currentBody(position))
            let isMet = met.contains(root)
            return Goal(
                set: EventLabel(root, fold), latest: EventLabel(position, fold), text: text, measure: measure, target: target,
                due: due, met: isMet, overdue: !isMet && (due.map { $0 < fold.day(of: now, where: position) } ?? false))
        }.enumerated().sorted { ($0.element.met ? 1 : 0, $0.offset) < ($1.element.met ? 1 : 0, $1.offset) }.map(\.element)
        let plan = fold.countedByTime([SafetyPlanUpdated.kind]).last
        safety_plan = plan.map { EventLabel($0, fold) }
        safety_plan_text = plan.flatMap { fold.currentBody($0) as? SafetyPlanUpdated }?.text
    }

    private static func content(_ body: (any EventBody)?) -> (String?, String?, String?, CalendarDay?) {
        switch body {
        case let goal as GoalSet: (goal.text, goal.measure, goal.target, goal.due)
        case let goal as GoalUpdated: (goal.text, goal.measure, goal.target, goal.due)
        case let goal as GoalMet: (goal.text, goal.measure, goal.target, goal.due)
        default: (nil, nil, nil, nil)
        }
    }
}
