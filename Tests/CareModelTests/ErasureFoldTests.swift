import CareModel
import EventLog
import TestSupport
import Testing

/// An erasure against a correction that did not know of it: erased, in whatever order the two arrive.
@Suite struct ErasureFoldTests {
    @Test(arguments: [true, false]) func erasedWinsOverAmended(_ erasureFirst: Bool) throws {
        var practices = try Practices([("therapist", [.therapy], .lcsw), ("reader", [.read], .other)])
        let session = try practices.writers[1].write(SessionHeld.kind, Bodies.session)
        try practices.meet()
        let amendment = try practices.writers[1].write(
            RecordAmended.kind, #"{"fields":{"minutes":55},"reason":"typed wrongly"}"#, refs: [session.hash])
        let erasure = try practices.writers[0].write(
            EventErased.kind, #"{"authority":"asked for by the fictional patient"}"#, refs: [session.hash])
        var reader = practices.writers[2]
        for event in erasureFirst ? [erasure, amendment] : [amendment, erasure] { try reader.receive(event) }
        #expect(Set(reader.record.erasedEvents.map(\.event)) == [session.hash, amendment.hash])
        let entry = try #require(TimelineView(Fold(reader.record)).entries.first { $0.label.event == session.hash })
        #expect(entry.summary == "[erased]" && entry.corrections.map(\.summary) == ["[erased]"])
        // Nobody can bring a body back by sending the event again.
        try reader.receive(session)
        #expect(TimelineView(Fold(reader.record)).entries.first { $0.label.event == session.hash }?.summary == "[erased]")
        try practices.meet()
        #expect(Projections.digest(Fold(reader.record)) == Projections.digest(Fold(practices.writers[0].record)))
    }
}
