import NIOCore
import Replication

/// The requests of one session to storage: answered in their order, one at a time, save that batches which wait behind each other are stored
/// together. A commit for each would wait for the disk each time, and storage for the next one to be handed to it.
///
/// An answer makes the session write. While the peer does not read, the answer is held back and no further request is begun: what can
/// pile up for a peer is the bytes of one answer, whatever credit it has given.
struct StoreQueue {
    /// So many open requests stop the reading of lines that could bring more,
    static let most = 64
    /// and so many bytes of events that wait to be stored: a peer sends faster than a disk takes, and its credit is for the way between them.
    static let mostBytes = 768 * 1024

    private var waiting = CircularBuffer<StoreRequest>()
    private var waitingBytes = 0
    private var isAsking = false
    private var held = CircularBuffer<StoreAnswer>()

    var hasRoom: Bool { waiting.count < Self.most && waitingBytes < Self.mostBytes }

    mutating func append(_ request: StoreRequest) {
        waiting.append(request)
        if case .admit(let batch) = request { waitingBytes += batch.eventBytes }
    }

    /// What storage is handed at once.
    enum Turn: Equatable {
        case request(StoreRequest)
        case batches([StoreRequest.Batch])
    }

    /// What to hand to storage now; nil where nothing waits, or the last is not answered.
    mutating func next() -> Turn? {
        guard !isAsking, held.isEmpty, let first = waiting.popFirst() else { return nil }
        isAsking = true
        guard case .admit(let batch) = first else { return .request(first) }
        var batches = [batch]
        while case .admit(let batch)? = waiting.first {
            batches.append(batch)
            waiting.removeFirst()
        }
        waitingBytes -= batches.reduce(0) { $0 + $1.eventBytes }
        return .batches(batches)
    }

    /// Storage has answered what it was handed.
    mutating func answered(_ answers: [StoreAnswer]) {
        isAsking = false
        held.append(contentsOf: answers)
    }

    /// The answer for the session, once more can be written.
    mutating func take(ifWritable isWritable: Bool) -> StoreAnswer? {
        isWritable ? held.popFirst() : nil
    }
}

extension StoreRequest.Batch {
    /// Of the events that are to be stored.
    fileprivate var eventBytes: Int {
        runs.reduce(0) { bytes, run in run.events.reduce(bytes) { $0 + $1.byteCount } }
    }
}
