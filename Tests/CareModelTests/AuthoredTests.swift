import CareModel
import EventLog
import Foundation
import Testing

/// What a request was answered with is stored, and read by later versions: its form stays.
@Suite struct AuthoredTests {
    private let chart = EventHash(of: [1])
    private let event = EventHash(of: [2])
    private let other = EventHash(of: [3])

    private var stored: String {
        let view = View(chart: chart, events: [event]).token
        return #"{"event":"\#(event)","not_seen":["\#(other)"],"seq":7,"view":"\#(view)"}"#
    }

    @Test func anAnswerThatWasStoredIsReadAndWrittenAsItWas() throws {
        let authored = try JSONDecoder().decode(Authored.self, from: Data(stored.utf8))
        #expect(authored.chart == chart && authored.event == event && authored.seq == 7 && authored.not_seen == [other])
        #expect(View(token: authored.view) == View(chart: chart, events: [event]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(authored), as: UTF8.self) == stored)
    }

    @Test func anAnswerWithoutAViewIsNone() {
        let broken = stored.replacing("v1.", with: "v2.")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Authored.self, from: Data(broken.utf8)) }
    }
}
