import EventLog
import TestSupport
import Testing

@testable import CareModel

/// What is not acceptable is refused with words that a clinician understands: which member, and what is wrong with it.
@Suite struct ContentMessageTests {
    private func message(_ kind: Kind, _ members: String, when: String = "2031-04-14T14:00:00-05:00") throws -> String {
        do {
            let canonical = try Members.canonical(Array(members.utf8), as: kind)
            let body = try BodyLine(
                salt: [UInt8](repeating: 0, count: 16), when: try #require(ClinicalTime(when)), members: canonical)
            _ = try (try #require(Catalogue.kind(kind))).read(body)
            return "taken"
        } catch {
            return "\(error)"
        }
    }

    @Test func eachSaysWhatIsWrong() throws {
        let scale = try message("scale.completed", #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,0],"total":9}"#)
        #expect(scale == "total: 9 is not the sum of the items, which is 8")
        let prescribed = Bodies.prescribed()
        #expect(try message("medication.prescribed", prescribed) == "taken")
        func dose(_ text: String) throws -> String {
            try message("medication.prescribed", prescribed.replacing(#"{"unit":"mg","value":"50"}"#, with: text))
        }
        #expect(try dose(#"{"value":"50"}"#) == "dose: needs a UCUM unit such as mg")
        #expect(try dose(#"{"unit":"mg","value":50}"#) == "dose.value: must be text, in quotation marks")
        #expect(try dose(#"{"unit":"","value":"50"}"#) == "dose: needs a UCUM unit such as mg")
        #expect(try dose(#"{"unit":"mg","value":"-50"}"#) == "dose: must be more than zero, not -50")
        #expect(try dose(#"{"unit":"mg","value":"fifty"}"#) == "dose: 'fifty' is not a plain decimal number such as 37.5")
        let year = try message("medication.prescribed", prescribed.replacing("2031-01-01", with: "20260-01-01"))
        #expect(year == "effective_from: '20260-01-01' is not a day; days are written YYYY-MM-DD, such as 2031-04-14")
        let early = try message("medication.prescribed", prescribed.replacing("2031-01-01", with: "0226-01-01"))
        #expect(early == "effective_from: the year must lie between 1900 and 2199")
        let items = try message("scale.completed", #"{"instrument":"PHQ-9","items":8,"total":8}"#)
        #expect(items == "items: must be a list")
        let total = try message("scale.completed", #"{"instrument":"PHQ-9","items":[1,1,1,1,1,1,1,1,0],"total":"8"}"#)
        #expect(total == "total: must be a whole number, without quotation marks")
        let followup = try message("followup.held", #"{"mode":"phone","due":"2031-04-01"}"#)
        #expect(followup == "due: 2031-04-01 lies before the contact on 2031-04-14")
        #expect(try message("followup.planned", #"{"mode":"phone","due":"2031-04-14"}"#) == "taken")
        #expect(
            try message("therapy.planned", #"{"goals":[],"focus":["trauma"],"duration":"short-term"}"#)
                == "goals: at least one goal is needed")
        #expect(
            try message("session.held", #"{"minutes":50,"modality":"CBT","start":"2031-01-13T10:00:00-05:00","mood":"low"}"#)
                .contains("mood"))
    }
}
