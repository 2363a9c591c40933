import EventLog
import TestSupport
import Testing

/// Clocks held against plain dictionaries, over random clocks.
@Suite struct ClockModelTests {
    private typealias Model = [Origin: Int]
    private static let seeds = 1...200 as ClosedRange<UInt64>
    private static let origins = (1...6 as ClosedRange<UInt8>).flatMap { number in
        let node = Writer.key(from: [UInt8](repeating: number, count: 32)).node
        return [Origin(node: node, epoch: 1), Origin(node: node, epoch: .max)]
    }

    private func model(_ random: inout SplitMix64) -> Model {
        var model: Model = [:]
        for origin in Self.origins where random.oneIn(2) { model[origin] = Int.random(in: 1...3, using: &random) }
        return model
    }

    private func clock(_ model: Model) -> VectorClock { VectorClock(model.map { ($0.key, $0.value) }) }

    private func isAtMost(_ left: Model, _ right: Model) -> Bool { left.allSatisfy { $0.value <= right[$0.key] ?? 0 } }

    @Test(arguments: seeds)
    func aClockIsADictionaryInWhichMissingIsZero(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let model = model(&random)
        let clock = clock(model)
        #expect(clock.entries.map(\.origin) == model.keys.sorted())
        #expect(clock.sum == model.values.reduce(0, +))
        #expect(clock.isEmpty == model.isEmpty)
        for origin in Self.origins {
            #expect(clock[origin] == model[origin] ?? 0)
            for seq in 1...4 { #expect(clock.covers(Dot(origin: origin, seq: seq)) == (seq <= model[origin] ?? 0)) }
        }
    }

    @Test(arguments: seeds)
    func mergingTakesTheHigherOfEach(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let (left, right, third) = (model(&random), model(&random), model(&random))
        var merged = clock(left)
        merged.merge(clock(right))
        #expect(merged == clock(left.merging(right) { max($0, $1) }))
        // The least of all that are above both.
        let above = left.merging(right) { max($0, $1) }.merging(third) { max($0, $1) }
        #expect(merged.isAtMost(clock(above)))
        #expect(clock(left).isAtMost(merged) && clock(right).isAtMost(merged))
    }

    @Test(arguments: seeds)
    func comparingIsEntryByEntry(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        // Small steps from one clock, so that all four relations come about.
        let base = model(&random)
        var (left, right) = (base, base)
        for _ in 0..<2 {
            if random.oneIn(2) { left[try #require(Self.origins.randomElement(using: &random)), default: 0] += 1 }
            if random.oneIn(2) { right[try #require(Self.origins.randomElement(using: &random)), default: 0] += 1 }
        }
        let expected: VectorClock.Relation =
            switch (isAtMost(left, right), isAtMost(right, left)) {
            case (true, true): .equal
            case (true, false): .before
            case (false, true): .after
            case (false, false): .concurrent
            }
        #expect(clock(left).compare(clock(right)) == expected)
        #expect((clock(left) == clock(right)) == (expected == .equal))
    }

    @Test(arguments: seeds)
    func advancingNeverLowers(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var (clock, model) = (VectorClock(), Model())
        for _ in 0..<30 {
            let origin = try #require(Self.origins.randomElement(using: &random))
            let seq = Int.random(in: -1...5, using: &random)
            clock.advance(origin, to: seq)
            if seq > 0 { model[origin] = max(model[origin] ?? 0, seq) }
        }
        #expect(clock == self.clock(model))
        #expect(clock.entries.allSatisfy { $0.seq > 0 })
    }
}
