import CareModel
import EventLog
import TestSupport
import Testing

@testable import Replication

/// An event whose past never comes: asked for once more, then not taken any more. Admission is that of every node.
@Suite struct GapTests {
    private let chart: ChartID
    /// A chart's first events, and one after them that names something nobody has.
    private let sound: [Event]
    private let broken: Event

    init() throws {
        let practices = try Practices([])
        let writer = practices.writers[0]
        chart = practices.chart
        sound = writer.events
        var forger = writer
        var envelope = try forger.write("session.held", Bodies.session).envelope
        envelope.after = [EventHash(of: [0xDE, 0xAD])]
        let body = try #require(forger.events.last?.bodyLine)
        broken = try Event(line: envelope.line, body: body.line)
    }

    private func say(_ events: [Event], root: Bool = false, to talk: inout Talk) {
        for event in events {
            talk.say(event.line)
            if let body = event.bodyLine { talk.say(body.line) }
        }
        let root = root ? #","root":"\#(Talk.hash)""# : ""
        talk.say(#"{"buckets":[],"events":\#(events.count)\#(root),"t":"commit"}"#)
    }

    /// Storage admits what a chart's graph admits, all of a run or nothing.
    private func admit(_ talk: inout Talk) throws {
        let batch = try #require(talk.batches.first)
        var admission = StoreAnswer.Admission(refused: [], newEvents: 0)
        for run in batch.runs {
            var graph = ChartGraph(chart: run.chart)
            do throws(AdmissionError) {
                for lines in run.events {
                    guard let event = try? Event(line: lines.envelope, body: lines.body) else { continue }
                    try graph.admit(event)
                    admission.newEvents += 1
                }
            } catch {
                admission.refused.append(
                    StoreAnswer.Refusal(chart: run.chart, code: .inadmissible, isGap: error.isGap, text: "\(error)"))
            }
        }
        talk.answer(.admitted(admission))
    }

    /// Found by the simulator: what was withdrawn while it was asked for again is no proof that it cannot be had.
    @Test func aChartThatIsSharedOnceMoreMayHaveItsGapAgain() throws {
        var talk = Talk()
        talk.answer(.pendingStatements([], [], upTo: 0))
        let again = Message.want(Message.Want(part: 0, charts: [Message.ChartWant(chart: chart, after: VectorClock())]))
        say(sound + [broken], root: true, to: &talk)
        try admit(&talk)
        talk.say(#"{"chart":"\#(chart)","code":"not-shared","t":"refused"}"#)
        say(sound + [broken], root: true, to: &talk)
        try admit(&talk)
        #expect(talk.sent.filter { $0 == again }.count == 2)
        #expect(talk.session.status.refusedCharts == 0 && talk.code == nil)
    }

    @Test func anAfterThatNamesNothingIsAskedForOnceAndThenSuspends() throws {
        var talk = Talk()
        talk.answer(.pendingStatements([], [], upTo: 0))
        let again = Message.want(Message.Want(part: 0, charts: [Message.ChartWant(chart: chart, after: VectorClock())]))
        let refused = Message.refused(Message.Refused(chart: chart, code: .inadmissible))

        say(sound + [broken], root: true, to: &talk)
        try admit(&talk)
        #expect(talk.sent.contains(again) && !talk.sent.contains(refused))
        #expect(talk.notes.contains { if case .gap(chart, let text) = $0 { text.contains("field after") } else { false } })

        // From its beginning, as it was asked for, and no better.
        say(sound + [broken], root: true, to: &talk)
        try admit(&talk)
        #expect(talk.sent.filter { $0 == again }.count == 1)
        #expect(talk.sent.contains(refused))
        #expect(talk.notes.contains { if case .refusing(let why) = $0 { why.chart == chart } else { false } })
        #expect(talk.session.status.refusedCharts == 1)

        // Nothing more of it reaches storage, no root is taken for complete, and the credit still comes back.
        let bytes = sound.reduce(0) { $0 + $1.line.count + ($1.bodyLine?.line.count ?? 0) }
        say(sound, root: true, to: &talk)
        #expect(talk.batches.isEmpty)
        #expect(talk.sent.last == .credit(bytes))
        #expect(!talk.session.status.isUpToDate && talk.code == nil)
    }

    @Test func whatIsNoGapSuspendsAtOnce() throws {
        var talk = Talk()
        talk.answer(.pendingStatements([], [], upTo: 0))
        var envelope = broken.envelope
        (envelope.after, envelope.refs) = ([], [EventHash(of: [0xDE, 0xAD])])
        let body = try #require(broken.bodyLine)
        say(sound + [try Event(line: envelope.line, body: body.line)], to: &talk)
        try admit(&talk)
        #expect(talk.sent.contains(.refused(Message.Refused(chart: chart, code: .inadmissible))))
        #expect(!talk.sent.contains { if case .want = $0 { true } else { false } })
    }

    @Test func theLastPartOfAGapIsNotTakenForItsBeginning() throws {
        var talk = Talk()
        talk.answer(.pendingStatements([], [], upTo: 0))
        say([broken], to: &talk)
        try admit(&talk)
        // It was asked for the beginning, and says the end again and again.
        for _ in 0..<10 { say([broken], root: true, to: &talk) }
        #expect(talk.batches.isEmpty && talk.code == nil)
        #expect(!talk.session.status.isUpToDate)
        // The beginning cures it.
        say(sound, root: true, to: &talk)
        try admit(&talk)
        try admit(&talk)
        #expect(talk.session.status.isUpToDate)
    }
}
