import EventLog
import TestSupport
import Testing

@testable import CareModel

/// The C-SSRS screener: what is asked, what the answers come to, and what is refused.
@Suite struct ScreenerTests {
    private typealias Answers = [String: ScreeningCompleted.Answer]

    /// Answers by the number of the item, with `y` and `n`; others are not answered.
    private static func answers(_ pattern: String) -> Answers {
        var answers: Answers = [:]
        for (item, letter) in zip(ScreeningCompleted.items, pattern) where letter != "-" {
            answers[item.code] = letter == "y" ? .yes : .no
        }
        return answers
    }

    /// The published triage, once more as a table: a model that shares nothing with the code but the codes.
    @Test(arguments: [
        ("nn---n-", "low"), ("yn---n-", "low"), ("nynnnn-", "low"), ("yynnnn-", "low"), ("yyynnn-", "moderate"),
        ("nn---yn", "moderate"), ("yynnnyn", "moderate"), ("yyynnyn", "moderate"), ("yynynn-", "high"), ("yynnyn-", "high"),
        ("yyyyyyy", "high"), ("nn---yy", "high"), ("yynnnyy", "high"), ("------y", "high"), ("-------", "low"),
    ])
    func theAnswersComeToThePublishedLevel(_ pattern: String, _ level: String) throws {
        let answers = Self.answers(pattern)
        #expect(ScreeningCompleted.level(of: answers).level.rawValue == level)
        for stated in ScreeningCompleted.Level.allCases {
            let body = try screening(answers, stated)
            if stated.rawValue == level || (level == "low" || stated == .high) {
                try body.check()
            } else {
                #expect(throws: ContentError.self) { try body.check() }
            }
        }
    }

    private func screening(_ answers: Answers, _ level: ScreeningCompleted.Level) throws -> ScreeningCompleted {
        ScreeningCompleted(instrument: .cssrs, answers: answers, level: level, note: nil)
    }

    @Test func aLevelBelowTheAnswersIsRefusedWithTheItems() throws {
        do {
            try screening(Self.answers("yyynnn-"), .low).check()
            Issue.record("it was taken")
        } catch {
            #expect(
                "\(error)"
                    == "level: low is below what the answers come to: moderate, since yes was answered to a method in mind (93248-3)"
            )
        }
    }

    @Test func itemsThatDoNotFollowAreNotAsked() {
        func asked(_ pattern: String) -> [Int] {
            let answers = Self.answers(pattern)
            return ScreeningCompleted.items.enumerated().filter { ScreeningCompleted.asks($0.element.code, after: answers) }
                .map { $0.offset + 1 }
        }
        #expect(asked("nn") == [1, 2, 6] && asked("yn") == [1, 2, 6] && asked("ny") == [1, 2, 3, 4, 5, 6])
        #expect(asked("nn---y") == [1, 2, 6, 7] && asked("yyyyyy") == [1, 2, 3, 4, 5, 6, 7])
    }

    /// Of veterans who died by suicide, 71.6 % had answered "not at all" to item 9 of the PHQ-9 (doi 10.1176/appi.ps.201500149): no answer says that
    /// there is no risk.
    @Test func onlyNoReadsAsNoItemAnsweredYes() throws {
        #expect(try screening(Self.answers("nn---n-"), .low).summary == "C-SSRS: no item answered yes, level low")
        #expect(try screening(Self.answers("yn---n-"), .low).summary == "C-SSRS: low")
        #expect(try screening([:], .high).summary == "C-SSRS: high")
    }

    @Test func theLoincCodesAreThoseOfTheInstruments() {
        #expect(
            ScreeningCompleted.items.map(\.code) == [
                "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
            ])
        #expect(ScaleCompleted.Instrument.phq9.items.count == 9 && ScaleCompleted.Instrument.gad7.items.count == 7)
        #expect(ScaleCompleted.Instrument.phq9.items.last?.code == "44260-8")
    }
}
