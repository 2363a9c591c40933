import CareModel
import EventLog
import TestSupport
import Testing

/// Every row of the vocabulary that has a concurrent pair: two people record without knowing of each other, the two arrive in either
/// order, and the result is what the row says.
@Suite struct ConcurrentPairTests {
    /// What was there before, and the two events that did not know of each other.
    private struct Scene {
        var practices: Practices
        var events: [Event] = []
        let firstArrivesFirst: Bool

        init(_ firstArrivesFirst: Bool) throws {
            self.firstArrivesFirst = firstArrivesFirst
            practices = try Practices([
                ("therapist", [.therapy, .steward], .lcsw), ("prescriber", [.prescribing, .primaryCare], .psychiatrist),
                ("reader", [.read], .other),
            ])
        }

        /// Something that everybody knows of.
        mutating func before(_ writer: Int, _ kind: Kind, _ members: String, refs: [EventHash] = []) throws -> EventHash {
            let event = try practices.writers[writer].write(kind, members, refs: refs)
            try practices.meet()
            return event.hash
        }

        /// One of the pair; called twice, by different writers.
        @discardableResult
        mutating func meanwhile(
            _ writer: Int, _ kind: Kind, _ members: String, refs: [EventHash] = [], when: String? = nil
        ) throws -> EventHash {
            let event = try practices.writers[writer].write(kind, members, refs: refs, when: when)
            events.append(event)
            return event.hash
        }

        /// What a third node comes to.
        func fold() throws -> Fold {
            var reader = practices.writers[3]
            for event in firstArrivesFirst ? events : events.reversed() { try reader.receive(event) }
            #expect(
                reader.record.graph.areConcurrent(
                    try #require(reader.record.graph.position(of: events[0].hash)),
                    try #require(reader.record.graph.position(of: events[1].hash))))
            return Fold(reader.record)
        }
    }

    private static let now = Timestamp(milliseconds: 1_940_000_000_000)
    private static let orders = [true, false]

    private func alerts(_ fold: Fold, _ rule: AlertsView.Rule) -> [AlertsView.Alert] {
        AlertsView(fold, now: Self.now).alerts.filter { $0.rule == rule }
    }

    private func standings(_ fold: Fold, _ events: [EventHash]) -> [EventStanding] {
        let entries = TimelineView(fold).entries
        return events.compactMap { event in entries.first { $0.label.event == event }?.standing }
    }

