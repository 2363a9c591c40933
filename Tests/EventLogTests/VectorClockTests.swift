import EventLog
import TestSupport
import Testing

@Suite struct VectorClockTests {
    private static let origins = (1...5).map {
        Origin(node: Writer.key(from: [UInt8](repeating: UInt8($0), count: 32)).node, epoch: 1)
    }

    private func clock(_ random: inout SplitMix64) -> VectorClock {
        VectorClock(Self.origins.map { ($0, Int.random(in: 0...3, using: &random)) })
    }

    @Test func missingIsZero() {
        let (a, b) = (Self.origins[0], Self.origins[1])
        #expect(VectorClock([(a, 1)]).compare(VectorClock([(a, 1), (b, 1)])) == .before)
        #expect(VectorClock([(a, 1), (b, 0)]) == VectorClock([(a, 1)]))
        #expect(VectorClock([(a, 1)])[b] == 0)
        #expect(VectorClock([(a, 1)]).compare(VectorClock([(b, 1)])) == .concurrent)
    }

    @Test func comparingAndMergingAreALattice() {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let (x, y, z) = (clock(&random), clock(&random), clock(&random))
            func merged(_ left: VectorClock, _ right: VectorClock) -> VectorClock {
                var result = left
                result.merge(right)
                return result
            }
            #expect(merged(x, y) == merged(y, x), "seed \(seed)")
            #expect(merged(merged(x, y), z) == merged(x, merged(y, z)), "seed \(seed)")
            #expect(merged(x, x) == x, "seed \(seed)")
            #expect(x.isAtMost(merged(x, y)) && y.isAtMost(merged(x, y)), "seed \(seed)")
            // Entry by entry, by other means.
            let below = Self.origins.allSatisfy { x[$0] <= y[$0] }
            let above = Self.origins.allSatisfy { x[$0] >= y[$0] }
            let expected: VectorClock.Relation = below && above ? .equal : below ? .before : above ? .after : .concurrent
            #expect(x.compare(y) == expected, "seed \(seed)")
        }
    }

    @Test func idsSortLikeTheirText() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let (left, right) = (
                Writer.key(from: random.bytes(32)).node, Writer.key(from: random.bytes(32)).node
            )
            #expect((left < right) == (left.description < right.description))
            #expect(NodeID(left.description) == left)
            let origin = Origin(node: left, epoch: random.next())
            #expect(Origin(origin.description) == origin)
        }
        #expect(NodeID("K7q2mxpa3d9w4rt2") == nil)
        #expect(Origin("0000000000000000.g000000000000") == nil, "a 65th bit")
    }
}
