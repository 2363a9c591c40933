import CareModel
import EventLog
import Testing

/// What the journal says of who has sent and was sent what.
@Suite struct DisclosuresTests {
    private let me: NodeID
    private let peer: NodeID
    private let third: NodeID
    private let one = ChartID(of: [4])
    private let other = ChartID(of: [5])

    init() throws {
        func node(_ letter: Character) throws -> NodeID {
            try #require(NodeID(String(repeating: letter, count: NodeID.textCount)))
        }
        (me, peer, third) = (try node("a"), try node("b"), try node("c"))
    }

    /// What a commit brings from one peer is sent to the others, not back; by another consent, it is another entry.
    @Test func whatAPeerSentIsNotSentBackToIt() throws {
        let (own, theirs) = (Origin(node: me, epoch: 1), Origin(node: peer, epoch: 2))
        let consents = [EventHash(of: [1]), EventHash(of: [2])]
        var found = Disclosures()
        for seq in 1...2 {
            found.add(DisclosureRecorded.Range(origin: theirs, from: seq, to: seq), of: one, from: peer)
            found.add(DisclosureRecorded.Range(origin: own, from: seq, to: seq), of: one, from: nil)
            found.add(DisclosureRecorded.Range(origin: own, from: seq, to: seq), of: other, from: nil)
            let accounts = [(peer, consents[0]), (third, consents[seq - 1])].map {
                ArrivalChain.Account(peer: $0, chart: one, consent: $1)
            }
            found.close(accounts, at: Timestamp(milliseconds: seq))
        }
        let sent = found.entries.compactMap { $0.0 as? DisclosureRecorded }
        #expect(sent.map(\.peer) == [peer, third, third])
        #expect(sent.map(\.events) == [2, 2, 2] && sent.map(\.consent) == [consents[0], consents[0], consents[1]])
        #expect(sent[0].ranges == [.init(origin: own, from: 1, to: 2)])
        #expect(sent[2].ranges == [.init(origin: theirs, from: 2, to: 2), .init(origin: own, from: 2, to: 2)])
        let received = found.entries.compactMap { $0.0 as? DisclosureReceived }
        #expect(received.map(\.peer) == [peer] && received[0].ranges == [.init(origin: theirs, from: 1, to: 2)])
        #expect(found.entries.map(\.1.milliseconds) == [2, 2, 1, 2])
    }
}
