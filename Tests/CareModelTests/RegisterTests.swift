import CareModel
import EventLog
import TestSupport
import Testing

/// Section 5 of the design, rule by rule.
@Suite struct RegisterTests {
    private var practices: Practices
    private let root: EventHash
    private let agreed: EventHash

    /// A prescription of 50 mg, raised to 75 mg, that everybody has. Writers: 0 founder (primary care), 1 prescriber, 2 therapist.
    init() throws {
        practices = try Practices([("rx", [.prescribing], .psychiatrist), ("th", [.therapy], .lcsw)])
        root = try practices.writers[1].write(MedicationPrescribed.kind, Bodies.prescribed(50)).hash
        agreed = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root]).hash
        try practices.meet()
    }

    private func lineage(_ writer: Int) throws -> RegimenView.Lineage {
        try #require(RegimenView(Fold(practices.writers[writer].record)).medications.first)
    }

    private func disputes(_ writer: Int) -> [ConflictsView.Dispute] {
        ConflictsView(Fold(practices.writers[writer].record)).disputes
    }

    /// Two decisions from the same state, neither knowing of the other.
    private mutating func contradict(_ one: Int = 100, _ other: Int = 50) throws -> (EventHash, EventHash) {
        let raise = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, one), refs: [agreed]).hash
        let cut = try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(75, other), refs: [agreed]).hash
        try practices.meet()
        return (raise, cut)
    }

    @Test mutating func twoValuesAreHeldAsADispute() throws {
        let (raise, cut) = try contradict()
        for writer in practices.writers.indices {
            let dispute = try #require(disputes(writer).first)
            #expect(Set(dispute.siblings.map(\.label.event)) == [raise, cut])
            #expect(dispute.last_agreed == "75 mg")
            #expect(dispute.siblings.allSatisfy { $0.had_not_seen.count == 1 && $0.saw.isEmpty })
            #expect(try lineage(writer).state == .disputed)
        }
    }

    @Test mutating func equalValuesAreNoConflictUntilOneMovesOn() throws {
        let (one, _) = try contradict(100, 100)
        #expect(disputes(0).isEmpty)
        #expect(try lineage(0).last_agreed?.amount == "100 mg")
        try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(100, 125), refs: [one])
        #expect(Set(try #require(disputes(1).first).siblings.map(\.value)) == ["100 mg", "125 mg"])
    }

    @Test mutating func aDoseThatDiffersInItsDateOnlyIsADispute() throws {
        try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, 100, day: "2031-02-01"), refs: [agreed])
        try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(75, 100, day: "2031-02-02"), refs: [agreed])
        try practices.meet()
        #expect(disputes(2).count == 1)
    }

    @Test mutating func seeingWithoutNamingLeavesTheSiblingStanding() throws {
        let (raise, cut) = try contradict()
        try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(100, 125), refs: [raise])
        let dispute = try #require(disputes(1).first)
        #expect(Set(dispute.siblings.map(\.value)) == ["125 mg", "50 mg"])
        let moved = try #require(dispute.siblings.first { $0.value == "125 mg" })
        #expect(moved.saw == [cut])
        #expect(dispute.last_agreed == "75 mg")
    }

    @Test mutating func aResolutionSettlesOnlyWhatItNames() throws {
        let (raise, cut) = try contradict()
        let third = try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(50, 25), refs: [cut]).hash
        try practices.writers[1].write(ConflictResolved.kind, Bodies.resolved(75), refs: [raise, cut])
        try practices.meet()
        let siblings = try #require(disputes(0).first).siblings
        #expect(siblings.contains { $0.label.event == third })
        #expect(Set(siblings.map(\.value)) == ["25 mg", "75 mg"])
    }

    @Test mutating func twoDifferentResolutionsAreADisputeAgain() throws {
        let (raise, cut) = try contradict()
        try practices.writers[1].write(ConflictResolved.kind, Bodies.resolved(75), refs: [raise, cut])
        try practices.writers[0].write(ConflictResolved.kind, Bodies.resolved(60), refs: [raise, cut])
        try practices.meet()
        let dispute = try #require(disputes(2).first)
        #expect(Set(dispute.siblings.map(\.value)) == ["75 mg", "60 mg"])
        #expect(dispute.last_agreed == "75 mg", "the 75 mg of before both, not one of the two resolutions")
    }

    @Test mutating func aTherapistDoesNotSettleADose() throws {
        let (raise, cut) = try contradict()
        try practices.writers[2].write(ConflictResolved.kind, Bodies.resolved(75), refs: [raise, cut])
        try practices.meet()
        #expect(disputes(0).count == 1)
        let entry = try #require(
            TimelineView(Fold(practices.writers[0].record)).entries.first { $0.label.kind == ConflictResolved.kind })
        #expect(entry.standing == .withoutEffect)
    }

    @Test mutating func stoppedAgainstAdjustedIsUrgent() throws {
        try practices.writers[1].write(MedicationStopped.kind, Bodies.stopped, refs: [agreed])
        try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [agreed])
        try practices.meet()
        #expect(try #require(disputes(2).first).urgency == .urgent)
    }

    @Test mutating func withdrawingTheCurrentHeadRevivesNothing() throws {
        try practices.writers[1].write(RecordWithdrawn.kind, Bodies.withdrawn, refs: [agreed])
        let medication = try lineage(1)
        #expect(medication.state == .withdrawn)
        #expect(medication.values.isEmpty)
        #expect(medication.last_agreed?.amount == "50 mg")
    }

    @Test mutating func withdrawingAResolutionReopens() throws {
        let (raise, cut) = try contradict()
        let settled = try practices.writers[1].write(ConflictResolved.kind, Bodies.resolved(75), refs: [raise, cut]).hash
        #expect(disputes(1).isEmpty)
        try practices.writers[1].write(RecordWithdrawn.kind, Bodies.withdrawn, refs: [settled])
        #expect(Set(try #require(disputes(1).first).siblings.map(\.label.event)) == [raise, cut])
    }

    @Test mutating func onlyTheAuthorWithdraws() throws {
        try practices.writers[0].write(RecordWithdrawn.kind, Bodies.withdrawn, refs: [agreed])
        #expect(try lineage(0).state == .agreed)
    }

    @Test mutating func aDoseIsNotAmended() throws {
        try practices.writers[1].write(
            RecordAmended.kind, #"{"fields":{"to":{"unit":"mg","value":"5"}},"reason":"typo"}"#, refs: [agreed])
        #expect(try lineage(1).last_agreed?.amount == "75 mg")
        let entry = try #require(
            TimelineView(Fold(practices.writers[1].record)).entries.first { $0.label.kind == RecordAmended.kind })
        #expect(entry.standing == .withoutEffect)
    }

    @Test mutating func aRaiseMadeWithoutSeeingAReportIsFlagged() throws {
        let report = try practices.writers[0].write(SideEffectReported.kind, Bodies.sideEffect, refs: [root]).hash
        let raise = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [agreed]).hash
        try practices.meet()
        let step = try #require(try lineage(2).history.first { $0.label.event == raise })
        #expect(step.made_without_seeing.map(\.event) == [report])
        let seen = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(100, 125), refs: [raise]).hash
        #expect(try #require(try lineage(1).history.first { $0.label.event == seen }).made_without_seeing.isEmpty)
    }

    @Test mutating func aLoweringIsNeverFlagged() throws {
        try practices.writers[0].write(SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        let cut = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, 50), refs: [agreed]).hash
        try practices.meet()
        #expect(try #require(try lineage(2).history.first { $0.label.event == cut }).made_without_seeing.isEmpty)
    }

    @Test mutating func erasedValuesKeepTheirPlace() throws {
        let (raise, _) = try contradict()
        try practices.writers[1].write(EventErased.kind, #"{"authority":"GDPR Art. 17"}"#, refs: [raise])
        let dispute = try #require(disputes(1).first)
        #expect(Set(dispute.siblings.map(\.value)) == ["[erased]", "50 mg"])
    }

    @Test mutating func membershipIsNeverErased() throws {
        let genesis = try #require(practices.writers[0].events.first).hash
        try practices.writers[0].write(EventErased.kind, #"{"authority":"nobody"}"#, refs: [genesis])
        #expect(TimelineView(Fold(practices.writers[0].record)).entries.last?.standing == .withoutEffect)
        #expect(MembershipView(Fold(practices.writers[0].record)).members.count == 3)
    }

    @Test mutating func aViewDrawnBeforeADecisionArrivedIsConcurrentWithIt() throws {
        let old = practices.writers[1].record.graph.view
        let theirs = try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(75, 50), refs: [agreed]).hash
        try practices.meet()
        let mine = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [agreed], seeing: old).hash
        #expect(Set(try #require(disputes(1).first).siblings.map(\.label.event)) == [theirs, mine])
    }

    @Test mutating func oneAuthorsSecondDecisionFromOneViewSeesTheFirst() throws {
        let view = practices.writers[1].record.graph.view
        let first = try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(75, 100), refs: [agreed], seeing: view)
        let second = try practices.writers[1].write(
            DoseAdjusted.kind, Bodies.adjusted(100, 125), refs: [first.hash], seeing: view)
        #expect(second.envelope.seen.covers(first.envelope.dot))
        #expect(disputes(1).isEmpty)
    }
}
