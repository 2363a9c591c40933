import CareModel
import Crypto
import EventLog
import LogStore
import TestSupport
import Testing

@testable import DuologNode

/// Heads that were checked while their events waited: what was found then counts for that head under those keys, and for nothing else.
@Suite struct HeadsAheadTests {
    private let (left, right): (TestNode, TestNode)
    private let chart: ChartID

    /// The second node holds the chart, and so knows the first one's keys.
    init() async throws {
        (left, right) = (try TestNode(), try TestNode())
        try await left.pair(right)
        try await right.pair(left)
        chart = try await left.openChart(sharedWith: [(right, #""therapy""#)])
        #expect(try await admit(try await rest()) > 0)
    }

    private func rest() async throws -> IncomingRun { try await left.lacking(chart, at: right) }

    /// Hands a run over as a connection does; returns how many events of it were new.
    private func admit(_ run: IncomingRun) async throws -> Int {
        right.log.checkAhead(run.heads)
        return try await right.log.admit([IncomingBatch(runs: [run])], from: left.node).reduce(0) { $0 + $1.newEvents }
    }

    private func altered(_ head: SignedHead, at: Timestamp? = nil, signature: [UInt8]? = nil) -> SignedHead {
        SignedHead(
            chart: head.chart, dot: head.dot, hash: head.hash, at: at ?? head.at, signature: signature ?? head.signature)
    }

    @Test func aHeadThatDoesNotVerifyVouchesForNothing() async throws {
        _ = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let run = try await rest()
        let head = try #require(run.heads.last)
        let event = try #require(try run.events.last?.get())
        var flipped = head.signature
        flipped[0] ^= 1
        let others = [
            altered(head, signature: flipped), altered(head, at: Timestamp(milliseconds: 1)),
            try SignedHead(signing: event, at: head.at, with: right.log.key),
        ]
        for other in others {
            var wrong = run
            wrong.heads = [other]
            #expect(try await admit(wrong) == 0)
        }
        // One that was found valid does not vouch for another.
        right.log.checkAhead([head])
        #expect(try await admit(IncomingRun(chart: chart, events: run.events, heads: [others[0]])) == 0)
        #expect(try await admit(run) == 1)
        #expect(await right.log.verifier.verify(isQuick: false).count == 0)
    }

    /// A head by a key that an event of the run itself replaces: ahead it is found valid, since nobody has read the run.
    @Test func aKeyThatTheRunReplacesVouchesForNothingBehindThat() async throws {
        let old = left.log.key
        let new = try #require(try old.succeeded(by: Curve25519.Signing.PrivateKey(), at: left.clock.now))
        #expect(try await left.log.rotate(to: new) == 1)
        _ = try await left.write(chart, SideEffectReported.kind, Bodies.sideEffect)
        let run = try await rest()
        let event = try #require(try run.events.last?.get())
        var wrong = run
        wrong.heads = [try SignedHead(signing: event, at: left.clock.now, with: old)]
        #expect(try await admit(wrong) == 0)
        #expect(try await admit(run) == run.events.count && run.events.count == 2)
    }
}
