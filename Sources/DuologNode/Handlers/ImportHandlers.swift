import CareModel
import EventLog
import LogStore
import NodeAPI

extension RunningNode {
    func importResources(_ request: ImportRequest, _ caller: Caller) async throws -> ImportAnswer {
        let author = try await practitioner(caller)
        let now = ClinicalTime(instant: clock.now, offsetMinutes: 0)
        let enrolment = try await enrolment(of: author, in: request.chart, now)
        if !request.dry_run, !enrolment.isEmpty { _ = try await writeAll(enrolment, request: "import enrolment \(request.file)") }
        guard var record = try await log.record(of: request.chart) else {
            throw NodeError(.notFound, "no chart \(request.chart.short) here; see: duolog chart list")
        }
        let origin = Origin(node: log.node, epoch: log.epoch.epoch)
        if request.dry_run {
            for draft in enrolment { _ = try record.author(draft, as: origin, at: clock.now) }
        }
        guard let base = View(token: request.base ?? record.graph.view.token), record.graph.positions(in: base) != nil else {
            throw NodeError(.usage, "this import was begun on another state of the chart; begin it again")
        }
        let target = ImportTarget(chart: request.chart, file: request.file, author: author.author, base: base, origin: origin)
        var importer = ImportRun(
            target, ledger: ImportLedger(try await journal.record(), request.chart), log: log, clock: clock,
            trial: request.dry_run ? record : nil)
        var outcomes: [ImportAnswer.Outcome] = []
        for item in request.items { outcomes.append(try await importer.take(item)) }
        if !request.dry_run { try await note(request, outcomes, importer.ledger, author.author) }
        return ImportAnswer(base: base.token, outcomes: outcomes)
    }

    /// What became of the resources stands in the journal. The events come first: whoever repeats an import that was cut short gets the
    /// same events again.
    private func note(
        _ request: ImportRequest, _ outcomes: [ImportAnswer.Outcome], _ ledger: ImportLedger, _ author: AuthorID
    ) async throws {
        var taken: [ImportRecorded.Item] = []
        for (item, outcome) in zip(request.items, outcomes) {
            switch outcome.result {
            case .taken:
                taken.append(ImportRecorded.Item(identity: item.identity, content: item.content, events: outcome.events))
            case .already: continue
            case .quarantined:
                guard !ledger.isQuarantined(item, outcome.reason) else { continue }
                try await journal.note(
                    ImportQuarantined(
                        chart: request.chart, file: request.file, identity: item.identity, content: item.content, name: item.name,
                        reason: outcome.reason ?? "", source: item.source.flatMap { $0.utf8.count > 200_000 ? nil : $0 }))
            }
        }
        guard !taken.isEmpty else { return }
        try await journal.note(ImportRecorded(chart: request.chart, file: request.file, who: author.text, items: taken))
    }

    func quarantine(_ request: QuarantineRequest, _ caller: Caller) async throws -> [QuarantineEntry] {
        try await noteAccess(caller, "list quarantine", chart: request.chart)
        guard let record = try await journal.record() else { return [] }
        var ledgers: [ChartID: ImportLedger] = [:]
        return record.entries(ImportQuarantined.self).filter { entry in
            guard request.chart == nil || entry.body.chart == request.chart else { return false }
            let ledger = ledgers[entry.body.chart] ?? ImportLedger(record, entry.body.chart)
            ledgers[entry.body.chart] = ledger
            return ledger.taken[entry.body.identity]?.content != entry.body.content
        }.map { QuarantineEntry(at: $0.envelope.at, $0.body) }
    }
}
