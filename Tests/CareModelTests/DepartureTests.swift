import CareModel
import EventLog
import TestSupport
import Testing

/// What a practice that goes has to settle or to hand over.
@Suite struct DepartureTests {
    private var practices: Practices
    private let root: EventHash
    private let now = Timestamp(milliseconds: 1_926_000_000_000)

    init() throws {
        practices = try Practices([("rx", [.prescribing], .psychiatrist), ("th", [.therapy], .lcsw)])
        root = try practices.writers[1].write(
            MedicationPrescribed.kind, Bodies.prescribed(50), when: "2031-01-06T09:00:00-05:00"
        ).hash
        try practices.meet()
    }

    private func departure(of writer: Int, in reader: Int = 0) -> Departure {
        Departure(of: practices.writers[writer].node, Fold(practices.writers[reader].record, .init(now: now)), now: now)
    }

    private func kinds(_ writer: Int) -> [OpenItems.Item.What] { departure(of: writer).open.map(\.what) }

    private mutating func dispute() throws {
        try practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root])
        try practices.writers[1].write(DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root])
        try practices.meet()
    }

    private mutating func hand(_ from: Int, to: Int) throws -> EventHash {
        let (request, names) = departure(of: from, in: from).handOver(to: practices.writers[to].node)
        let event = try practices.writers[from].write(
            ChangeRequested.kind, String(decoding: request.members, as: UTF8.self), refs: names
        ).hash
        try practices.meet()
        return event
    }

    @Test mutating func disputesAreTheirsWhoMaySettleThem() throws {
        try dispute()
        #expect(kinds(0) == [.dispute, .followup])
        #expect(kinds(1) == [.dispute, .followup])
        #expect(kinds(2) == [], "a therapist neither prescribes nor plans the follow-up")
        #expect(departure(of: 1).leftOver(by: [.therapy]).map(\.what) == [.dispute, .followup])
        #expect(departure(of: 1).leftOver(by: [.prescribing, .read]).isEmpty)
    }

    @Test mutating func aConcernIsEverybodysUntilItIsTakenUp() throws {
        let scale = try practices.writers[2].write(
            ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,1],"total":9}"#)
        try practices.meet()
        #expect(departure(of: 2).open.map(\.events) == [[scale.hash]])
        let raised = try practices.writers[2].write(
            SafetyConcernRaised.kind, #"{"rule":"PHQ-9 item 9 >= 1","trigger":"\#(scale.hash)"}"#)
        try practices.writers[2].write(SafetyAcknowledged.kind, #"{"action":"talked"}"#, refs: [raised.hash])
        try practices.meet()
        #expect(kinds(2) == [])
    }

    @Test mutating func aReferralIsTheirsWhoAreAsked() throws {
        let asked = #"{"priority":"routine","service":"therapy","to":"\#(practices.writers[2].node)"}"#
        let referral = try practices.writers[0].write(ReferralRequested.kind, asked).hash
        try practices.meet()
        #expect(kinds(2) == [.referral])
        #expect(!kinds(0).contains(.referral))
        let accepted = try practices.writers[2].write(ReferralAccepted.kind, "{}", refs: [referral]).hash
        try practices.meet()
        #expect(kinds(2) == [.referral])
        try practices.writers[2].write(ReferralCompleted.kind, "{}", refs: [accepted])
        try practices.meet()
        #expect(kinds(2) == [])
    }

    @Test mutating func whatWasHandedOverIsTheReceiversUntilItIsSettled() throws {
        try dispute()
        let handed = try hand(1, to: 0)
        #expect(kinds(1) == [], "it has handed over what it had")
        #expect(departure(of: 0).taken == [handed])
        #expect(kinds(0) == [.dispute, .followup])
        let heads = try #require(ConflictsView(Fold(practices.writers[0].record)).disputes.first).siblings.map(\.label.event)
        try practices.writers[0].write(ConflictResolved.kind, Bodies.resolved(75), refs: heads)
        try practices.writers[0].write(
            FollowupHeld.kind, #"{"mode":"video"}"#, when: "2031-01-09T09:00:00-05:00")
        try practices.meet()
        #expect(OpenRequests(Fold(practices.writers[0].record, .init(now: now)), now: now).requests.isEmpty)
    }

    /// A referral stays addressed to the one who left: only the chain of hand-overs says whose it is.
    @Test mutating func whatWasHandedOnTwiceIsTheLastOnes() throws {
        let asked = #"{"priority":"routine","service":"therapy","to":"\#(practices.writers[2].node)"}"#
        try practices.writers[0].write(ReferralRequested.kind, asked)
        let plain = #"{"text":"please call the family","to":"\#(practices.writers[2].node)"}"#
        try practices.writers[0].write(ChangeRequested.kind, plain)
        try practices.meet()
        #expect(kinds(2) == [.referral, .request])
        let first = try hand(2, to: 1)
        #expect(kinds(2) == [])
        #expect(kinds(1) == [.followup, .referral, .request])
        let second = try hand(1, to: 0)
        #expect(kinds(1) == [])
        #expect(departure(of: 0).taken == [second])
        #expect(kinds(0) == [.followup, .referral, .request])
        let open = OpenRequests(Fold(practices.writers[0].record, .init(now: now)), now: now).requests
        #expect(open.map(\.label.event) == [second], "the second names \(first.short)")
    }

    @Test mutating func aFollowUpDoesNotLapseWithItsPrescriber() throws {
        let decided = try #require(
            MembershipView(Fold(practices.writers[1].record)).members.first { $0.node == practices.writers[1].node }
        ).decided_by
        try practices.writers[1].write(MemberRemoved.kind, #"{"reason":"moved"}"#, refs: decided)
        try practices.meet()
        #expect(kinds(0) == [.followup])
    }

    @Test mutating func whatATakerLeftBehindIsEverybodysAgain() throws {
        try dispute()
        _ = try hand(1, to: 0)
        let decided = try #require(
            MembershipView(Fold(practices.writers[0].record)).members.first { $0.node == practices.writers[0].node }
        ).decided_by
        try practices.writers[0].write(MemberRemoved.kind, #"{"reason":"closed"}"#, refs: decided)
        try practices.meet()
        #expect(kinds(1) == [.dispute, .followup])
    }

    @Test func theLastStewardIsTold() throws {
        #expect(departure(of: 0).isLastSteward)
        #expect(!departure(of: 1).isLastSteward)
    }

    /// Any order of delivery gives the same.
    @Test(arguments: [1, 2, 3] as [UInt64]) mutating func whateverCameFirst(_ seed: UInt64) throws {
        try dispute()
        _ = try hand(1, to: 0)
        let expected = departure(of: 0)
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let record = try Delivery.random(practices.writers[0].events, &random)
            let found = Departure(of: practices.writers[0].node, Fold(record, .init(now: now)), now: now)
            #expect(found.open == expected.open && found.taken == expected.taken)
        }
    }
}
