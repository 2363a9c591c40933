import EventLog
import TestSupport
import Testing

/// What is read of an envelope at fixed places is what the whole of it says.
@Suite struct EnvelopeTextTests {
    private func lines() throws -> [[UInt8]] {
        var chart = try HandmadeChart()
        var events = [chart.genesis]
        // Numbers of one digit and of two, chains that begin behind others, references.
        for number in 0..<24 {
            let event = try chart.draft(
                chart.origin(UInt8(number % 2)), refs: number.isMultiple(of: 5) ? [events[number]] : [])
            try chart.graph.admit(event)
            events.append(event)
        }
        return events.map(\.line)
    }

    @Test func itSaysWhatTheEnvelopeSays() throws {
        for line in try lines() {
            let envelope = try Envelope(line: line)
            #expect(EnvelopeText.chart(of: line) == envelope.chart)
            #expect(EnvelopeText.body(of: line) == envelope.body)
            #expect(EnvelopeText.isGenesis(line) == (envelope.kind == ChartFounding.kind))
            let place = try #require(EnvelopeText.place(of: line))
            #expect(place.dot == envelope.dot)
            #expect(place.prev == envelope.prev)
        }
    }

    /// Lines that are none come from a damaged file, or from a peer.
    @Test func whatIsNoEnvelopeIsNotReadBeyondItsEnd() throws {
        for line in try lines() {
            for count in line.indices {
                let part = Array(line.prefix(count))
                _ = (EnvelopeText.chart(of: part), EnvelopeText.body(of: part), EnvelopeText.isGenesis(part))
                if let place = EnvelopeText.place(of: part) { #expect(place.dot.seq <= Limits.sequence) }
            }
        }
        let long = try #require(try lines().last)
        let text = String(decoding: long, as: UTF8.self).replacing(
            "\"seq\":12,", with: "\"seq\":\(String(repeating: "9", count: 30)),")
        #expect(Array(text.utf8) != long)
        #expect(EnvelopeText.place(of: Array(text.utf8)) == nil)
    }
}
