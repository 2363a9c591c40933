extension Fold {
    /// Who belongs to a chart by everything that has arrived, without folding the rest.
    public static func membership(of record: ChartRecord) -> Membership { record.authority.membership(in: record.graph) }

    /// What is wrong with what an event says; nil for nothing.
    public func problem(of position: Int) -> ContentError? {
        if let problem = problems[position] { return problem }
        let (standing, rule) = effect(of: position)
        return standing == .withoutEffect ? ContentError("body", rule?.words ?? "is without effect") : nil
    }
}
