import CareModel
import EventLog
import Foundation
import TestSupport
import Testing

/// What people read on the days of the case, at a stated time and after any order of delivery.
@Suite struct CaseProjectionsTests {
    private let events: [Event]

    init() throws { events = try RecordedCase.events() }

    private func record() throws -> ChartRecord { try RecordedCase.record() }

    /// The evening of a day of the case.
    private func evening(_ day: Int, hour: String = "23:00:00") throws -> Timestamp { try RecordedCase.evening(day, hour) }

    private func show<View: TimedProjection>(_ type: View.Type, _ day: Int, hour: String = "23:00:00") throws -> View {
        let now = try evening(day, hour: hour)
        return View(Fold(try record(), Fold.Scope(now: now)), now: now)
    }

    /// With nothing recorded after a day.
    private func show<View: TimedProjection>(_ type: View.Type, _ day: Int, knowing last: Int) throws -> View {
        let (record, end) = (try record(), try evening(last))
        let now = try evening(day)
        let known = record.selection(asOf: end).positions
        return View(Fold(record, Fold.Scope(positions: known, now: now)), now: now)
    }

    private func phq(_ day: Int) throws -> TrendView.Series {
        try #require(try show(TrendView.self, day).series.first { $0.instrument == .phq9 })
    }

    @Test func theTrend() throws {
        let partial = try phq(56)
        #expect(partial.baseline?.total == 18)
        let change = try #require(partial.change)
        #expect(change.points == -5 && change.permille == -278 && change.important && !change.response && !change.remission)
        #expect(try phq(111).change?.response == false)
        let response = try #require(try phq(112).change)
        #expect(response.response && !response.remission && response.permille == -556)
        #expect(try phq(181).change?.remission == false)
        #expect(try phq(182).change?.remission == true)
        #expect(try phq(112).scores.map(\.total) == [17, 18, 16, 13, 15, 13, 11, 8])
        let gad = try #require(try show(TrendView.self, 182).series.first { $0.instrument == .gad7 })
        // The corrected total of day 43, not the one that was first written down.
        #expect(gad.scores.map(\.total) == [14, 11, 10, 7, 4])
        #expect(try show(TrendView.self, 140).observations.map { $0.value.value } == ["5", "4", "6.5"])
    }

    @Test func whetherADoseCanBeJudged() throws {
        func judgement(_ day: Int, knowing last: Int) throws -> TrendView.Judgement {
            try #require(try show(TrendView.self, day, knowing: last).judgements.first)
        }
        #expect(try judgement(60, knowing: 60).window == .tooEarly)
        #expect(try judgement(60, knowing: 60).days == 4)
        // Had the dose of day 56 stayed.
        #expect(try judgement(83, knowing: 57).window == .tooEarly)
        #expect(try judgement(84, knowing: 57).window == .evaluable)
        #expect(try judgement(97, knowing: 57).window == .evaluable)
        #expect(try judgement(98, knowing: 57).window == .fullTrial)
        // While it is disputed there is no one dose; the resolution counts as a change.
        #expect(try show(TrendView.self, 102, hour: "09:05:00").judgements.first?.window == .disputed)
        #expect(try show(TrendView.self, 102).judgements.first?.days == 0)
        // From day 14 a fall by a fifth is a sign; before that nothing is said.
        #expect(try judgement(69, knowing: 57).early_signal == nil)
        #expect(try show(TrendView.self, 115).judgements.first?.early_signal == nil)
        #expect(try show(TrendView.self, 116).judgements.first?.early_signal == nil, "no score since day 116")
        #expect(try show(TrendView.self, 140).judgements.first?.early_signal == true)
    }

