import CareModel
import EventLog
import TestSupport
import Testing

/// The case as real daemons recorded it. These bytes must be admitted, and mean the same, for ever.
@Suite struct GoldenTests {
    private let events: [Event]

    init() throws { events = try RecordedCase.events() }

    private func admitted() throws -> ChartRecord { try RecordedCase.record() }

    @Test func everyLineIsWrittenAsItWasRead() {
        #expect(events.count == 79)
        for event in events { #expect(event.envelope.line == event.line) }
    }

    @Test func theRecordMeansWhatItAlwaysMeant() throws {
        let fold = Fold(try admitted())
        // Where these bytes change, nodes have to make what they keep of them anew: raise the version with the digest.
        #expect(Projections.version == 3)
        #expect(Projections.digest(fold).description == "MOvkpRxhHqAL4M1ZcXEWW6nduAbEgbB7zS87tdnTOU4")
        #expect(TimelineView(fold).entries.allSatisfy { [.inEffect, .replaced].contains($0.standing) })
        #expect(RegimenView(fold).medications.map { $0.last_agreed?.amount } == ["75 mg"])
    }

    /// A thousand causal orders in four parts, each from its own seed.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func anyCausalOrderGivesTheSame(_ seed: UInt64) throws {
        let record = try admitted()
        let expected = Projections.all.map { Projections.bytes($0.init(Fold(record))) }
        var random = SplitMix64(seed: seed)
        for round in 0..<250 {
            let fold = Fold(try Delivery.random(events, &random))
            #expect(Projections.all.map { Projections.bytes($0.init(fold)) } == expected, "seed \(seed), round \(round)")
        }
    }

    /// What each practice had is what its decisions say: the dispute is found from any prefix that holds both.
    @Test func theDisputeIsThereFromTheMomentBothAreKnown() throws {
        var record = ChartRecord(chart: try #require(events.first).envelope.chart)
        var wasDisputed = false
        for event in events {
            try record.admit(event)
            let disputes = ConflictsView(Fold(record)).disputes
            if let dispute = disputes.first {
                wasDisputed = true
                #expect(Set(dispute.siblings.map(\.value)) == ["100 mg", "50 mg"])
                #expect(dispute.last_agreed == "75 mg")
            }
            if event.envelope.kind == ConflictResolved.kind { #expect(disputes.isEmpty) }
        }
        #expect(wasDisputed)
    }
}
