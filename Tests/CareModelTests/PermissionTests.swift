import CareModel
import EventLog
import TestSupport
import Testing

/// Permission from the causal past, removal, consent.
@Suite struct PermissionTests {
    private var practices: Practices
    private let root: EventHash

    init() throws {
        practices = try Practices([("rx", [.prescribing], .psychiatrist), ("th", [.therapy], .lcsw)])
        root = try practices.writers[1].write(MedicationPrescribed.kind, Bodies.prescribed(50)).hash
        try practices.meet()
    }

    private func entry(_ event: EventHash, _ writer: Int = 0) throws -> TimelineView.Entry {
        try #require(TimelineView(Fold(practices.writers[writer].record)).entries.first { $0.label.event == event })
    }

    private func admission(of writer: Int) throws -> EventHash {
        let node = practices.writers[writer].node
        return try #require(MembershipView(Fold(practices.writers[0].record)).members.first { $0.node == node }?.decided_by.first)
    }

    @Test mutating func aTherapistDoesNotPrescribe() throws {
        let event = try practices.writers[2].write(MedicationPrescribed.kind, Bodies.prescribed(20)).hash
        try practices.meet()
        for writer in practices.writers.indices { #expect(try entry(event, writer).standing == .withoutEffect) }
        #expect(RegimenView(Fold(practices.writers[0].record)).medications.filter { $0.state == .agreed }.count == 1)
    }

    @Test mutating func somebodyNotEnrolledHasNoEffect() throws {
        let event = try practices.writers[1].write(
            DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root], author: AuthorID("stranger")
        ).hash
        #expect(try entry(event, 1).standing == .withoutEffect)
    }

    /// What was decided on an event says nothing of the next one by somebody else or of another kind, though the members are the same; and
    /// nothing of the same person's once they are enrolled.
    @Test mutating func eachPersonAndKindIsDecidedOnByItself() throws {
        let stranger = AuthorID("stranger")
        func decide(_ kind: Kind, _ body: String, _ author: AuthorID? = nil) throws -> Bool {
            let event = try practices.writers[1].write(kind, body, refs: kind == DoseAdjusted.kind ? [root] : [], author: author)
            let record = practices.writers[1].record
            return record.verdict(on: try #require(record.graph.position(of: event.hash))).isPermitted
        }
        #expect(try decide(DoseAdjusted.kind, Bodies.adjusted(50, 75)))
        #expect(try !decide(DoseAdjusted.kind, Bodies.adjusted(50, 75), stranger))
        #expect(try !decide(SessionHeld.kind, Bodies.session))
        #expect(try decide(DoseAdjusted.kind, Bodies.adjusted(50, 75)))
        try practices.writers[1].write(
            PractitionerEnrolled.kind, #"{"credential":"physician","name":"Nobody"}"#, author: stranger)
        for _ in 0..<2 { #expect(try decide(DoseAdjusted.kind, Bodies.adjusted(50, 75), stranger)) }
    }

    @Test mutating func onlyAStewardAdmits() throws {
        let guest = Writer("guest", scopes: [.read], credential: .other, chart: practices.chart, seed: 99)
        try practices.writers[2].write(MemberAdmitted.kind, Practices.admission(guest))
        #expect(!MembershipView(Fold(practices.writers[2].record)).members.contains { $0.node == guest.node })
    }

    @Test mutating func whatWasConcurrentWithARemovalWaitsForAMember() throws {
        let removal = try practices.writers[0].write(MemberRemoved.kind, Bodies.withdrawn, refs: [try admission(of: 1)])
        let dose = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root]).hash
        try practices.meet()
        #expect(removal.envelope.kind == MemberRemoved.kind)
        var medication = try #require(RegimenView(Fold(practices.writers[0].record)).medications.first)
        #expect(try entry(dose).standing == .suspended)
        #expect(medication.last_agreed?.amount == "50 mg")
        #expect(medication.awaiting_adoption.map(\.label.event) == [dose])
        // A member names it: it has taken effect after all.
        try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [dose])
        medication = try #require(RegimenView(Fold(practices.writers[0].record)).medications.first)
        #expect(medication.state == .agreed)
        #expect(medication.last_agreed?.amount == "100 mg")
    }

