import Dispatch
import EventLog
import Synchronization

/// The heads that one commit signs: one for each chart that it wrote to.
enum HeadSigning {
    /// So many are signed where they are needed; for more, all cores are asked.
    private static let few = 4

    /// Signs a head for each of the events, in their order.
    static func sign(_ events: [Event], at time: Timestamp, with key: NodeKey) throws -> [SignedHead] {
        guard events.count > few else {
            return try events.map { try SignedHead(signing: $0, at: time, with: key) }
        }
        let signed = Mutex([Result<SignedHead, any Error>?](repeating: nil, count: events.count))
        DispatchQueue.concurrentPerform(iterations: events.count) { index in
            let head = Result { try SignedHead(signing: events[index], at: time, with: key) }
            signed.withLock { $0[index] = head }
        }
        return try signed.withLock { $0 }.compactMap { try $0?.get() }
    }
}
