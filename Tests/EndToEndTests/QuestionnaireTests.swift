import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// Questionnaires as a person enters them, at a terminal, item by item.
@Suite(.serialized) struct QuestionnaireTests {
    private let folder = Daemons.folder()

    private func chart() async throws -> (node: DemoNode, chart: ChartID) {
        let node = try Daemons.make("therapist", in: folder)
        try await node.start()
        _ = try await node.ask(AddPractitionerRequest(uid: getuid(), fullName: "Theo Fictional", credential: .lcsw))
        let opened = try await node.ask(
            OpenChartRequest(
                patient: #"{"name":"Sample Fictional","birth_date":"1990-01-01"}"#, scopes: [.therapy], when: nil, request: "open"
            ))
        return (node, opened.chart)
    }

    private func safety(_ node: DemoNode, _ chart: ChartID) async throws -> SafetyView {
        try await node.ask(TimedShowRequest<SafetyView>(chart: chart)).content
    }

    @Test func theScreenerAsksWhatFollowsAndShowsTheLevel() async throws {
        let (node, chart) = try await chart()
        let none = try PseudoTerminal(node, ["record", "cssrs", "--chart", "\(chart)"])
        try none.answer("1. wish to be dead (LOINC 93246-7)", "no")
        try none.answer("2. thoughts of suicide (LOINC 93247-5)", "maybe")
        try none.answer("yes or no, please", "no")
        try none.answer("6. suicidal behavior", "no")
        try none.answer("Level by the answers: low (no item answered yes)", "")
        try none.answer("Remarks", "")
        let first = try none.end()
        #expect(first.status == 0, "\(first.screen)")
        #expect(!first.screen.contains("a method in mind") && !first.screen.lowercased().contains("no risk"))
        #expect(try await safety(node, chart).screening_summary == "C-SSRS: no item answered yes, level low")
        let some = try PseudoTerminal(node, ["record", "cssrs", "--chart", "\(chart)"])
        for answer in ["1. ", "2. ", "3. "] { try some.answer(answer, "yes") }
        for answer in ["4. ", "5. ", "6. "] { try some.answer(answer, "no") }
        // It can be raised, not lowered.
        try some.answer("Level [moderate]", "low")
        try some.answer("moderate or high, please", "high")
        try some.answer("Remarks", "came with a friend")
        #expect(try some.end().status == 0)
        #expect(try await safety(node, chart).screening_level == .high)
        let shown = try node.run(["show", "safety", "--chart", "\(chart)"])
        #expect(shown.output.contains("C-SSRS: high") && !shown.output.lowercased().contains("no risk"), "\(shown.output)")
        node.stop()
    }

    @Test func aLevelBelowTheAnswersIsNotRecorded() async throws {
        let (node, chart) = try await chart()
        let body = #"{"instrument":"C-SSRS","answers":{"93246-7":"yes","93247-5":"yes","93249-1":"yes"},"level":"moderate"}"#
        let refused = try node.run(["record", "screening.completed", "--chart", "\(chart)"], input: body)
        #expect(refused.status == 65 && refused.errors.contains("some intention to act (93249-1)"), "\(refused.errors)")
        #expect(try await safety(node, chart).screening == nil)
        node.stop()
    }

    @Test func aScaleShowsItsItemsAndTheTotalAsItGrows() async throws {
        let (node, chart) = try await chart()
        let form = try PseudoTerminal(node, ["record", "phq9", "--chart", "\(chart)"])
        try form.answer("1. interest (LOINC 44250-9); total so far 0", "2")
        try form.answer("2. mood (LOINC 44255-8); total so far 2", "4")
        try form.answer("a whole number from 0 to 3", "3")
        for item in 3...8 { try form.answer("\(item). ", "1") }
        try form.answer("9. thoughts of death or self-harm (LOINC 44260-8); total so far 11", "1")
        let done = try form.end()
        #expect(done.status == 0 && done.screen.contains("PHQ-9 total 12 of 27 (LOINC 44261-6)"), "\(done.screen)")
        #expect(done.screen.contains("duolog record cssrs"))
        #expect(try await safety(node, chart).open.first?.needs_screening == true)
        let anxiety = try PseudoTerminal(node, ["record", "gad7", "--chart", "\(chart)"])
        for item in 1...7 { try anxiety.answer("\(item). ", "0") }
        #expect(try anxiety.end().screen.contains("GAD-7 total 0 of 21 (LOINC 70274-6)"))
        node.stop()
    }
}