    @Test mutating func nobodyWritesPastTheirRemovalFromAnOldView() throws {
        let old = practices.writers[1].record.graph.view
        try practices.writers[0].write(MemberRemoved.kind, Bodies.withdrawn, refs: [try admission(of: 1)])
        try practices.meet()
        // The chain has seen the removal; the view has not.
        try practices.writers[1].write(SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        let dose = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root], seeing: old).hash
        #expect(try entry(dose, 1).standing == .withoutEffect)
    }

    @Test mutating func removedWinsUntilAnAdmissionNamesTheRemoval() throws {
        let first = try admission(of: 1)
        let removal = try practices.writers[0].write(MemberRemoved.kind, Bodies.withdrawn, refs: [first]).hash
        try practices.writers[0].write(MemberAdmitted.kind, Practices.admission(practices.writers[1]))
        #expect(
            MembershipView(Fold(practices.writers[0].record)).members.first { $0.node == practices.writers[1].node }?.removed
                == true)
        try practices.writers[0].write(MemberAdmitted.kind, Practices.admission(practices.writers[1]), refs: [removal])
        #expect(
            MembershipView(Fold(practices.writers[0].record)).members.first { $0.node == practices.writers[1].node }?.removed
                == false)
        try practices.meet()
        let dose = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root]).hash
        #expect(try entry(dose, 1).standing == .inEffect)
    }

    @Test mutating func twoStewardsWhoRemoveEachOtherAreBothRemoved() throws {
        var second = Writer("second", scopes: [.steward], credential: .physician, chart: practices.chart, seed: 7)
        try practices.writers[0].write(MemberAdmitted.kind, Practices.admission(second))
        try second.receiveAll(of: practices.writers[0])
        try second.write(PractitionerEnrolled.kind, Practices.enrolment(second))
        try practices.writers[0].receiveAll(of: second)
        let view = MembershipView(Fold(second.record))
        func decided(_ node: NodeID) throws -> [EventHash] { try #require(view.members.first { $0.node == node }).decided_by }
        let byFirst = try practices.writers[0].write(MemberRemoved.kind, Bodies.withdrawn, refs: try decided(second.node))
        try second.write(MemberRemoved.kind, Bodies.withdrawn, refs: try decided(practices.writers[0].node))
        try second.receive(byFirst)
        let after = MembershipView(Fold(second.record)).members
        #expect(after.filter(\.removed).map(\.node).sorted() == [second.node, practices.writers[0].node].sorted())
    }

    @Test mutating func revokedWinsUntilAGrantNamesIt() throws {
        let (fold, rx) = (Fold(practices.writers[0].record), practices.writers[1].node)
        #expect(ConsentState(fold).coverage(of: rx) == .unlimited)
        let grant = try #require(practices.writers[0].events.first { $0.envelope.kind == ConsentGranted.kind }).hash
        let revocation = try practices.writers[0].write(ConsentRevoked.kind, #"{"recipients":["\#(rx)"]}"#, refs: [grant]).hash
        #expect(ConsentState(Fold(practices.writers[0].record)).coverage(of: rx) == .none)
        let again =
            #"{"purpose":"TREAT","recipients":["\#(rx)"],"signed_document_hash":"\#(EventHash(of: [2]))","until":"2031-12-31"}"#
        try practices.writers[0].write(ConsentGranted.kind, again)
        #expect(ConsentState(Fold(practices.writers[0].record)).coverage(of: rx) == .none)
        try practices.writers[0].write(ConsentGranted.kind, again, refs: [revocation])
        let coverage = ConsentState(Fold(practices.writers[0].record)).coverage(of: rx)
        #expect(coverage.covers(try #require(CalendarDay("2031-12-31"))))
        #expect(!coverage.covers(try #require(CalendarDay("2032-01-01"))))
    }

    @Test mutating func aBadTotalIsWithoutEffectEverywhere() throws {
        let bad = try practices.writers[2].write(
            ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,0],"total":9}"#
        ).hash
        try practices.meet()
        for writer in practices.writers.indices {
            let entry = try entry(bad, writer)
            #expect(entry.standing == .withoutEffect)
            #expect(entry.because?.contains("total") == true)
        }
    }

    @Test mutating func aNewerVersionOfABodyIsNotReadAsAnOldOne() throws {
        let newer = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root], version: 2).hash
        #expect(try entry(newer, 1).standing == .withoutEffect)
        #expect(try entry(newer, 1).because?.contains("newer Duolog") == true)
        #expect(MembershipView(Fold(practices.writers[1].record)).incomplete)
        let note = try practices.writers[2].write(ProgressSummaryShared.kind, #"{"text":"well"}"#, version: 9).hash
        #expect(try entry(note, 2).standing == .withoutEffect)
        #expect(!MembershipView(Fold(practices.writers[2].record)).incomplete)
    }

    @Test mutating func anUnknownCriticalKindMakesTheChartIncomplete() throws {
        try practices.writers[1].write("medication.teleported", "{}", critical: true)
        #expect(MembershipView(Fold(practices.writers[1].record)).incomplete)
        try practices.writers[1].write("chat.waved", "{}", critical: false)
        #expect(TimelineView(Fold(practices.writers[1].record)).entries.filter { $0.standing == .unknown }.count == 2)
    }
}
