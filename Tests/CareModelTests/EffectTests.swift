import CareModel
import EventLog
import TestSupport
import Testing

/// An event without effect says which rule and which event decided it.
@Suite struct EffectTests {
    private var practices: Practices
    private let root: EventHash

    init() throws {
        practices = try Practices([("rx", [.prescribing], .lcsw), ("th", [.therapy], .lcsw)])
        root = try practices.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed(50)).hash
        try practices.meet()
    }

    /// In the timeline and in the trail alike.
    private func decided(_ event: EventHash) throws -> EffectRule {
        let record = practices.writers[0].record
        let entry = try #require(TimelineView(Fold(record)).entries.first { $0.label.event == event })
        let rule = try #require(entry.decided)
        let trail = EventTrail(record, try #require(record.graph.position(of: event)), EventTrail.Context())
        #expect(trail.decided == rule && trail.because == entry.because)
        #expect(entry.because?.contains("(rule \(rule.rule)") == true)
        if let decider = rule.event { #expect(entry.because?.contains("event \(decider.short)") == true) }
        return rule
    }

    private mutating func write(_ writer: Int, _ kind: Kind, _ body: String, refs: [EventHash] = []) throws -> EventHash {
        let event = try practices.writers[writer].write(kind, body, refs: refs).hash
        try practices.meet()
        return event
    }

    private func events(_ kind: Kind, of writer: Int) -> [EventHash] {
        practices.writers[0].events.filter {
            $0.envelope.kind == kind && $0.envelope.origin.node == practices.writers[writer].node
        }.map(\.hash)
    }

    private func admission(of writer: Int) throws -> EventHash {
        let node = practices.writers[writer].node
        return try #require(
            MembershipView(Fold(practices.writers[0].record)).members.first { $0.node == node }?.decided_by.first)
    }

    @Test mutating func theScopesOfAnAdmission() throws {
        let event = try write(2, DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root])
        let rule = try decided(event)
        #expect(rule.rule == "wrong-scope")
        #expect(rule.event == (try admission(of: 2)))
    }

    @Test mutating func theCredentialOfAnEnrolment() throws {
        let event = try write(1, DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root])
        let rule = try decided(event)
        #expect(rule.rule == "credential")
        #expect(rule.event == events(PractitionerEnrolled.kind, of: 1).first)
    }

    @Test mutating func aRemovalBeforeIt() throws {
        let removal = try write(0, MemberRemoved.kind, Bodies.withdrawn, refs: [try admission(of: 2)])
        let event = try write(2, SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        let rule = try decided(event)
        #expect(rule.rule == "removed" && rule.event == removal)
    }

    @Test mutating func aRemovalMeanwhile() throws {
        let removal = try practices.writers[0].write(MemberRemoved.kind, Bodies.withdrawn, refs: [try admission(of: 2)]).hash
        let event = try write(2, SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        let rule = try decided(event)
        #expect(rule.rule == "concurrent-removal" && rule.event == removal)
    }

    @Test mutating func somebodyElsesEvent() throws {
        let event = try write(2, RecordWithdrawn.kind, Bodies.withdrawn, refs: [root])
        let rule = try decided(event)
        #expect(rule.rule == "not-the-author" && rule.event == root)
    }

    @Test mutating func anEventWithoutEffectThatItBuildsOn() throws {
        let first = try write(0, DoseAdjusted.kind, #"{"reason":"titration"}"#, refs: [root])
        let event = try write(0, DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [first])
        let rule = try decided(event)
        #expect(rule.rule == "content" && rule.words.contains("refs") && rule.event == first)
    }

    @Test mutating func whatItSaysItself() throws {
        let event = try write(2, ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,0],"total":9}"#)
        let rule = try decided(event)
        #expect(rule.rule == "content" && rule.words.contains("total") && rule.event == nil)
    }
}
