import NIOCore
import Replication

/// The requests of one session to storage: answered one at a time, in their order.
///
/// An answer makes the session write. While the peer does not read, the answer is held back and no further request is begun: what can
/// pile up for a peer is the bytes of one answer, whatever credit it has given.
struct StoreQueue {
    /// So many open requests stop the reading of lines that could bring more,
    static let most = 64
    /// and so many bytes of events that wait to be stored: a peer sends faster than a disk takes, and its credit is for the way between them.
    static let mostBytes = 1536 * 1024

    private var waiting = CircularBuffer<StoreRequest>()
    private var waitingBytes = 0
    private var isAsking = false
    private var held: StoreAnswer?

    var hasRoom: Bool { waiting.count < Self.most && waitingBytes < Self.mostBytes }

    mutating func append(_ request: StoreRequest) {
        waiting.append(request)
        waitingBytes += request.eventBytes
    }

    /// The request to hand to storage now.
    mutating func next() -> StoreRequest? {
        guard !isAsking, held == nil, let request = waiting.popFirst() else { return nil }
        isAsking = true
        waitingBytes -= request.eventBytes
        return request
    }

    /// Storage has answered.
    mutating func answered(_ answer: StoreAnswer) {
        isAsking = false
        held = answer
    }

    /// The answer for the session, once more can be written.
    mutating func take(ifWritable isWritable: Bool) -> StoreAnswer? {
        guard isWritable, let answer = held else { return nil }
        held = nil
        return answer
    }
}

extension StoreRequest {
    /// Of the events that are to be stored.
    fileprivate var eventBytes: Int {
        guard case .admit(let batch) = self else { return 0 }
        return batch.runs.reduce(0) { bytes, run in run.events.reduce(bytes) { $0 + $1.byteCount } }
    }
}
