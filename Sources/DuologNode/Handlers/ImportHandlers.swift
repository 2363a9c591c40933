import CareModel
import EventLog
import LogStore
import NodeAPI

/// A dry run between two of its parts.
struct DryRun {
    let base: String
    let author: AuthorID
    let trial: ImportTrial
}

extension RunningNode {
    /// Takes resources into a chart: all that can be taken in one commit, with its entry in the journal after it.
    func importResources(_ request: ImportRequest, _ caller: Caller) async throws -> ImportAnswer {
        let author = try await practitioner(caller)
        if request.dry_run, let base = request.base { return try goOn(request, author.author, base) }
        let now = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        let enrolment = try await enrolment(of: author, in: request.chart, now)
        if !request.dry_run, !enrolment.isEmpty { _ = try await writeAll(enrolment, request: "import enrolment \(request.file)") }
        guard var record = try await log.record(of: request.chart) else {
            throw NodeError(.notFound, "no chart \(request.chart.short) here; see: duolog chart list")
        }
        let (origin, time) = (Origin(node: log.node, epoch: log.epoch.epoch), clock.now)
        if request.dry_run { for draft in enrolment { _ = try record.author(draft, as: origin, at: time) } }
        guard let base = View(token: request.base ?? record.graph.view.token), record.graph.positions(in: base) != nil else {
            throw NodeError(.usage, "this import was begun on another state of the chart; begin it again")
        }
        let target = ImportTarget(chart: request.chart, author: author.author, base: base)
        let known = ImportLedger(try await journal.record(), request.chart)
        // On a copy first: what is refused there is kept aside, and the rest is written in one commit.
        var trial = ImportTrial(record, origin, time, ImportRun(target, known))
        var outcomes = request.items.map { trial.take($0) }
        if request.dry_run {
            dryRun = DryRun(base: base.token, author: author.author, trial: trial)
        } else {
            try await write(request, trial.run, known, &outcomes)
            try await note(request, outcomes, known, author.author)
        }
        return ImportAnswer(base: base.token, outcomes: outcomes)
    }

    /// The next part of a dry run, on the copy of the chart that the parts before it were tried on.
    private func goOn(_ request: ImportRequest, _ author: AuthorID, _ base: String) throws -> ImportAnswer {
        guard let kept = dryRun, kept.base == base, kept.author == author, kept.trial.run.target.chart == request.chart else {
            throw NodeError(.unavailable, "another dry run was begun meanwhile; repeat the command")
        }
        dryRun = nil
        var trial = kept.trial
        let outcomes = request.items.map { trial.take($0) }
        if !request.is_last { dryRun = DryRun(base: base, author: author, trial: trial) }
        return ImportAnswer(base: base, outcomes: outcomes)
    }

    private func write(
        _ request: ImportRequest, _ trial: ImportRun, _ known: ImportLedger, _ outcomes: inout [ImportAnswer.Outcome]
    ) async throws {
        let taken = outcomes.indices.filter { outcomes[$0].result == .taken }
        guard !taken.isEmpty else { return }
        let items = taken.map { request.items[$0] }
        let names = items.flatMap { "\($0.identity) \($0.content) ".utf8 }
        let written: [Authored]
        do {
            written = try await log.author(request: "import \(request.chart) \(EventHash(of: names))", by: trial.target.author) {
                write in
                var run = ImportRun(trial.target, known, medications: trial.medications)
                for item in items { _ = try run.take(item, among: { [] }) { try write($0).event } }
            }
        } catch is AuthoringError {
            throw NodeError(
                .unavailable, "the chart changed while it was imported into; repeat the command: nothing is taken twice")
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
        var rest = written.map(\.event)[...]
        for (index, item) in zip(taken, items) {
            outcomes[index].events = Array(rest.prefix(item.events.count))
            rest = rest.dropFirst(item.events.count)
        }
    }

    /// What became of the resources stands in the journal. The events come first: whoever repeats an import that was cut short gets the
    /// same events again.
    private func note(
        _ request: ImportRequest, _ outcomes: [ImportAnswer.Outcome], _ ledger: ImportLedger, _ author: AuthorID
    ) async throws {
        var taken: [ImportRecorded.Item] = []
        var entries: [any EventBody] = []
        for (item, outcome) in zip(request.items, outcomes) {
            switch outcome.result {
            case .taken:
                taken.append(ImportRecorded.Item(identity: item.identity, content: item.content, events: outcome.events))
            case .already: continue
            case .quarantined:
                guard !ledger.isQuarantined(item, outcome.reason) else { continue }
                entries.append(
                    ImportQuarantined(
                        chart: request.chart, file: request.file, identity: item.identity, content: item.content, name: item.name,
                        reason: outcome.reason ?? "", source: item.source.flatMap { $0.utf8.count > 120_000 ? nil : $0 }))
            }
        }
        if !taken.isEmpty {
            entries.append(ImportRecorded(chart: request.chart, file: request.file, who: author.text, items: taken))
        }
        try await journal.note(entries)
        countedQuarantine = nil
    }

    func quarantine(_ request: QuarantineRequest, _ caller: Caller) async throws -> [QuarantineEntry] {
        try await noteAccess(caller, "list quarantine", chart: request.chart)
        return try await quarantined(request.chart)
    }

    /// How many items wait in quarantine. Counted anew only after an import.
    func quarantineSize() async throws -> Int {
        if let countedQuarantine { return countedQuarantine }
        let count = try await quarantined(nil).count
        countedQuarantine = count
        return count
    }

    /// What was kept aside for a chart, or for any, and has not been taken since.
    private func quarantined(_ chart: ChartID?) async throws -> [QuarantineEntry] {
        guard let record = try await journal.record() else { return [] }
        var ledgers: [ChartID: ImportLedger] = [:]
        return record.entries(ImportQuarantined.self).filter { entry in
            guard chart == nil || entry.body.chart == chart else { return false }
            let ledger = ledgers[entry.body.chart] ?? ImportLedger(record, entry.body.chart)
            ledgers[entry.body.chart] = ledger
            return ledger.taken[entry.body.identity]?.content != entry.body.content
        }.map { QuarantineEntry(at: $0.envelope.at, $0.body) }
    }
}
