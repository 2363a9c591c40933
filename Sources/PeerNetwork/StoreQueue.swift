import NIOCore
import Replication

/// The requests of one session to storage: answered in their order, one at a time, save that batches which wait behind each other are stored
/// together, beside the few requests in front of them. A commit for each would wait for the disk each time, and storage for the next one to
/// be handed to it.
///
/// An answer makes the session write. While the peer does not read, answers are held back and no further request is begun: what can
/// pile up for a peer is the bytes of a few answers, whatever credit it has given.
///
/// While it reads, the next batches are handed to storage before the session is told what became of the last: it writes a receipt for each chart, and
/// storage would wait for that. Once no more may wait, they are handed over even before the last are stored: storage goes on without a word from here.
struct StoreQueue {
    /// So many open requests stop the reading of lines that could bring more,
    static let most = 64
    /// and so many bytes of events that wait to be stored: a peer sends faster than a disk takes, and its credit is for the way between them.
    static let mostBytes = 768 * 1024

    /// So many requests, at most, are answered while batches behind them are stored.
    private static let mostBefore = 4

    private var waiting = CircularBuffer<StoreRequest>()
    private var waitingBytes = 0
    /// Turns that storage has been handed, and not answered: two at most, of which the second is of batches only.
    private var underWay = 0
    private var held = CircularBuffer<StoreAnswer>()
    /// What is to be read for the peer, beside all that. The session asks for one thing at a time.
    private var read: StoreRequest?

    var hasRoom: Bool { waiting.count < Self.most && waitingBytes < Self.mostBytes }

    mutating func append(_ request: StoreRequest) {
        if case .read = request { return read = request }
        waiting.append(request)
        if case .admit(let batch) = request { waitingBytes += batch.eventBytes }
    }

    /// What storage is handed at once: requests to answer one after another, and batches that were asked for behind them, to be stored
    /// meanwhile.
    struct Turn: Equatable {
        var requests: [StoreRequest] = []
        var batches: [StoreRequest.Batch] = []
    }

    /// What to read now, whatever else is under way.
    mutating func nextRead() -> StoreRequest? { held.isEmpty ? read.take() : nil }

    /// Storage has read it.
    mutating func answeredRead(_ answer: StoreAnswer) { held.append(answer) }

    /// What to hand to storage now; nil where nothing waits, or the last is not answered.
    mutating func next() -> Turn? {
        guard held.isEmpty, underWay == 0 else { return nil }
        return takeTurn()
    }

    /// The same although answers have not been taken yet, where batches are next; for a peer that reads.
    mutating func nextBatches() -> Turn? {
        guard waiting.first?.isAdmission == true, underWay == 0 || underWay == 1 && !hasRoom else { return nil }
        return takeTurn()
    }

    private mutating func takeTurn() -> Turn? {
        guard !waiting.isEmpty else { return nil }
        underWay += 1
        var turn = Turn()
        // A commit need not wait until each request in front of it went to storage and back. Without one they go one at a time.
        let before = waiting.prefix(Self.mostBefore + 1).prefix { !$0.isAdmission }.count
        let isFollowed = before <= Self.mostBefore && before < waiting.count
        for _ in 0..<(isFollowed ? before : 1) { turn.requests.append(waiting.removeFirst()) }
        var bytes = 0
        while bytes < Self.mostBytes, case .admit(let batch)? = waiting.first {
            turn.batches.append(batch)
            bytes += batch.eventBytes
            waiting.removeFirst()
        }
        waitingBytes -= bytes
        return turn
    }

    /// Storage has answered what it was handed.
    mutating func answered(_ answers: [StoreAnswer]) {
        underWay -= 1
        held.append(contentsOf: answers)
    }

    /// The answer for the session, once more can be written.
    mutating func take(ifWritable isWritable: Bool) -> StoreAnswer? {
        isWritable ? held.popFirst() : nil
    }
}

extension StoreRequest {
    fileprivate var isAdmission: Bool { if case .admit = self { true } else { false } }
}
