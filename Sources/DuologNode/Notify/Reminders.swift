import EventLog

/// Who is told of what waits for them, and when again: until they have opened the chart. It starts no program and reads no clock.
struct Reminders: Sendable {
    /// What somebody is told: how many things of a kind wait for them, and not whose.
    struct Reminder: Hashable, Sendable {
        let person: AuthorID
        let what: Matter.What
        let count: Int
    }

    /// Milliseconds after which somebody is told again.
    var repeatAfter = 0
    private var matters: [ChartID: [Matter]] = [:]
    /// When somebody was last told of a matter, on the count that never goes back.
    private var told: [Matter: Int] = [:]
    /// When each person last opened each chart; nil before that is known, and nobody is told of anything.
    private var opened: [AuthorID: [ChartID: Timestamp]]?

    /// What waits in a chart now, in place of what waited there.
    mutating func note(_ found: [Matter], in chart: ChartID) { matters[chart] = found.isEmpty ? nil : found }

    /// What is known of who opened what.
    mutating func begin(with opened: [AuthorID: [ChartID: Timestamp]]) { self.opened = opened }

    /// False until ``begin(with:)``.
    var isReady: Bool { opened != nil }

    /// Somebody opened a chart: they are not told again of what waits there now.
    mutating func noteOpened(_ chart: ChartID, by person: AuthorID, at time: Timestamp) {
        opened?[person, default: [:]][chart] = time
    }

    /// Whom to tell now, by person and by kind; they count as told from here on.
    ///
    /// - Parameter now: milliseconds on the count that never goes back.
    mutating func due(now: Int) -> [Reminder] {
        guard let opened else { return [] }
        let open = matters.values.joined().filter { matter in
            opened[matter.person]?[matter.chart].map { $0 < matter.since } ?? true
        }
        told = told.filter { open.contains($0.key) }
        let due = open.filter { matter in told[matter].map { now - $0 >= repeatAfter } ?? true }
        return Set(due.map(\.person)).sorted().flatMap { person in
            Matter.What.allCases.filter { what in due.contains { $0.person == person && $0.what == what } }.map { what in
                // Whoever is told of one thing is told of all of its kind, and hears of them together from then on.
                let mine = open.filter { $0.person == person && $0.what == what }
                for matter in mine { told[matter] = now }
                return Reminder(person: person, what: what, count: mine.count)
            }
        }
    }
}
