import EventLog
import Testing
import TestSupport

@testable import DuologNode

/// Who is told again, and when: `notify.repeat_minutes`. The count of time is the test's.
@Suite struct RemindersTests {
    private let robin = AuthorID(random: (1, 1))
    private let pat = AuthorID(random: (2, 2))
    private let chart = EventHash(of: [1])
    private let other = EventHash(of: [2])
    private let minute = 60_000

    private func matter(
        _ what: Matter.What, _ person: AuthorID, _ chart: ChartID, _ event: UInt8 = 1, since: Int = 1000
    ) -> Matter {
        Matter(what: what, person: person, chart: chart, event: EventHash(of: [event]), since: Timestamp(milliseconds: since))
    }

    private func told(_ person: AuthorID, _ what: Matter.What, _ count: Int = 1) -> Reminders.Reminder {
        Reminders.Reminder(person: person, what: what, count: count)
    }

    private func reminders(every minutes: Int = 1) -> Reminders {
        var reminders = Reminders()
        reminders.repeatAfter = minutes * minute
        reminders.begin(with: [:])
        return reminders
    }

    @Test(arguments: [1, 60, 10_080]) func somebodyIsToldAgainAfterSoManyMinutesAndNoSooner(minutes: Int) {
        var reminders = reminders(every: minutes)
        reminders.note([matter(.dispute, robin, chart)], in: chart)
        var now = 5
        for _ in 0..<4 {
            #expect(reminders.due(now: now) == [told(robin, .dispute)])
            for early in [0, 1, minutes * minute / 2, minutes * minute - 1] {
                #expect(reminders.due(now: now + early).isEmpty, "\(early)")
            }
            now += minutes * minute
        }
    }

    @Test func whoOpenedTheChartIsNotToldAgainAndOthersAre() {
        var reminders = reminders()
        reminders.note([matter(.safety, robin, chart), matter(.safety, pat, chart)], in: chart)
        #expect(Set(reminders.due(now: 0)) == [told(robin, .safety), told(pat, .safety)])
        reminders.noteOpened(chart, by: robin, at: Timestamp(milliseconds: 1000))
        #expect(reminders.due(now: minute) == [told(pat, .safety)])
        // Another chart is another matter; so is what comes about after it was opened.
        reminders.note([matter(.safety, robin, other)], in: other)
        #expect(reminders.due(now: minute + 1) == [told(robin, .safety)])
        reminders.note([matter(.safety, robin, chart, 2, since: 1001)], in: chart)
        #expect(reminders.due(now: minute + 2) == [told(robin, .safety, 2)])
    }

    @Test func whatIsSettledIsNotToldAndToldAnewWhereItComesAgain() {
        var reminders = reminders(every: 60)
        reminders.note([matter(.dispute, robin, chart)], in: chart)
        #expect(reminders.due(now: 0).count == 1)
        reminders.note([], in: chart)
        #expect(reminders.due(now: 60 * minute).isEmpty)
        reminders.note([matter(.dispute, robin, chart)], in: chart)
        #expect(reminders.due(now: 60 * minute + 1) == [told(robin, .dispute)])
    }

    /// Things of a kind are told of together, and repeat together.
    @Test func aNewOneIsToldWithTheOthersOfItsKind() {
        var reminders = reminders(every: 60)
        reminders.note([matter(.dispute, robin, chart), matter(.overdue, robin, chart)], in: chart)
        #expect(reminders.due(now: 0) == [told(robin, .dispute), told(robin, .overdue)])
        reminders.note([matter(.dispute, robin, other, 2)], in: other)
        #expect(reminders.due(now: 10 * minute) == [told(robin, .dispute, 2)])
        #expect(reminders.due(now: 60 * minute) == [told(robin, .overdue)])
        #expect(reminders.due(now: 70 * minute) == [told(robin, .dispute, 2)])
    }

    @Test func nobodyIsToldBeforeItIsKnownWhoOpenedWhat() {
        var reminders = Reminders()
        reminders.note([matter(.dispute, robin, chart), matter(.dispute, pat, chart)], in: chart)
        #expect(reminders.due(now: 0).isEmpty && !reminders.isReady)
        reminders.begin(with: [robin: [chart: Timestamp(milliseconds: 1000)]])
        #expect(reminders.due(now: 0) == [told(pat, .dispute)])
    }
}
