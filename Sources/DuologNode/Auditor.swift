import CareModel
import EventLog
import Foundation
import Logging
import LogStore
import NodeAPI

/// Checks the whole log when somebody asks for it, and now and then by itself. One check runs at a time.
actor Auditor {
    private let log: LogStore
    private let notebooks: Notebooks
    private let clock: NodeClock
    private let logger: Logger
    private var running: Task<Void, Never>?
    private var isScrub = false
    private var scrubbing: Task<Void, Never>?
    private var done = 0
    private var total = 0
    private var last: VerifyReport?

    init(log: LogStore, notebooks: Notebooks, clock: NodeClock, logger: Logger) {
        self.log = log
        self.notebooks = notebooks
        self.clock = clock
        self.logger = logger
    }

    /// How far the check is that runs, and what the last one found.
    var state: VerifyState { VerifyState(running: running != nil, done: done, total: total, report: last) }

    /// What the last check found, also one before the daemon was started.
    func lastSummary() async throws -> VerifySummary? {
        if let last { return VerifySummary(last) }
        return try await log.note(Self.noteName).flatMap { try? JSONDecoder().decode(VerifySummary.self, from: Data($0)) }
    }

    private static let noteName = "last-verification"

    /// Begins a check, unless one runs. Nobody waits for one that takes its time: it is given up for the one that was asked for.
    func start(quick: Bool, pace: Int? = nil) {
        let slow = running
        if slow != nil {
            guard isScrub, pace == nil else { return }
            slow?.cancel()
        }
        (done, total) = (0, 0)
        isScrub = pace != nil
        let task = Task(priority: pace == nil ? .medium : .background) {
            await slow?.value
            await self.check(quick: quick, pace: pace)
        }
        running = task
        Task {
            await task.value
            if self.running == task { self.running = nil }
        }
    }

    private func check(quick: Bool, pace: Int?) async {
        var verifier = log.verifier
        if let pace {
            verifier.pause = { findings in
                try? await Task.sleep(for: .milliseconds(max(1, findings.events) * 1000 / pace))
            }
        }
        let report = await verifier.verify(isQuick: quick) { done, total in
            Task { await self.progressed(done, total) }
        }
        var charts = report.charts
        var findings = report.log
        do {
            for (author, notebook) in try await notebooks.all() {
                let own = await notebook.verifier.verify(isQuick: quick)
                findings += own.log
                charts += own.charts.map { chart in
                    var chart = chart
                    chart.name = "notebook of \(author)"
                    return chart
                }
            }
        } catch {
            findings.append(Finding(.database, "a notebook cannot be opened: \(error)"))
        }
        guard !Task.isCancelled else { return }
        let found = VerifyReport(
            quick: quick, began: report.began, ended: clock.now, charts: charts, log: findings, commits: report.commits)
        last = found
        await keep(found)
    }

    private func keep(_ report: VerifyReport) async {
        if !report.whole { logger.critical("the log does not verify: run duolog audit verify for what is damaged") }
        do {
            try await log.keepNote(Self.noteName, [UInt8](JSONEncoder().encode(VerifySummary(report))))
        } catch {
            logger.error("the result of a check could not be kept", metadata: ["type": "\(type(of: error))"])
        }
    }

    private func progressed(_ done: Int, _ total: Int) {
        self.done = max(self.done, done)
        self.total = total
    }

    // MARK: In the background

    /// Checks the log every so many hours, so many events a second; never for 0 hours. Replaces what was said before; a check that
    /// runs goes on.
    func scrub(every hours: Int, pace: Int) {
        scrubbing?.cancel()
        scrubbing = nil
        guard hours > 0 else { return }
        scrubbing = Task(priority: .background) {
            while !Task.isCancelled {
                let due = (try? await self.lastSummary()).map { $0.ended.milliseconds + hours * 3_600_000 } ?? 0
                let wait = max(1000, due - self.clock.now.milliseconds)
                try? await Task.sleep(for: .milliseconds(min(wait, 3_600_000)))
                guard !Task.isCancelled, self.clock.now.milliseconds >= due else { continue }
                self.start(quick: false, pace: pace)
                await self.running?.value
            }
        }
    }

    /// Ends what runs.
    func stop() {
        scrubbing?.cancel()
        running?.cancel()
    }
}
