import EventLog
import TestSupport

/// Many runs, several at once.
public struct Campaign: Sendable {
    /// What came of them.
    public struct Outcome: Sendable {
        public var runs = 0
        public var tally = Tally()
        public var violations: [(seed: Int, text: String)] = []

        /// What happened, by frequency, and what to run again.
        public var report: String {
            let counts = tally.counts.sorted { ($0.key) < ($1.key) }.map { "  \($0.key): \($0.value)" }
            let failures = violations.map { "VIOLATION \($0.text)\n  run it again: make simulate SEEDS=1 SEED_START=\($0.seed)" }
            return (["\(runs) histories"] + counts + failures).joined(separator: "\n")
        }
    }

    let start: Int
    let count: Int
    let actions: Int
    let mostViolations: Int

    /// Seeds from `start` on. It stops early after `mostViolations`.
    public init(start: Int, count: Int, actions: Int = 200, mostViolations: Int = 10) {
        self.mostViolations = mostViolations
        self.start = start
        self.count = count
        self.actions = actions
    }

    /// Runs all seeds, four at a time.
    public func run(progress: @escaping @Sendable (String) -> Void) async -> Outcome {
        var outcome = Outcome()
        await withTaskGroup(of: (Int, Tally, String?).self) { group in
            var next = start
            func add() {
                guard next < start + count, outcome.violations.count < mostViolations else { return }
                let seed = next
                next += 1
                group.addTask { await Self.run(seed, actions) }
            }
            for _ in 0..<4 { add() }
            while let (seed, tally, failure) = await group.next() {
                outcome.runs += 1
                outcome.tally.merge(tally)
                if let failure {
                    outcome.violations.append((seed, failure))
                    progress("VIOLATION \(failure)")
                }
                if outcome.runs.isMultiple(of: 500) { progress("\(outcome.runs) of \(count) histories") }
                add()
            }
        }
        return outcome
    }

    /// One seed: what happened, and what was wrong.
    public static func run(_ seed: Int, _ actions: Int) async -> (Int, Tally, String?) {
        let options = Options(seed: UInt64(seed), actions: actions)
        let verified = VerifiedReceipts()
        let world = World(options) { MemoryLog(key: $0, clock: $1, random: $2, verified: verified) }
        do {
            try await world.run()
            return (seed, world.tally, nil)
        } catch {
            return (seed, world.tally, "\(options): \(error)")
        }
    }
}
