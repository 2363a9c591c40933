import CareModel
import DemoCase
import DuologNode
import EventLog
import NodeAPI

/// What the demo shows, and what the case says it must be.
struct DemoReport: Sendable {
    let player: CasePlayer

    private func practices() async throws -> [(CombinedCareCase.Practice, DemoNode, ChartID)] {
        guard let chart = await player.chart else { throw DemoFailure("the chart is not open") }
        return CombinedCareCase.Practice.allCases.compactMap { practice in player.nodes[practice].map { (practice, $0, chart) } }
    }

    private func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard condition else { throw DemoFailure("not as the case says: \(what())") }
    }

    /// The same dispute on every node: the raise of day 98 against the reduction of day 99.
    func expectDispute() async throws {
        let events = await player.events
        for (practice, node, chart) in try await practices() {
            let disputes = try await node.ask(ListConflictsRequest(chart: chart)).flatMap(\.content.disputes)
            try expect(disputes.count == 1, "\(practice.name) shows \(disputes.count) disputes, not one")
            let dispute = disputes[0]
            print("    \(practice.name): \(dispute.subject): \(dispute.headline)")
            try expect(
                Set(dispute.siblings.map(\.label.event)) == Set([events[51], events[53]].compactMap { $0 }),
                "the dispute is between the events of rows 51 and 53")
            try expect(Set(dispute.siblings.map(\.value)) == ["100 mg", "50 mg"], "the values are 100 mg and 50 mg")
            try expect(dispute.last_agreed == "75 mg", "last agreed is 75 mg")
            let regimen = try await node.ask(ShowRequest<RegimenView>(chart: chart)).content.medications
            try expect(regimen.first?.state == .disputed, "the regimen never shows a disputed dose as one value")
        }
    }

    func expectSettled() async throws {
        for (practice, node, chart) in try await practices() {
            let disputes = try await node.ask(ListConflictsRequest(chart: chart)).flatMap(\.content.disputes)
            try expect(disputes.isEmpty, "\(practice.name) still shows a dispute")
            let medication = try await node.ask(ShowRequest<RegimenView>(chart: chart)).content.medications.first
            print("    \(practice.name): \(medication?.drug?.display ?? ""): \(medication.map { $0.headline } ?? "none")")
            try expect(medication?.last_agreed?.amount == "75 mg", "the settled dose is 75 mg")
        }
    }

    func printRecords() async throws {
        for (practice, node, chart) in try await practices() {
            let timeline = try await node.ask(ShowRequest<TimelineView>(chart: chart))
            let regimen = try await node.ask(ShowRequest<RegimenView>(chart: chart))
            print("\n\(practice.name)\n\(Render.framed(timeline, Render.timeline(timeline.content)))")
            print("Regimen\n\(Render.regimen(regimen.content))")
        }
    }

    func expectEnd() async throws {
        let events = await player.events
        var digests: [EventHash] = []
        for (practice, node, chart) in try await practices() {
            guard let digest = try await node.ask(DigestRequest(chart: chart)).first else { continue }
            digests.append(digest.digest)
            print("    \(digest.digest)  \(digest.events) events  \(practice.name)")
        }
        try expect(digests.count == 3 && Set(digests).count == 1, "the three digests are equal")
        for (practice, node, chart) in try await practices() {
            let timeline = try await node.ask(ShowRequest<TimelineView>(chart: chart)).content.entries
            func count(_ kind: Kind) -> Int { timeline.filter { $0.label.kind == kind && $0.standing == .inEffect }.count }
            try expect(count(SessionHeld.kind) == 16, "16 sessions held, not \(count(SessionHeld.kind)), at \(practice.name)")
            try expect(count(SessionCancelled.kind) == 1, "one session cancelled")
            try expect(!timeline.contains { $0.standing == .withoutEffect }, "every event is in effect")
            try expect(!timeline.contains { $0.label.kind == ProcessNoteWritten.kind }, "no process note in the shared chart")
            let history = try await node.ask(ShowRequest<RegimenView>(chart: chart)).content.medications.first?.history ?? []
            let flagged = history.filter { !$0.made_without_seeing.isEmpty }
            try expect(
                flagged.map(\.label.event) == [events[51]].compactMap { $0 },
                "the raise of day 98, and no other, was made without seeing a report")
            try expect(
                flagged.first?.made_without_seeing.map(\.event) == [events[74]].compactMap { $0 },
                "the report not seen is the palpitations")
        }
        try await expectNotebook()
        print("    as the case says: 16 sessions, 1 cancelled; the raise of day 98 was made without seeing the palpitations")
    }
    /// The therapist's notes open for the therapist, and for nobody else.
    private func expectNotebook() async throws {
        guard let therapist = player.nodes[.therapist] else { return }
        let notebook = try await therapist.ask(ListNotesRequest())
        let key = try NotebookKey(in: notebook.lock, passphrase: CombinedCareCase.passphrase)
        try expect(try notebook.notes.map { try key.open($0.sealed) }.count == 2, "the therapist has two process notes")
        try expect(
            (try? NotebookKey(in: notebook.lock, passphrase: "another passphrase")) == nil, "no other passphrase opens them")
    }
}
