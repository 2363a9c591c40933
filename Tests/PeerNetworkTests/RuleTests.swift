import Crypto
import EventLog
import NIOCore
import NIOSSL
import Replication
import Testing

@testable import PeerNetwork

@Suite("Rules of the network")
struct RuleTests {
    @Test func backoffDoublesUpToThirtySeconds() {
        var backoff = Backoff()
        #expect(
            (0..<10).map { _ in backoff.next(random: 0) } == [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
        #expect(backoff.next(random: 1) == 22_500)
        backoff.reset()
        #expect(backoff.next(random: 0.5) == 175)
    }

    @Test func bothSidesAgreeOnADuplicate() {
        // Each side sees the two connections in either order; what the smaller node dialed is left.
        for isSmaller in [true, false] {
            let preferred = isSmaller
            #expect(
                Duplicates.replaces(newIsDialed: preferred, oldIsDialed: !preferred, dialsCount: isSmaller, oldAge: .zero))
            #expect(
                !Duplicates.replaces(newIsDialed: !preferred, oldIsDialed: preferred, dialsCount: isSmaller, oldAge: .zero))
        }
        for direction in [true, false] {
            #expect(Duplicates.replaces(newIsDialed: direction, oldIsDialed: direction, dialsCount: true, oldAge: nil))
        }
        // A peer that dials long after both had begun to talk has lost the older one.
        #expect(Duplicates.replaces(newIsDialed: false, oldIsDialed: true, dialsCount: true, oldAge: .seconds(31)))
    }

    @Test func storageIsAskedOneThingAtATime() {
        var queue = StoreQueue()
        queue.append(.completedRoot)
        queue.append(.completedBuckets)
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedRoot]))
        #expect(queue.next() == nil)
        queue.answered([.noted])
        #expect(queue.take(ifWritable: false) == nil)
        #expect(queue.next() == nil, "an answer that is held back holds back the next request")
        #expect(queue.take(ifWritable: true) == .noted)
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedBuckets]))
        for _ in 0..<StoreQueue.most { queue.append(.completedRoot) }
        #expect(!queue.hasRoom)
    }

    /// What was recorded here a moment ago does not wait for what the peer has sent.
    @Test func aReadWaitsForNothingElse() {
        var queue = StoreQueue()
        let read = StoreRequest.read(StoreRequest.ReadRequest(charts: [], maxEvents: 1, maxBytes: 1))
        queue.append(.admit(batch("a")))
        #expect(queue.next() == StoreQueue.Turn(batches: [batch("a")]))
        for request in [.completedRoot, read] as [StoreRequest] { queue.append(request) }
        #expect(queue.nextRead() == read)
        #expect(queue.nextRead() == nil, "it is being read")
        queue.answeredRead(.read([]))
        queue.append(read)
        #expect(queue.nextRead() == nil, "an answer that is held back holds back the next read")
        #expect(queue.take(ifWritable: true) == .read([]))
        #expect(queue.nextRead() == read)
        #expect(queue.next() == nil, "the batch is being stored")
        queue.answered([.noted])
        #expect(queue.take(ifWritable: true) == .noted)
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedRoot]), "while something is being read")
    }

    /// What waits to be stored is held to a few batches, whatever credit the peer has.
    @Test func eventsThatWaitToBeStoredStopTheReading() {
        var queue = StoreQueue()
        let lines = EventLines(envelope: [UInt8](repeating: 0, count: 200_000), body: [UInt8](repeating: 0, count: 50_000))
        let run = ChartRun(chart: chart("a"), events: [lines, lines], heads: [])
        let batch = StoreRequest.Batch(runs: [run], completes: nil)
        queue.append(.admit(batch))
        #expect(queue.hasRoom)
        queue.append(.admit(batch))
        #expect(!queue.hasRoom)
        #expect(queue.next() == StoreQueue.Turn(batches: [batch, batch]))
        #expect(queue.hasRoom, "what is being stored waits no more")
        queue.append(.admit(batch))
        #expect(queue.nextBatches() == nil, "there is room for more, which can be stored with it")
        queue.append(.admit(batch))
        #expect(!queue.hasRoom)
        #expect(queue.nextBatches() == StoreQueue.Turn(batches: [batch, batch]), "once there is none, it is handed over")
        for _ in 0..<2 { queue.append(.admit(batch)) }
        #expect(queue.nextBatches() == nil, "and no third beside it")
        #expect(!queue.hasRoom)
    }

    /// Batches behind each other are stored together, up to whatever else stands between them; each has its answer, in their order.
    @Test func batchesThatWaitAreStoredTogether() {
        var queue = StoreQueue()
        let (first, second, third) = (batch("a"), batch("b"), batch("c"))
        for request in [.admit(first), .admit(second), .completedRoot, .admit(third)] as [StoreRequest] { queue.append(request) }
        #expect(queue.next() == StoreQueue.Turn(batches: [first, second]))
        let answers = (1...2).map { StoreAnswer.admitted(StoreAnswer.Admission(refused: [], newEvents: $0)) }
        queue.answered(answers)
        #expect(queue.take(ifWritable: true) == answers[0])
        #expect(queue.take(ifWritable: false) == nil)
        #expect(queue.next() == nil, "one of the answers is held back")
        #expect(queue.take(ifWritable: true) == answers[1])
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedRoot], batches: [third]))
        queue.answered([.completedRoot(nil), answers[0]])
        #expect(queue.take(ifWritable: true) == .completedRoot(nil))
        #expect(queue.take(ifWritable: true) == answers[0])
        #expect(queue.next() == nil)
    }

    /// For a peer that reads, storage need not wait until the session has heard what became of the last batches. A request does.
    @Test func theNextBatchesNeedNotWaitForWhatIsSaidAboutTheLast() {
        var queue = StoreQueue()
        for request in [.admit(batch("a")), .admit(batch("b"))] as [StoreRequest] { queue.append(request) }
        #expect(queue.nextBatches() == StoreQueue.Turn(batches: [batch("a"), batch("b")]))
        for request in [.admit(batch("c")), .completedRoot] as [StoreRequest] { queue.append(request) }
        #expect(queue.nextBatches() == nil, "the last are being stored")
        queue.answered([.noted, .statementsStored])
        #expect(queue.next() == nil)
        #expect(queue.nextBatches() == StoreQueue.Turn(batches: [batch("c")]))
        #expect([queue.take(ifWritable: true), queue.take(ifWritable: true)] == [.noted, .statementsStored])
        queue.answered([.noted])
        #expect(queue.nextBatches() == nil, "a request is next")
        #expect(queue.take(ifWritable: true) == .noted)
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedRoot]))
    }

    /// Each answer may be large, so only a few requests go before batches, and without batches one.
    @Test func aFewRequestsAreAnsweredBesideABatch() {
        var queue = StoreQueue()
        for _ in 0..<5 { queue.append(.completedRoot) }
        queue.append(.admit(batch("a")))
        #expect(queue.next() == StoreQueue.Turn(requests: [.completedRoot]))
        queue.answered([.completedRoot(nil)])
        #expect(queue.take(ifWritable: true) == .completedRoot(nil))
        let four = [StoreRequest](repeating: .completedRoot, count: 4)
        #expect(queue.next() == StoreQueue.Turn(requests: four, batches: [batch("a")]))
    }

    private func batch(_ name: String) -> StoreRequest.Batch {
        StoreRequest.Batch(runs: [ChartRun(chart: chart(name), events: [], heads: [])], completes: nil)
    }

    @Test func theCertificateCarriesTheKeyAndNothingElse() throws {
        let key = try TestNode.newKey()
        let own = try NodeCertificate(key)
        #expect(NodeCertificate.key(of: own.certificate) == key.publicKey)
        #expect(own.certificate.notValidBefore == 1_577_836_800)
        #expect(own.certificate.notValidAfter == 253_370_764_800)
    }

    @Test func addressesAreReadAndWritten() {
        #expect(PeerAddress("example.org:7443") == PeerAddress(host: "example.org", port: 7443))
        #expect(PeerAddress("[::1]:7443")?.description == "[::1]:7443")
        for wrong in ["", "example.org", ":1", "example.org:", "example.org:65536", "example.org:-1"] {
            #expect(PeerAddress(wrong) == nil, "\(wrong)")
        }
    }
}
