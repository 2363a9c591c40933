import EventLog
import TestSupport
import Testing

/// Signed heads, receipts and notices: for one key, one purpose and exactly these fields.
@Suite struct SignatureTests {
    private let key = Writer.key(from: [UInt8](repeating: 1, count: 32))
    private let stranger = Writer.key(from: [UInt8](repeating: 2, count: 32))
    private let chart = EventHash(of: [1])
    private let hash = EventHash(of: [2])
    private let at = Timestamp(milliseconds: 1_925_000_000_000)
    private let otherHash = EventHash(of: [3])
    private var dot: Dot { Dot(origin: Origin(node: key.node, epoch: 5), seq: 7) }

    /// The same signature over other fields.
    private func head(
        chart: ChartID? = nil, dot: Dot? = nil, hash: EventHash? = nil, at: Timestamp? = nil, signature: [UInt8]
    ) -> SignedHead {
        SignedHead(
            chart: chart ?? self.chart, dot: dot ?? self.dot, hash: hash ?? self.hash, at: at ?? self.at, signature: signature)
    }

    private func headSignature() throws -> [UInt8] {
        try key.sign(
            Array("duolog/head/1\n\(chart)\n\(dot.origin)\n7\n\(hash)\n2031-01-01T02:13:20.000Z\n".utf8))
    }

    /// Every way to change one bit of a signature in one of its bytes.
    private func damaged(_ signature: [UInt8]) -> [[UInt8]] {
        signature.indices.map { index in
            var copy = signature
            copy[index] ^= 1
            return copy
        } + [[], Array(signature.dropLast()), signature + [0]]
    }

    @Test func aReceiptOutlivesTheKeyThatSignedItAndAHeadDoesNot() throws {
        let next = Writer.key(from: [UInt8](repeating: 3, count: 32)).privateKey
        let rotated = try #require(try key.succeeded(by: next, at: at))
        let receipt = try Receipt(signing: key, instance: 1, chart: chart, dot: dot, hash: hash, at: at)
        #expect(receipt.isValid(for: rotated.keys))
        #expect(!head(signature: try headSignature()).isValid(for: rotated.keys))
        let later = try Receipt(signing: rotated, instance: 1, chart: chart, dot: dot, hash: hash, at: at)
        #expect(later.isValid(for: rotated.keys) && !later.isValid(for: key.keys))
    }

    @Test func aHeadIsValidForItsOriginsKeyOnly() throws {
        let signature = try headSignature()
        #expect(head(signature: signature).isValid(for: key.keys))
        #expect(!head(signature: signature).isValid(for: stranger.keys))
        let foreign = Dot(origin: Origin(node: stranger.node, epoch: 5), seq: 7)
        let payload = Array("duolog/head/1\n\(chart)\n\(foreign.origin)\n7\n\(hash)\n\(at)\n".utf8)
        #expect(!head(dot: foreign, signature: try key.sign(payload)).isValid(for: key.keys), "another node's origin")
    }

    @Test func anyChangedFieldBreaksAHead() throws {
        let signature = try headSignature()
        #expect(!head(chart: otherHash, signature: signature).isValid(for: key.keys))
        #expect(!head(hash: otherHash, signature: signature).isValid(for: key.keys))
        #expect(!head(at: at.advanced(byMilliseconds: 1), signature: signature).isValid(for: key.keys))
        for changed in [Dot(origin: dot.origin, seq: 8), Dot(origin: Origin(node: key.node, epoch: 6), seq: 7)] {
            #expect(!head(dot: changed, signature: signature).isValid(for: key.keys))
        }
        for bad in damaged(signature) { #expect(!head(signature: bad).isValid(for: key.keys)) }
    }

    @Test func aHeadSignsTheEventItIsGiven() throws {
        let made = try HandmadeChart()
        let head = try SignedHead(signing: made.genesis, at: at, with: made.founder)
        #expect(head.isValid(for: made.founder.keys))
        #expect((head.chart, head.dot, head.hash) == (made.chart, made.genesis.envelope.dot, made.genesis.hash))
        #expect(!(try SignedHead(signing: made.genesis, at: at, with: stranger)).isValid(for: stranger.keys))
    }

    @Test func anyChangedFieldBreaksAReceipt() throws {
        let receipt = try Receipt(signing: key, instance: 9, chart: chart, dot: dot, hash: hash, at: at)
        func changed(
            receiver: NodeID? = nil, instance: UInt64? = nil, chart: ChartID? = nil, dot: Dot? = nil, hash: EventHash? = nil,
            at: Timestamp? = nil, signature: [UInt8]? = nil
        ) -> Receipt {
            Receipt(
                receiver: receiver ?? receipt.receiver, instance: instance ?? receipt.instance, chart: chart ?? receipt.chart,
                dot: dot ?? receipt.dot, hash: hash ?? receipt.hash, at: at ?? receipt.at,
                signature: signature ?? receipt.signature)
        }
        #expect(changed().isValid(for: key.keys))
        #expect(!changed().isValid(for: stranger.keys))
        let forgeries = [
            changed(receiver: stranger.node), changed(instance: 10), changed(chart: otherHash),
            changed(dot: Dot(origin: dot.origin, seq: 8)), changed(hash: otherHash),
            changed(at: at.advanced(byMilliseconds: 1)),
        ]
        for forged in forgeries + damaged(receipt.signature).map({ changed(signature: $0) }) {
            #expect(!forged.isValid(for: key.keys))
            #expect(!forged.isValid(for: stranger.keys))
        }
    }

    @Test func anyChangedFieldBreaksANotice() throws {
        let removed = stranger.node
        let notice = try RemovalNotice(signing: key, chart: chart, removed: removed, removal: hash, at: at)
        #expect(notice.isValid(for: key.keys.all))
        #expect(!notice.isValid(for: stranger.keys.all))
        func changed(_ chart: ChartID, _ node: NodeID, _ removal: EventHash, _ time: Timestamp) -> Bool {
            RemovalNotice(chart: chart, removed: node, removal: removal, at: time, signature: notice.signature)
                .isValid(for: key.keys.all)
        }
        #expect(changed(chart, removed, hash, at))
        #expect(!changed(otherHash, removed, hash, at))
        #expect(!changed(chart, key.node, hash, at))
        #expect(!changed(chart, removed, otherHash, at))
        #expect(!changed(chart, removed, hash, at.advanced(byMilliseconds: 1)))
    }

    /// A receipt's fields under the domain of a head, and the other way round.
    @Test func noSignatureCanBePassedOffAsAnotherKind() throws {
        let fields = "\(key.node)\n9\n\(chart)\n\(dot.origin)\n7\n\(hash)\n\(at)\n"
        func receipt(_ domain: String) throws -> Receipt {
            Receipt(
                receiver: key.node, instance: 9, chart: chart, dot: dot, hash: hash, at: at,
                signature: try key.sign(Array((domain + fields).utf8)))
        }
        #expect(try receipt("duolog/receipt/1\n").isValid(for: key.keys))
        for domain in ["duolog/head/1\n", "duolog/removed/1\n", "duolog/receipt/2\n", ""] {
            #expect(!(try receipt(domain).isValid(for: key.keys)), "\(domain)")
        }
        #expect(SignatureDomain.head.payload(["a", "b"]) == Array("duolog/head/1\na\nb\n".utf8))
    }
}