    @Test(arguments: orders) func correctionsOfDemographicsStandBesideEachOther(_ order: Bool) throws {
        var scene = try Scene(order)
        let first = try scene.before(0, PatientIdentified.kind, #"{"birth_date":"1990-01-01","name":"Sample Fictional"}"#)
        try scene.meanwhile(0, PatientIdentified.kind, #"{"birth_date":"1990-01-02","name":"Sample Fictional"}"#, refs: [first])
        try scene.meanwhile(1, PatientIdentified.kind, #"{"birth_date":"1990-01-01","name":"Sample Fictitious"}"#, refs: [first])
        let fold = try scene.fold()
        #expect(MembershipView(fold).patient.count == 2)
        // It stands on the worklist until a correction names both.
        let alert = try #require(alerts(fold, .demographics).first)
        #expect(Set(alert.events.map(\.event)) == Set(scene.events.map(\.hash)))
        try scene.practices.meet()
        _ = try scene.before(
            0, PatientIdentified.kind, #"{"birth_date":"1990-01-02","name":"Sample Fictitious"}"#, refs: scene.events.map(\.hash))
        #expect(alerts(Fold(scene.practices.writers[3].record), .demographics).isEmpty)
    }

    @Test(arguments: orders) func assessmentsThatContradictEachOtherStandOnTheWorklist(_ order: Bool) throws {
        func assessment(_ condition: String) -> String {
            #"{"conditions":["\#(condition)"],"history":"h","physical_health":"p","symptoms":"s"}"#
        }
        for (other, count) in [("F41.1", 1), ("F32.1", 0)] {
            var scene = try Scene(order)
            try scene.meanwhile(1, AssessmentRecorded.kind, assessment("F32.1"))
            try scene.meanwhile(2, AssessmentRecorded.kind, assessment(other))
            #expect(alerts(try scene.fold(), .conditions).count == count)
            // Whoever assesses with both at hand has settled it.
            try scene.practices.meet()
            _ = try scene.before(2, AssessmentRecorded.kind, assessment("F33.0"))
            #expect(alerts(Fold(scene.practices.writers[3].record), .conditions).isEmpty)
        }
    }

    @Test(arguments: orders) func removedWinsOverAdmitted(_ order: Bool) throws {
        var scene = try Scene(order)
        let reader = scene.practices.writers[2]
        let admission = try #require(
            MembershipView(Fold(scene.practices.writers[0].record)).members.first { $0.node == reader.node }
        ).decided_by
        try scene.meanwhile(0, MemberRemoved.kind, #"{"reason":"left"}"#, refs: admission)
        try scene.meanwhile(1, MemberAdmitted.kind, Practices.admission(reader), refs: admission)
        #expect(try #require(MembershipView(try scene.fold()).members.first { $0.node == reader.node }).removed)
    }

    @Test(arguments: orders) func anEventOfARemovedMemberReplacesNothing(_ order: Bool) throws {
        var scene = try Scene(order)
        let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        let admission = try #require(
            MembershipView(Fold(scene.practices.writers[0].record)).members.first { $0.node == scene.practices.writers[2].node }
        ).decided_by
        try scene.meanwhile(0, MemberRemoved.kind, #"{"reason":"left"}"#, refs: admission)
        try scene.meanwhile(2, DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root])
        let lineage = try #require(RegimenView(try scene.fold()).medications.first)
        #expect(lineage.last_agreed?.amount == "50 mg" && lineage.awaiting_adoption.map { $0.value?.amount } == ["100 mg"])
    }

    @Test(arguments: orders) func revokedWinsOverGranted(_ order: Bool) throws {
        var scene = try Scene(order)
        let node = scene.practices.writers[3].node
        let hash = "\(EventHash(of: [2]))"
        let grant = try scene.before(
            0, ConsentGranted.kind, #"{"purpose":"TREAT","recipients":["\#(node)"],"signed_document_hash":"\#(hash)"}"#)
        try scene.meanwhile(0, ConsentRevoked.kind, #"{"recipients":["\#(node)"]}"#, refs: [grant])
        try scene.meanwhile(
            1, ConsentGranted.kind, #"{"purpose":"TREAT","recipients":["\#(node)"],"signed_document_hash":"\#(hash)"}"#)
        #expect(ConsentState(try scene.fold()).coverage(of: node) == .none)
    }

    @Test(arguments: orders) func anEpisodeThatWasClosedWithoutSeeingASession(_ order: Bool) throws {
        var scene = try Scene(order)
        let episode = try scene.before(0, EpisodeOpened.kind, #"{"reason":"low mood"}"#)
        try scene.meanwhile(0, EpisodeClosed.kind, #"{"reason":"well again"}"#, refs: [episode])
        let session = try scene.meanwhile(1, SessionHeld.kind, Bodies.session)
        let fold = try scene.fold()
        #expect(alerts(fold, .closedWithoutSeeing).first?.events.map(\.event).contains(session) == true)
        #expect(standings(fold, [session]) == [.inEffect])
    }

    @Test(arguments: orders) func whatIsKeptIsKeptTwice(_ order: Bool) throws {
        let pairs: [(Kind, String, String)] = [
            (
                AssessmentRecorded.kind, #"{"conditions":["F32.1"],"history":"h","physical_health":"p","symptoms":"s"}"#,
                #"{"conditions":["F41.1"],"history":"h","physical_health":"p","symptoms":"s"}"#
            ),
            (
                SymptomObserved.kind, #"{"code":{"display":"sleep","system":"text"},"value":{"unit":"h","value":"5"}}"#,
                #"{"code":{"display":"sleep","system":"text"},"value":{"unit":"h","value":"6"}}"#
            ),
            (SafetyPlanUpdated.kind, #"{"text":"one"}"#, #"{"text":"two"}"#),
            (GoalSet.kind, #"{"text":"one"}"#, #"{"text":"two"}"#),
        ]
        for (kind, one, other) in pairs {
            var scene = try Scene(order)
            let events = [try scene.meanwhile(1, kind, one), try scene.meanwhile(2, kind, other)]
            #expect(standings(try scene.fold(), events) == [.inEffect, .inEffect], "\(kind)")
        }
    }

    @Test(arguments: orders) func twoUpdatesOfAGoalAndTwoCorrectionsOfAResult(_ order: Bool) throws {
        var scene = try Scene(order)
        let goal = try scene.before(1, GoalSet.kind, #"{"text":"run twice weekly"}"#)
        var events = [
            try scene.meanwhile(1, GoalUpdated.kind, #"{"text":"once"}"#, refs: [goal]),
            try scene.meanwhile(2, GoalUpdated.kind, #"{"text":"thrice"}"#, refs: [goal]),
        ]
        #expect(standings(try scene.fold(), events) == [.inEffect, .inEffect])
        scene = try Scene(order)
        let result = #"{"code":{"code":"3016-3","display":"TSH","system":"LOINC"},"value":{"unit":"m[IU]/L","value":"2"}}"#
        let lab = try scene.before(2, LabResulted.kind, result)
        events = [
            try scene.meanwhile(0, LabResulted.kind, result, refs: [lab]),
            try scene.meanwhile(2, LabResulted.kind, result, refs: [lab]),
        ]
        #expect(standings(try scene.fold(), [lab] + events) == [.inEffect, .inEffect, .inEffect])
    }

    @Test(arguments: orders) func oneReferralTwiceIsPointedOut(_ order: Bool) throws {
        var scene = try Scene(order)
        let body = #"{"priority":"routine","service":"psychotherapy","to":"\#(scene.practices.writers[1].node)"}"#
        let events = [try scene.meanwhile(0, ReferralRequested.kind, body), try scene.meanwhile(2, ReferralRequested.kind, body)]
        let referrals = ReferralsView(try scene.fold(), now: Self.now).referrals
        #expect(Set(referrals.map(\.requested.event)) == Set(events) && referrals.allSatisfy { $0.duplicates.count == 1 })
    }

    @Test(arguments: orders) func aReferralWithTwoAnswersIsDisputed(_ order: Bool) throws {
        for other in [ReferralRejected.kind, ReferralCancelled.kind] {
            var scene = try Scene(order)
            let body = #"{"priority":"routine","service":"psychotherapy","to":"\#(scene.practices.writers[1].node)"}"#
            let referral = try scene.before(0, ReferralRequested.kind, body)
            try scene.meanwhile(1, ReferralAccepted.kind, "{}", refs: [referral])
            try scene.meanwhile(0, other, "{}", refs: [referral])
            let fold = try scene.fold()
            let shown = try #require(ReferralsView(fold, now: Self.now).referrals.first)
            #expect(shown.disputed && shown.open && shown.state.count == 2)
            #expect(ConflictsView(fold).disputes.count == 1)
        }
    }

    @Test(arguments: orders) func sessionsThatOverlapOrWereNotHeld(_ order: Bool) throws {
        var scene = try Scene(order)
        let events = [
            try scene.meanwhile(1, SessionHeld.kind, Bodies.session),
            try scene.meanwhile(0, SessionCancelled.kind, #"{"by":"patient","start":"2031-01-13T10:00:00-05:00"}"#),
        ]
        // Only a therapist cancels a session: what primary care wrote is kept, without effect.
        #expect(standings(try scene.fold(), events) == [.inEffect, .withoutEffect])
        var therapists = try Practices([
            ("one", [.therapy], .lcsw), ("two", [.therapy], .psychologist), ("reader", [.read], .other),
        ])
        let held = try therapists.writers[1].write(SessionHeld.kind, Bodies.session)
        let again = try therapists.writers[2].write(SessionHeld.kind, Bodies.session)
        let cancelled = try therapists.writers[2].write(
            SessionCancelled.kind, #"{"by":"patient","start":"2031-01-13T10:00:00-05:00"}"#)
        var reader = therapists.writers[3]
        for event in order ? [held, again, cancelled] : [again, cancelled, held] { try reader.receive(event) }
        let fold = Fold(reader.record)
        #expect(TimelineView(fold).entries.count { !$0.probable_duplicates.isEmpty } == 2)
        #expect(alerts(fold, .slot).count == 2)
        let texts: [(Kind, String)] = [
            (TherapyPlanned.kind, #"{"duration":"short-term","focus":["trauma"],"goals":["coping skills"]}"#),
            (ProgressSummaryShared.kind, #"{"text":"attending"}"#),
        ]
        for (kind, body) in texts {
            let events = try [1, 2].map { try therapists.writers[$0].write(kind, body) }
            for event in order ? events : events.reversed() { try reader.receive(event) }
            #expect(standings(Fold(reader.record), events.map(\.hash)) == [.inEffect, .inEffect], "\(kind)")
        }
    }

    @Test(arguments: orders) func oneMedicineTwiceIsListedTwice(_ order: Bool) throws {
        var scene = try Scene(order)
        try scene.meanwhile(0, MedicationPrescribed.kind, Bodies.prescribed(50))
        try scene.meanwhile(2, MedicationPrescribed.kind, Bodies.prescribed(25))
        let fold = try scene.fold()
        #expect(RegimenView(fold).medications.count == 2)
        #expect(alerts(fold, .duplicateTherapy).count == 1)
    }

    @Test(arguments: orders) func dosesThatContradictEachOtherAreHeld(_ order: Bool) throws {
        let others: [(Kind, String, ConflictsView.Urgency)] = [
            (DoseAdjusted.kind, Bodies.adjusted(50, 100), .soon), (MedicationStopped.kind, Bodies.stopped, .urgent),
            (MedicationHeld.kind, #"{"effective_from":"2031-02-02","reason":"surgery"}"#, .soon),
        ]
        for (kind, body, urgency) in others {
            var scene = try Scene(order)
            let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
            try scene.meanwhile(2, DoseAdjusted.kind, Bodies.adjusted(50, 25), refs: [root])
            try scene.meanwhile(0, kind, body, refs: [root])
            let dispute = try #require(ConflictsView(try scene.fold()).disputes.first)
            #expect(dispute.siblings.count == 2 && dispute.last_agreed == "50 mg" && dispute.urgency == urgency, "\(kind)")
        }
    }

    @Test(arguments: orders) func aMedicineThatIsResumedAgainstAnotherDecisionIsHeld(_ order: Bool) throws {
        let others: [(Kind, String, ConflictsView.Urgency)] = [
            (DoseAdjusted.kind, Bodies.adjusted(50, 25), .soon), (MedicationStopped.kind, Bodies.stopped, .urgent),
        ]
        for (kind, body, urgency) in others {
            var scene = try Scene(order)
            let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
            let held = try scene.before(
                2, MedicationHeld.kind, #"{"effective_from":"2031-02-02","reason":"surgery"}"#, refs: [root])
            let resumed = try scene.meanwhile(
                2, MedicationResumed.kind, #"{"effective_from":"2031-02-09","reason":"healed"}"#, refs: [held])
            let other = try scene.meanwhile(0, kind, body, refs: [held])
            let dispute = try #require(ConflictsView(try scene.fold()).disputes.first)
            #expect(Set(dispute.siblings.map(\.label.event)) == [resumed, other] && dispute.urgency == urgency, "\(kind)")
            #expect(dispute.last_agreed == "on hold", "\(kind)")
        }
    }

    @Test(arguments: orders) func whatIsTakenNeverChangesWhatIsPrescribed(_ order: Bool) throws {
        var scene = try Scene(order)
        let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        try scene.meanwhile(2, DoseAdjusted.kind, Bodies.adjusted(50, 75), refs: [root], when: "2031-02-01T10:00:00+00:00")
        try scene.meanwhile(
            1, IntakeReported.kind, #"{"since":"2031-02-02","taking":{"unit":"mg","value":"50"}}"#, refs: [root],
            when: "2031-02-03T10:00:00+00:00")
        let fold = try scene.fold()
        #expect(RegimenView(fold).medications.first?.last_agreed?.amount == "75 mg")
        #expect(alerts(fold, .intake).first?.text == "takes 50 mg since 2031-02-02, prescribed 75 mg")
    }

    @Test(arguments: orders) func twoScalesOfADayAndTwoScreenings(_ order: Bool) throws {
        var scene = try Scene(order)
        try scene.meanwhile(
            1, ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,1],"total":9}"#,
            when: "2031-02-01T10:00:00+00:00")
        try scene.meanwhile(
            2, ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[2,2,2,2,2,2,2,2,0],"total":16}"#,
            when: "2031-02-01T20:00:00+00:00")
        var fold = try scene.fold()
        let series = try #require(TrendView(fold, now: Self.now).series.first)
        #expect(series.scores.map(\.total) == [9, 16] && series.scores.map(\.counts) == [false, true])
        #expect(SafetyView(fold, now: Self.now).open.count == 1, "the worse answer counts")
        scene = try Scene(order)
        try scene.meanwhile(
            1, ScreeningCompleted.kind, #"{"answers":{},"instrument":"C-SSRS","level":"high"}"#, when: "2031-02-01T10:00:00+00:00"
        )
        try scene.meanwhile(
            2, ScreeningCompleted.kind, #"{"answers":{},"instrument":"C-SSRS","level":"low"}"#, when: "2031-02-01T11:00:00+00:00")
        fold = try scene.fold()
        #expect(SafetyView(fold, now: Self.now).screening_level == .high)
    }

    @Test(arguments: orders) func aRaiseAgainstAReport(_ order: Bool) throws {
        var scene = try Scene(order)
        let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        let raise = try scene.meanwhile(2, DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root])
        let report = try scene.meanwhile(1, SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        #expect(alerts(try scene.fold(), .madeWithoutSeeing).first?.events.map(\.event) == [raise, report])
    }

    @Test(arguments: orders) func anAllergyStaysUnlessItIsNamed(_ order: Bool) throws {
        var scene = try Scene(order)
        let allergy = #"{"criticality":"low","substance":"sertraline"}"#
        let first = try scene.before(0, AllergyRecorded.kind, allergy)
        try scene.meanwhile(2, AllergyRefuted.kind, #"{"substance":"sertraline"}"#, refs: [first])
        let second = try scene.meanwhile(0, AllergyRecorded.kind, allergy)
        var reader = scene.practices.writers[3]
        _ = try scene.fold()
        for event in scene.events { try reader.receive(event) }
        try reader.receive(try scene.practices.writers[0].write(MedicationPrescribed.kind, Bodies.prescribed()))
        #expect(alerts(Fold(reader.record), .allergy).map { $0.events.last?.event } == [second])
    }

    @Test(arguments: orders) func concernsAreTakenUpByName(_ order: Bool) throws {
        var scene = try Scene(order)
        let scale = try scene.before(1, ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,1],"total":9}"#)
        let raised = #"{"rule":"PHQ-9 item 9 >= 1","trigger":"\#(scale)"}"#
        try scene.meanwhile(1, SafetyConcernRaised.kind, raised)
        try scene.meanwhile(2, SafetyConcernRaised.kind, raised)
        #expect(SafetyView(try scene.fold(), now: Self.now).concerns.count == 1)
        scene = try Scene(order)
        let trigger = try scene.before(1, ScaleCompleted.kind, #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,1],"total":9}"#)
        let first = try scene.before(1, SafetyConcernRaised.kind, #"{"rule":"PHQ-9 item 9 >= 1","trigger":"\#(trigger)"}"#)
        try scene.meanwhile(2, SafetyAcknowledged.kind, #"{"action":"called"}"#, refs: [first])
        try scene.meanwhile(1, SafetyConcernRaised.kind, #"{"rule":"said so in session","trigger":"\#(trigger)"}"#)
        #expect(SafetyView(try scene.fold(), now: Self.now).open.count == 1, "what was not named stays open")
    }

    @Test(arguments: orders) func theEarlierPlanLeads(_ order: Bool) throws {
        var scene = try Scene(order)
        _ = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        _ = try scene.before(2, FollowupHeld.kind, #"{"mode":"in person"}"#)
        try scene.meanwhile(2, FollowupPlanned.kind, #"{"mode":"phone","next_days":20}"#)
        try scene.meanwhile(0, FollowupPlanned.kind, #"{"mode":"in person","next_days":10}"#)
        let fold = try scene.fold()
        let view = FollowupView(fold, now: Timestamp(milliseconds: 1_925_000_900_000))
        #expect(view.plans.count == 2)
        let planned = try #require(view.plans.first).when.day.number
        #expect(view.due == CalendarDay(number: planned + 10))
    }

    @Test(arguments: orders) func correctionsOfOneRecord(_ order: Bool) throws {
        var practices = try Practices([("therapist", [.therapy], .lcsw), ("reader", [.read], .other)])
        let session = try practices.writers[1].write(SessionHeld.kind, Bodies.session)
        try practices.meet()
        let view = practices.writers[1].record.graph.view
        let one = try practices.writers[1].write(
            RecordAmended.kind, #"{"fields":{"minutes":55},"reason":"a"}"#, refs: [session.hash], seeing: view)
        // The same person at two windows: the second was open before the first was used.
        practices.writers[1].epoch += 2
        let two = try practices.writers[1].write(
            RecordAmended.kind, #"{"fields":{"minutes":45},"reason":"b"}"#, refs: [session.hash], seeing: view)
        var reader = practices.writers[2]
        for event in order ? [one, two] : [two, one] { try reader.receive(event) }
        let fold = Fold(reader.record)
        let entry = try #require(TimelineView(fold).entries.first { $0.label.event == session.hash })
        #expect(entry.corrections.count == 2 && entry.summary.contains("50 min"), "the original stays")
        #expect(alerts(fold, .corrections).count == 1)
    }

    @Test(arguments: orders) func aWithdrawnHeadNeverRevives(_ order: Bool) throws {
        var scene = try Scene(order)
        let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        let raise = try scene.before(2, DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root])
        try scene.meanwhile(2, RecordWithdrawn.kind, Bodies.withdrawn, refs: [raise])
        try scene.meanwhile(1, SideEffectReported.kind, Bodies.sideEffect, refs: [root])
        let lineage = try #require(RegimenView(try scene.fold()).medications.first)
        #expect(lineage.state == .withdrawn && lineage.headline == "WITHDRAWN, last agreed 50 mg")
    }

    @Test(arguments: orders) func twoResolutionsAreADisputeAgain(_ order: Bool) throws {
        var scene = try Scene(order)
        let root = try scene.before(2, MedicationPrescribed.kind, Bodies.prescribed())
        let low = try scene.practices.writers[0].write(DoseAdjusted.kind, Bodies.adjusted(50, 25), refs: [root])
        let high = try scene.practices.writers[2].write(DoseAdjusted.kind, Bodies.adjusted(50, 100), refs: [root])
        try scene.practices.meet()
        try scene.meanwhile(0, ConflictResolved.kind, Bodies.resolved(25), refs: [low.hash, high.hash])
        try scene.meanwhile(2, ConflictResolved.kind, Bodies.resolved(75), refs: [low.hash, high.hash])
        let dispute = try #require(ConflictsView(try scene.fold()).disputes.first)
        #expect(Set(dispute.siblings.map(\.value)) == ["25 mg", "75 mg"] && dispute.last_agreed == "50 mg")
    }
}
