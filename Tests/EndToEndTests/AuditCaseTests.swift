import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import Testing

/// The questions that an auditor asks of the 26 weeks, each answered by one command, on real daemons that played the case.
@Suite(.serialized) struct AuditCaseTests {
    /// Three daemons at the end of the case.
    private struct Stage {
        let nodes: [CombinedCareCase.Practice: DemoNode]
        let chart: ChartID
        let events: [Int: EventHash]

        func node(_ practice: CombinedCareCase.Practice) throws -> DemoNode { try #require(nodes[practice]) }

        func event(_ label: Int) throws -> EventHash { try #require(events[label]) }

        func run(_ practice: CombinedCareCase.Practice, _ arguments: [String]) throws -> String {
            let result = try node(practice).run(["audit"] + arguments + ["--chart", "\(chart)"])
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            return result.output
        }

        func replay(_ practice: CombinedCareCase.Practice, _ moment: [String]) throws -> Replay {
            let output = try run(practice, ["replay", "--json"] + moment)
            return try #require(try JSONDecoder().decode(ReplayAnswer.self, from: Data(output.utf8)).replays.first)
        }

        /// The dose as the record shows it.
        func dose(_ practice: CombinedCareCase.Practice, _ moment: [String]) throws -> String {
            try #require(try replay(practice, moment).record.regimen.medications.first).headline
        }

        func entry(_ label: Int, _ replay: Replay) throws -> TimelineView.Entry {
            let event = try event(label)
            return try #require(replay.record.timeline.entries.first { $0.label.event == event })
        }
    }

    private func play() async throws -> Stage {
        let folder = Daemons.folder()
        var nodes: [CombinedCareCase.Practice: DemoNode] = [:]
        for practice in CombinedCareCase.Practice.allCases {
            let node = try Daemons.make(practice.rawValue, in: folder)
            try await node.start()
            nodes[practice] = node
        }
        let player = CasePlayer(nodes: nodes)
        let steps = try CombinedCareCase().steps
        try await player.prepare(try #require(steps.first))
        for step in steps { try await player.play(step) }
        return Stage(nodes: nodes, chart: try #require(await player.chart), events: await player.events)
    }

    @Test func eachQuestionHasItsCommand() async throws {
        let stage = try await play()
        try knownDoses(stage)
        try whatThePrescriberHadBeforeThem(stage)
        try correctionsDoNotHideWhatWasReliedOn(stage)
        try theSameStateIsTheSameEverywhere(stage)
        try whatAnotherNodeSignedFor(stage)
        try await theJournal(stage)
        for node in stage.nodes.values {
            let verified = try node.run(["audit", "verify"])
            #expect(verified.status == 0, "\(verified.output)")
            node.stop()
        }
        try verifyWithoutADaemon(stage)
    }

    private func knownDoses(_ stage: Stage) throws {
        // The prescriber's clock ran two hours fast: by it the raise of 14:20 was recorded at 16:20, and the answer says so.
        let atThatTime = ["--as-known-at", "2031-04-14T14:25-05:00"]
        let replay = try stage.replay(.prescriber, atThatTime)
        #expect(replay.record.regimen.medications.first?.headline == "75 mg from 2031-03-13, 75 mg/d")
        let raise = try stage.event(51)
        #expect(replay.outside.first { $0.label.event == raise }?.relation == .late)
        #expect(replay.basis.contains { $0.certainty == .inference && $0.text.contains("120 minutes") })
        // Whoever knows that it was fast says by how much.
        #expect(try stage.dose(.prescriber, atThatTime + ["--clock-ahead", "120"]) == "100 mg from 2031-04-14, 100 mg/d")
        #expect(try stage.dose(.prescriber, ["--as-known-at", "2031-04-14T16:25-05:00"]) == "100 mg from 2031-04-14, 100 mg/d")

        #expect(try stage.dose(.therapist, ["--as-known-at", "2031-04-16T12:00-05:00"]) == "50 mg from 2031-04-15, 50 mg/d")
        for practice in CombinedCareCase.Practice.allCases {
            let before = try stage.replay(practice, ["--as-known-at", "2031-04-18T09:10-05:00"]).record
            #expect(before.regimen.medications.first?.state == .disputed)
            #expect(before.regimen.medications.first?.headline.contains("last agreed 75 mg") == true)
            #expect(Set(before.conflicts.disputes.flatMap(\.siblings).map(\.value)) == ["100 mg", "50 mg"])
            let after = try stage.dose(practice, ["--as-known-at", "2031-04-18T09:30-05:00"])
            #expect(after == "75 mg from 2031-04-18, 75 mg/d")
        }
        let text = try stage.run(.therapist, ["replay", "--diff", "--as-known-at", "2031-04-16", "--as-known-at", "2031-04-23"])
        #expect(text.contains("50 mg from 2031-04-15, 50 mg/d -> 75 mg from 2031-04-18, 75 mg/d"))
    }

    private func whatThePrescriberHadBeforeThem(_ stage: Stage) throws {
        let raise = try stage.event(51)
        for practice in CombinedCareCase.Practice.allCases {
            let replay = try stage.replay(practice, ["--as-seen-by", "\(raise)"])
            #expect(replay.decision?.event == raise)
            #expect(replay.record.regimen.medications.first?.headline == "75 mg from 2031-03-13, 75 mg/d")
            let seen = Set(replay.record.timeline.entries.map(\.label.event))
            // The report on which the dose had been lowered was among it; what primary care wrote on day 99 was not.
            #expect(seen.isSuperset(of: [try stage.event(36), try stage.event(50)]))
            for label in [53, 74] {
                let event = try stage.event(label)
                #expect(!seen.contains(event))
                #expect(replay.outside.first { $0.label.event == event }?.relation == .concurrent)
            }
        }
    }

    private func correctionsDoNotHideWhatWasReliedOn(_ stage: Stage) throws {
        let before = try stage.entry(27, try stage.replay(.therapist, ["--as-known-at", "2031-04-16T23:00-05:00"]))
        #expect(before.summary == "GAD-7: 12" && before.corrections.isEmpty)
        let after = try stage.entry(27, try stage.replay(.therapist, ["--as-known-at", "2031-04-23T08:00-05:00"]))
        #expect(after.summary == "GAD-7: 12")
        #expect(after.corrections.map(\.summary) == ["GAD-7: 11 (transcription error)"])
        // As of day 43, with what is known now, the correction had not been made; it is what is known now all the same.
        let asOf = try stage.replay(.therapist, ["--as-of", "2031-02-18T23:00-05:00"])
        #expect(try stage.entry(27, asOf).summary == "GAD-7: 12")
        let last = try #require(CalendarDay("2031-02-18"))
        #expect(asOf.record.timeline.entries.allSatisfy { $0.label.when.day <= last })
    }

    private func theSameStateIsTheSameEverywhere(_ stage: Stage) throws {
        for label in [33, 51, 53, 57] {
            let event = try stage.event(label)
            let clock = try stage.replay(.primaryCare, ["--as-seen-by", "\(event)"]).record.clock
            let argument = String(decoding: try JSONEncoder().encode(clock), as: UTF8.self)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let records = try CombinedCareCase.Practice.allCases.map {
                try encoder.encode(try stage.replay($0, ["--at-clock", argument]).record)
            }
            #expect(Set(records).count == 1 && records[0].count > 1000)
        }
        let moment = ["replay", "--as-known-at", "2031-04-18T09:10-05:00"]
        #expect(try stage.run(.primaryCare, moment) == stage.run(.primaryCare, moment), "stable byte for byte")
        let beyond = try stage.node(.primaryCare).run(
            ["audit", "replay", "--chart", "\(stage.chart)", "--at-clock", #"{"0000000000000000.0000000000000":3}"#])
        #expect(beyond.status == 66 && beyond.errors.contains("0000000000000000.0000000000000 from 1 to 3"))
    }

    private func whatAnotherNodeSignedFor(_ stage: Stage) throws {
        let prescriber = try stage.event(51)
        let node = try #require(
            try stage.replay(.primaryCare, ["--as-seen-by", "\(prescriber)"]).record.membership.members
                .first { $0.name == CombinedCareCase.Practice.prescriber.name }
        ).node
        let replay = try stage.replay(.primaryCare, ["--as-known-at", "2031-04-18T10:00-05:00", "--node", "\(node)"])
        // Its own resolution proves that it held both sides of the dispute.
        #expect(replay.record.regimen.medications.first?.headline == "75 mg from 2031-04-18, 75 mg/d")
        #expect(replay.basis.map(\.certainty) == [.proof, .claim, .inference])
        let early = try stage.node(.primaryCare).run(
            ["audit", "replay", "--chart", "\(stage.chart)", "--as-known-at", "2030-01-01", "--node", "\(node)"])
        #expect(early.status == 66 && early.errors.contains("cannot be said"))
    }

    private func theJournal(_ stage: Stage) async throws {
        let node = try stage.node(.primaryCare)
        // Every entry names the consent that was relied on.
        let entries = try await node.ask(DisclosuresRequest(chart: stage.chart, from: nil, to: nil))
        let consent = try stage.event(5)
        #expect(!entries.isEmpty && entries.allSatisfy { $0.consent == consent })
        try await Accounting(nodes: stage.nodes, chart: stage.chart).expectComplete()
        #expect(try stage.run(.primaryCare, ["disclosures", "--csv"]).hasPrefix("time,recipient,name,events,ranges,consent\r\n"))
        let none = try stage.run(.primaryCare, ["disclosures", "--to", "2031-01-01"])
        #expect(none.hasPrefix("Nothing of this chart was sent"))
        let access = try await node.ask(AccessRequest(chart: stage.chart, from: nil, to: nil))
        #expect(access.contains { $0.what == "replay" && $0.name == CombinedCareCase.Practice.primaryCare.practitioner })
        let trail = try node.run(["audit", "trail", "\(try stage.event(51).short)"])
        for word in ["authored", "stored", "receipt", "disputed", "conflict.resolved", "viewed"] {
            #expect(trail.output.contains(word), "\(trail.output)")
        }
        let own = try node.run(["audit", "trail", "\(try stage.event(53).short)"])
        #expect(own.output.contains("sent") && own.output.contains("was written here"), "\(own.output)")
        let status = try await node.ask(StatusRequest())
        #expect(status.witness.first { $0.chart == stage.chart }?.open == 0)
    }

    private func verifyWithoutADaemon(_ stage: Stage) throws {
        let verified = try stage.node(.primaryCare).run(["audit", "verify"])
        #expect(verified.status == 0 && verified.errors.contains("no daemon runs here"), "\(verified.output)\(verified.errors)")
    }
}
