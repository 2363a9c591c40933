import EventLog
import Logging
import PeerNetwork
import Replication
import Testing

@Suite("Two nodes exchange events", .timeLimit(.minutes(10)))
struct ExchangeTests {
    /// Two nodes, paired; the first dials.
    private func pair(_ watch: Watch, prepare: (TestNode, TestNode) -> Void = { _, _ in }) async throws -> (TestNode, TestNode) {
        let (one, two) = (try await TestNode(watch), try await TestNode(watch))
        prepare(one, two)
        await two.network.setPeers([one.asPeer(dialed: false)])
        await one.network.setPeers([two.asPeer(dialed: true)])
        return (one, two)
    }

    @Test func bothGetWhatTheOtherHas() async throws {
        let (one, two) = try await pair(Watch()) { one, two in
            one.store.append(500, to: chart("a"), by: one.origin)
            two.store.append(300, to: chart("a"), by: two.origin)
            two.store.append(20, to: chart("b"), by: two.origin)
        }
        await one.untilHolding(820)
        await two.untilHolding(820)
        #expect(one.store.envelopes == two.store.envelopes)
        await one.watch.until { await one.network.status()[two.id]?.isInStep == true }
        let status = try #require(await one.network.status()[two.id])
        #expect(status.direction == .dialed)
        #expect(status.words == "connected, in step")
        #expect(await two.network.status()[one.id]?.direction == .accepted)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func newEventsArePushedBothWays() async throws {
        let (one, two) = try await pair(Watch())
        await one.untilConnected(to: two)
        await two.untilConnected(to: one)
        for round in 1...20 {
            one.store.append(1, to: chart("a"), by: one.origin)
            await two.untilHolding(2 * round - 1)
            two.store.append(1, to: chart("a"), by: two.origin)
            await one.untilHolding(2 * round)
        }
        #expect(one.store.envelopes == two.store.envelopes)
        await one.network.stop()
        await two.network.stop()
    }

    /// What was made ready while it was on its way to the disk is sent without being read again, unless it is not the last there is. (What the peer
    /// says in between spoils a round, too.)
    @Test(arguments: [true, false]) func whatIsMadeReadyIsSentOnceItIsDurable(isLast: Bool) async throws {
        let (one, two) = try await pair(Watch()) { one, _ in one.store.append(3, to: chart("a"), by: one.origin) }
        await two.untilHolding(3)
        let eventBytes = one.store.bytesRead(by: two.id) / 3
        var unread = 0
        for round in 1...20 {
            let before = one.store.bytesRead(by: two.id)
            let (offer, commit) = one.store.begin(appending: chart("a"), by: one.origin)
            one.network.prepare(offer, for: two.id)
            commit(isLast)
            await two.untilHolding(2 + 2 * round)
            let between = one.store.bytesRead(by: two.id)
            if between == before { unread += 1 }
            // And it goes on from there: what was sent is not read again.
            one.store.append(1, to: chart("a"), by: one.origin)
            await two.untilHolding(3 + 2 * round)
            #expect(one.store.bytesRead(by: two.id) - between < 2 * eventBytes)
        }
        #expect(one.store.envelopes == two.store.envelopes)
        #expect((unread > 0) == isLast)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func aWakeUpBetweenRegisteringAndTheSessionIsNotLost() async throws {
        let watch = Watch()
        let gate = Gate()
        let one = try await TestNode(watch, gate: gate)
        let two = try await TestNode(watch)
        await two.network.setPeers([one.asPeer(dialed: false)])
        await one.network.setPeers([two.asPeer(dialed: true)])
        // The offer is read, but the session has not begun: what is written now is not in that offer.
        await watch.until { watch.contains(.trace, "the offer is read") }
        one.store.append(1, to: chart("a"), by: one.origin)
        one.network.offerChanged(one.store.offer(among: [chart("a")]), to: two.id)
        gate.open()
        await two.untilHolding(1)
        await one.network.stop()
        await two.network.stop()
    }

    @Test func manyEventsOfManyChartsAllArrive() async throws {
        let (one, two) = try await pair(Watch()) { one, _ in
            for name in 0..<20 { one.store.append(1_000, to: chart("\(name)"), by: one.origin, bodyBytes: 200) }
        }
        await two.untilHolding(20_000)
        #expect(one.store.envelopes == two.store.envelopes)
        await one.network.stop()
        await two.network.stop()
    }
}
