import CareModel
import EventLog
import TestSupport
import Testing

/// The course of treatment on the days of the case.
@Suite struct CourseTests {
    private let record: ChartRecord

    init() throws { record = try RecordedCase.record() }

    private func now(_ time: String) throws -> (Fold, Timestamp) {
        let now = try #require(ClinicalTime("\(time)-05:00")).instant
        return (Fold(record, Fold.Scope(now: now)), now)
    }

    private func course(_ time: String) throws -> CourseView {
        let (fold, now) = try now(time)
        return CourseView(fold, now: now)
    }

    @Test func everyDoseHoldsFromItsDayToTheNext() throws {
        let spans = try #require(try course("2031-07-07T23:00:00").medications.first).spans
        let words = spans.map { "\($0.from) \($0.until?.description ?? "now") \($0.amount)" }
        #expect(
            words == [
                "2031-01-20 2031-01-27 25 mg", "2031-01-27 2031-03-03 50 mg", "2031-03-03 2031-03-13 100 mg",
                "2031-03-13 2031-04-14 75 mg", "2031-04-14 2031-04-18 100 mg", "2031-04-15 2031-04-18 50 mg",
                "2031-04-18 now 75 mg",
            ])
        #expect(spans.allSatisfy { ($0.evaluable?.number ?? 0) - $0.from.number == 28 })
        #expect(spans.allSatisfy { ($0.full_trial?.number ?? 0) - $0.from.number == 42 })
    }

    /// An open dispute has no end; a settled one keeps its stretch, with every value.
    @Test func aDisputeIsAStretch() throws {
        func disputes(_ time: String) throws -> [CourseView.Dispute] { try course(time).medications.flatMap(\.disputes) }
        #expect(try disputes("2031-04-15T09:40:00").isEmpty)
        let open = try disputes("2031-04-18T09:05:00")
        #expect(open.count == 1 && open[0].until == nil && open[0].from == CalendarDay("2031-04-15"))
        #expect(Set(open[0].values) == ["100 mg", "50 mg"])
        let settled = try disputes("2031-07-07T23:00:00")
        #expect(settled.count == 1 && settled[0].until == CalendarDay("2031-04-18"))
        #expect(settled[0].decisions.count == 2)
    }

    /// What a patient reported says nothing of the days after the report.
    @Test func aReportSpeaksForTheDaysBeforeIt() throws {
        let taken = try #require(try course("2031-07-07T23:00:00").medications.first).taken
        #expect(taken.map(\.amount) == ["50 mg"])
        #expect(taken.first?.from == CalendarDay("2031-04-15") && taken.first?.until == CalendarDay("2031-04-18"))
        #expect(taken.first?.daily == Quantity(value: "50", unit: "mg/d"))
    }

    @Test func everythingThatHappenedIsAMark() throws {
        let course = try course("2031-07-07T23:00:00")
        func count(_ what: CourseView.Mark.What) -> Int { course.marks.count { $0.what == what } }
        #expect(count(.session) == 16 && count(.sessionNotHeld) == 1 && count(.contact) == 9)
        #expect(count(.sideEffect) == 3 && count(.concern) == 1 && count(.takenUp) == 1 && count(.screening) == 1)
        #expect(course.scales.map { $0.scores.count } == [10, 5])
        #expect(course.observations.map { $0.values.count } == [3])
        // Each of them stands in the tables, and in one only.
        #expect(course.tables.reduce(0) { $0 + $1.rows.count } == 60)
    }

    @Test func goalsGoOnUntilTheyAreMet() throws {
        let (fold, now) = try now("2031-07-07T23:00:00")
        let goals = GoalsView(fold, now: now)
        #expect(goals.goals.count == 1 && goals.goals.first?.met == false)
        #expect(goals.safety_plan_text == "means: none at home")
    }
}
