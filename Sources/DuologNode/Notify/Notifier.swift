import CareModel
import EventLog
import Foundation
import LogStore
import Logging
import RecordPage
import Replication

/// Tells people of what waits for them through a command of the practice's own, again and again until they have opened the chart.
///
/// The command learns who, what kind of thing and how many; never which patient.
actor Notifier {
    /// A command that takes longer is ended.
    static let patience = Duration.seconds(30)
    /// Follow-ups become overdue by the passing of time alone: all charts are looked at so often.
    private static let sweep = Duration.seconds(3600)
    /// What is due to be repeated is looked for so often.
    private static let beat = Duration.seconds(10)

    private let log: LogStore
    private let journal: Journal
    private let clock: NodeClock
    private let logger: Logger
    private var command: String?
    private var reminders = Reminders()
    private var working: Task<Void, Never>?

    init(log: LogStore, journal: Journal, clock: NodeClock, logger: Logger) {
        self.log = log
        self.journal = journal
        self.clock = clock
        self.logger = logger
    }

    /// Begins, or goes on with another command; with none it ends.
    func run(_ command: String?, every minutes: Int, changes: @escaping @Sendable () -> AsyncStream<PageChange>) {
        reminders.repeatAfter = minutes * 60_000
        guard command != self.command else { return }
        self.command = command
        working?.cancel()
        working = nil
        guard command != nil else { return }
        working = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await case .charts(let charts) in changes() { await self.look(at: charts) }
                }
                group.addTask {
                    while !Task.isCancelled {
                        await self.lookAtAll()
                        try? await Task.sleep(for: Self.sweep)
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.beat)
                        await self.tell()
                    }
                }
            }
        }
    }

    func stop() { working?.cancel() }

    /// Somebody opened a chart: they are not told again of what waits there now.
    func noteOpened(_ chart: ChartID, by person: AuthorID) { reminders.noteOpened(chart, by: person, at: clock.now) }

    private func lookAtAll() async {
        do {
            if !reminders.isReady { reminders.begin(with: try await openedSoFar()) }
            for entry in try await log.charts() where !Task.isCancelled { await look(at: [entry.chart], telling: false) }
            await tell()
        } catch {
            report(error)
        }
    }

    private func look(at charts: Set<ChartID>, telling: Bool = true) async {
        do {
            let people = try await log.practitioners()
            for chart in charts.sorted() {
                guard let record = try await log.record(of: chart) else { continue }
                var found = Matter.all(in: record, at: log.node, people, now: clock.now)
                if !found.isEmpty { found = Matter.known(found, in: record, try await log.arrivals(of: chart).map(\.at)) }
                reminders.note(found, in: chart)
            }
        } catch {
            report(error)
        }
        if telling { await tell() }
    }

    /// What the journal says of who opened what, so that nobody is told anew when the daemon starts again.
    private func openedSoFar() async throws -> [AuthorID: [ChartID: Timestamp]] {
        var found: [AuthorID: [ChartID: Timestamp]] = [:]
        guard let record = try await journal.record() else { return found }
        for (envelope, _, body) in record.entries(AccessRecorded.self) {
            guard let person = AuthorID(body.who), let chart = body.chart else { continue }
            found[person, default: [:]][chart] = max(envelope.at, found[person]?[chart] ?? envelope.at)
        }
        return found
    }

    private func tell() async {
        guard let command else { return }
        for reminder in reminders.due(now: clock.moment.monotonic) {
            await Self.carryOut(command, reminder.person, reminder.what, count: reminder.count, logger)
        }
    }

    /// Runs the command, and waits for it. What it prints goes nowhere.
    private static func carryOut(
        _ command: String, _ person: AuthorID, _ what: Matter.What, count: Int, _ logger: Logger
    ) async {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command)
        process.arguments = [person.text, what.rawValue, "\(count)"]
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ended, ending) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = {
            ending.yield($0.terminationStatus)
            ending.finish()
        }
        do {
            try process.run()
        } catch {
            return logger.error("the notifying command cannot be run; see notify.command")
        }
        let limit = Task {
            try await Task.sleep(for: patience)
            process.terminate()
        }
        defer { limit.cancel() }
        for await status in ended where status != 0 {
            logger.error("the notifying command ended with \(status)", metadata: ["what": "\(what.rawValue)"])
        }
    }

    private func report(_ error: any Error) {
        logger.error("what people are to be notified of could not be looked up", metadata: ["type": "\(type(of: error))"])
    }
}