    @Test func theFollowup() throws {
        #expect(try show(FollowupView.self, 13).state == .none)
        let first = try show(FollowupView.self, 14)
        #expect(first.due == CalendarDay("2031-02-03") && first.because?.contains("14 days") == true)
        let due = try show(FollowupView.self, 94)
        #expect(due.state == .due && due.due == CalendarDay("2031-04-10"))
        #expect(try show(FollowupView.self, 93).state == .planned)
        let overdue = try show(FollowupView.self, 97)
        #expect(overdue.state == .overdue && overdue.days_overdue == 3)
        #expect(try show(FollowupView.self, 98).state == .planned)
        #expect(try show(FollowupView.self, 182).due == CalendarDay("2031-09-01"))
    }

    @Test func theSafety() throws {
        #expect(try show(SafetyView.self, 63).concerns.isEmpty)
        let open = try show(SafetyView.self, 64)
        #expect(open.open.count == 1, "a rule and a person make one")
        #expect(open.open.first?.because == ["PHQ-9 item 9 >= 1"] && open.open.first?.needs_screening == false)
        #expect(open.screening_level == .low)
        let raised = try show(SafetyView.self, 64, hour: "10:35:00")
        #expect(raised.open.first?.needs_screening == true)
        let taken = try show(SafetyView.self, 65)
        #expect(taken.open.isEmpty && taken.concerns.first?.acknowledged.count == 1)
        for day in [0, 64, 65, 71, 182] {
            #expect(try !show(SafetyView.self, day).headline.contains("no risk"))
        }
        #expect(try show(SafetyView.self, 182).concerns.count == 1)
    }

    @Test func theCoverage() throws {
        let days: [(Int, CoverageView.Coverage)] = [(6, .none), (7, .therapy), (13, .therapy), (14, .combined), (182, .combined)]
        for (day, coverage) in days { #expect(try show(CoverageView.self, day).coverage == coverage) }
        #expect(try show(CoverageView.self, 182).sessions == 16)
    }

    @Test func theReferrals() throws {
        let day = try show(ReferralsView.self, 1).referrals
        #expect(day.count == 2 && day.allSatisfy(\.open))
        #expect(Set(day.flatMap(\.state)) == [.requested, .accepted])
        #expect(try show(ReferralsView.self, 181).referrals.first?.days == 181)
        #expect(try show(ReferralsView.self, 182).referrals.allSatisfy { !$0.open && $0.state == [.completed] })
    }

    @Test func theAlerts() throws {
        func alerts(_ day: Int, _ rule: AlertsView.Rule) throws -> [AlertsView.Alert] {
            try show(AlertsView.self, day).alerts.filter { $0.rule == rule }
        }
        #expect(try alerts(21, .interval).isEmpty)
        #expect(try alerts(101, .interval).isEmpty)
        let interval = try alerts(102, .interval)
        #expect(interval.map { $0.events.map(\.kind) } == [[ConflictResolved.kind, DoseAdjusted.kind]])
        #expect(interval.first?.text.contains("3 days after") == true)
        #expect(try alerts(97, .madeWithoutSeeing).isEmpty)
        let unseen = try #require(try alerts(182, .madeWithoutSeeing).first)
        #expect(unseen.events.map(\.kind) == [DoseAdjusted.kind, SideEffectReported.kind])
        #expect(try alerts(182, .duplicateTherapy).isEmpty && alerts(182, .allergy).isEmpty)
        #expect(try show(AlertsView.self, 182).rules == 2)
    }

    @Test(arguments: [5, 6] as [UInt64]) func anyOrderOfDeliveryGivesTheSame(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let whole = try record()
        for day in [14, 60, 97, 99, 102, 182] {
            let now = try evening(day)
            func bytes(_ record: ChartRecord) throws -> [Data] {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                let fold = Fold(record, Fold.Scope(now: now))
                return try TimedProjections.all.map { try encoder.encode($0.init(fold, now: now)) }
            }
            let expected = try bytes(whole)
            for _ in 0..<20 { #expect(try bytes(try Delivery.random(events, &random)) == expected, "seed \(seed), day \(day)") }
        }
    }
}
