import CareModel
import Foundation
import Testing

@testable import RecordPage

/// What was recorded, through its own form and back: a correction that changes nothing changes nothing.
@Suite struct FormFillerTests {
    private static let bodies: [(any EventBody.Type, String)] = [
        (
            SessionHeld.self,
            #"{"start":"2026-01-12T10:00:30-05:00","minutes":50,"modality":"CBT","participants":["a partner","a friend"]}"#
        ),
        (ScaleCompleted.self, #"{"instrument":"GAD-7","items":[0,1,2,3,0,1,2],"total":9,"mode":"paper"}"#),
        (
            SymptomObserved.self,
            #"{"code":{"system":"http://elsewhere.example","code":"x","display":"sleep"},"value":{"value":"5.5","unit":"h"}}"#
        ),
        (GoalSet.self, #"{"text":"two\nlines ","due":"2026-06-01"}"#),
        (SideEffectReported.self, #"{"what":"palpitations","severity":"moderate"}"#),
    ]

    @Test func whatIsNotTouchedIsNotCorrected() throws {
        for (type, body) in Self.bodies {
            let was = try JSONDecoder().decode([String: JSONValue].self, from: Data(body.utf8))
            var form = FormFiller(type, was, offset: "+00:00").form
            form["looked"] = "yes"
            let reader = RecordReader.read(type, form)
            #expect(reader.problems == [:], "\(type.kind)")
            #expect(reader.changes(from: was, of: type) == [:], "\(type.kind)")
        }
    }

    @Test func whatIsTouchedIsCorrectedAndWhatIsEmptiedIsTakenAway() throws {
        let (type, body) = Self.bodies[0]
        let was = try JSONDecoder().decode([String: JSONValue].self, from: Data(body.utf8))
        var form = FormFiller(type, was, offset: "+00:00").form
        form["minutes"] = "25"
        form["participants"] = ""
        let changes = RecordReader.read(type, form).changes(from: was, of: type)
        #expect(changes == ["minutes": .int(25), "participants": .null])
    }
}
